"""Names with wildcards and policy variables, matched as IAM matches them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from mfinfra.evaluate.requests import Request, UnjudgedError

# `${key}`, `${key, 'what stands in if the request has no such key'}`, and `${*}`, `${?}`, `${$}` for the character
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
_VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_OPENING = "${"
_LITERALS = frozenset("*?$")
_WILDCARD = re.compile(r"([*?])")
_WILDCARDS = {"*": "*", "?": ""}
"""Each with how often it may stand for a character, in the words of a regular expression."""
_ARN = "arn:"
_ARN_FIELDS = 6

Piece = tuple[str, bool]
"""Text, and whether a wildcard in it is one."""


class UnfilledError(Exception):
    """The request has no value for a variable: what the pattern stands in does not match."""


def pieces(pattern: Any, request: Request, *, variables: bool) -> tuple[Piece, ...]:
    """A pattern with its variables filled from `request`; raises `UnfilledError` if the request lacks one.

    Only the younger version of the policy language has variables, and their values are no patterns.
    """
    text = known(pattern)
    if not (variables and _OPENING in text):
        return ((text, True),)
    found: list[Piece] = []
    end = 0
    for variable in _VARIABLE.finditer(text):
        found += [(text[end : variable.start()], True), (_value(variable[1], variable[2], request), False)]
        end = variable.end()
    return (*found, (text[end:], True))


def known(value: Any) -> str:
    """A string of a policy; raises `UnjudgedError` for what is not known yet, and for what is no string."""
    if not isinstance(value, str):
        raise UnjudgedError(f"`{value}` is not known as text")
    return value


def action_matches(pattern: Any, action: str) -> bool:
    """Actions have no case. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html."""
    return _is_action(known(pattern), action)


def resource_matches(pattern: tuple[Piece, ...], resource: str) -> bool:
    """Whether an ARN is one of those that a `Resource` means; a wildcard stays within its segment.

    At the end of a segment `*` may go on past the colon, and the last segment has no end.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    segmented = "".join(text for text, _ in pattern).startswith(_ARN)
    return _compiled(pattern, segmented).fullmatch(resource) is not None


def like(pattern: tuple[Piece, ...], value: str) -> bool:
    """Whether a value matches a pattern as `StringLike` has it."""
    return _compiled(pattern, False).fullmatch(value) is not None


def arn_matches(pattern: tuple[Piece, ...], value: str) -> bool:
    """Whether each of the six parts of an ARN matches that of a pattern; both Arn operators do that.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    wanted, actual = _fields(pattern), value.split(":", _ARN_FIELDS - 1)
    if len(wanted) != _ARN_FIELDS:
        raise UnjudgedError(f"`{''.join(text for text, _ in pattern)}` is not an ARN")
    return len(actual) == _ARN_FIELDS and all(map(like, wanted, actual))


def literal(pattern: tuple[Piece, ...]) -> str:
    """The pattern as plain text, in which a wildcard is a character like others."""
    return "".join(text for text, _ in pattern)


def _fields(pattern: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    fields: list[list[Piece]] = [[]]
    for text, wild in pattern:
        first, *others = text.split(":", _ARN_FIELDS - len(fields))
        fields[-1].append((first, wild))
        fields += [[(other, wild)] for other in others]
    return [tuple(field) for field in fields]


def _value(name: str, default: str | None, request: Request) -> str:
    if name in _LITERALS:
        return name
    values = request.values(name)
    if values is not None and len(values) > 1:
        raise UnjudgedError(f"`${{{name}}}` has several values, and a policy variable has one")
    if values:
        return values[0]
    if default is None:
        raise UnfilledError
    return default


@lru_cache(maxsize=65536)
def _is_action(pattern: str, action: str) -> bool:
    return _compiled(((pattern.lower(), True),), False).fullmatch(action.lower()) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: tuple[Piece, ...], segmented: bool) -> re.Pattern[str]:
    found: list[str] = []
    colons = 0
    tokens = [(part, wild) for text, wild in pattern for part in _WILDCARD.split(text)]
    for place, (part, wild) in enumerate(tokens):
        if not wild or part not in _WILDCARDS:
            found.append(re.escape(part))
            colons += part.count(":")
            continue
        rest = "".join(text for text, _ in tokens[place + 1 :])
        at_the_end = part == "*" and rest[:1] in ("", ":")
        bound = segmented and colons < _ARN_FIELDS - 1 and not at_the_end
        found.append(("[^:]" if bound else ".") + _WILDCARDS[part])
    return re.compile("".join(found), re.DOTALL)
