"""IAM policy documents: read, compared by meaning, built.

AWS gives a document back in another order and another spelling than it was sent in: compared as text, a role would
differ for ever. The canonical form makes two documents that mean the same equal by `==`. It is for comparing only:
what is sent and shown stays the author's own.

Any string may be a value that is known later: an opaque, hashable object, kept as it is and compared by `==`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from mfinfra import printable

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
VERSION = "2012-10-17"
VERSION_IF_MISSING = "2008-10-17"

_SETS = frozenset({"Action", "NotAction", "Resource", "NotResource"})
_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
_ACCOUNT = re.compile(r"([0-9]{12})|arn:[^:]+:iam::([0-9]{12}):root")


def parse(document: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """A document in any of AWS's spellings as a plain dict that shares nothing with it; `None` and blank text are `{}`.

    Takes a mapping, JSON text (IAM's own API answers with it URL-encoded, RFC 3986), or a list around one document.
    Raises `ValueError` for broken JSON and for anything that is not one object.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
    """
    value = _decoded(document) if isinstance(document, str) else _plain(document)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        return {}
    if not isinstance(value, dict):
        found = f"a list of {len(value)}" if isinstance(value, list) else f"`{value}`"
        raise ValueError(f"a policy document is one JSON object, not {found}")  # noqa: TRY004 -- wrong text, not a bug
    return value


def canonical(document: str | Mapping[str, Any] | None, *, partition: str = "aws") -> dict[str, Any]:
    """The form in which two documents that mean the same are equal by `==`; without a statement it is `{}`.

    `Version` and `Statement` are always there. Statements are a sorted multiset; actions, resources, principals and
    condition values are sorted lists without repetition; an account is its root's ARN in `partition`. A principal
    `AROA…` or `AIDA…` stays: its role or user was deleted, and the policy must be sent again. Raises `ValueError` as
    `parse` does; a malformed part never raises, it is kept as it is.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
    """
    plain = parse(document)
    statements = [_statement(item, partition) for item in _listed(plain.pop("Statement", None))]
    if not statements:
        return {}
    version = plain.pop("Version", None)
    rest = {key: value for key, value in _sorted_items(plain) if value is not None}
    return {"Version": version or VERSION_IF_MISSING, **rest, "Statement": sorted(statements, key=_rank)}


def equivalent(
    left: str | Mapping[str, Any] | None,
    right: str | Mapping[str, Any] | None,
    *,
    partition: str = "aws",
) -> bool:
    """Whether both documents mean the same; raises `ValueError` as `parse` does."""
    return canonical(left, partition=partition) == canonical(right, partition=partition)


def statement(  # noqa: PLR0913 -- these are the elements of a statement
    actions: Any,
    resources: Any,
    *,
    sid: str = "",
    effect: str = "Allow",
    condition: Mapping[str, Any] | None = None,
    principal: Any = None,
) -> dict[str, Any]:
    """One statement, its elements in the order of AWS's own examples, those without a value left out.

    `actions` and `resources` are one value or several; `principal` is `"*"` or maps a type to one value or several.
    A single value is written bare, several as a list in the order given; only a set is sorted.
    """
    elements = {
        "Sid": sid,
        "Effect": effect,
        "Principal": _tidy_map(principal),
        "Action": _tidy(actions),
        "Resource": _tidy(resources),
        "Condition": {operator: _tidy_map(block) for operator, block in (condition or {}).items()},
    }
    return {key: value for key, value in elements.items() if not _empty(value)}


def document(statements: Iterable[Mapping[str, Any]], version: str = VERSION) -> dict[str, Any]:
    """A document of these statements, in their order."""
    return {"Version": version, "Statement": [dict(item) for item in statements]}


def trust(
    services: Iterable[Any] = (),
    accounts: Iterable[Any] = (),
    *,
    partition: str = "aws",
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A role's trust policy: these services (`batch.amazonaws.com`) and accounts (12 digits, or any ARN) may assume it.

    Raises `ValueError` if nobody is named: IAM refuses a trust policy without a principal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    named = {"Service": _tidy(services), "AWS": _tidy([_account(item, partition) for item in _several(accounts)])}
    principal = {kind: names for kind, names in named.items() if not _empty(names)}
    if not principal:
        raise ValueError("a trust policy names at least one service or account")
    return document([statement("sts:AssumeRole", None, principal=principal, condition=condition)])


def text(document: str | Mapping[str, Any] | None) -> str:
    """Compact JSON text to send to AWS, keys in the author's order; raises `TypeError` while a value is not known."""
    return json.dumps(parse(document), separators=(",", ":"), ensure_ascii=False)


def size(document: str | Mapping[str, Any] | None) -> int:
    """Characters as IAM counts them against its quotas: white space is free. A value not known yet counts as its `str`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
    """
    return sum(not character.isspace() for character in text(_shown(parse(document))))


def _listed(value: Any) -> list[Any]:
    """`None` → `[]`, a list → itself, anything else → a list of one: how IAM reads most elements."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _decoded(source: str) -> Any:
    source = source.strip()
    if source.startswith("%"):  # no JSON text starts so, and every URL-encoded object does
        source = unquote(source).strip()
    if not source:
        return None
    try:
        return printable.everywhere(json.loads(source))  # JSON has escapes of its own
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno}, column {error.colno}"
        raise ValueError(f"the policy document is not valid JSON {place}: {error.msg}") from error


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _shown(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _shown(item) for key, item in value.items()}
        case list():
            return [_shown(item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


def _statement(value: Any, partition: str) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: item for key, raw in _sorted_items(value) if not _empty(item := _element(key, raw, partition))}


def _element(key: Any, value: Any, partition: str) -> Any:
    if key == "Effect" and isinstance(value, str):
        return value.capitalize()
    if key in _SETS:
        # Neither case-folded nor expanded: AWS stores what it was sent, so sending again settles a difference
        # in spelling, while a wildcard means other actions tomorrow.
        return _set(_listed(value))
    if key in _PRINCIPALS:
        return _principal(value, partition)
    if key == "Condition":
        return _condition(value)
    return value


def _principal(value: Any, partition: str) -> Any:
    if isinstance(value, str) and value == "*":
        value = {"AWS": value}
    if not isinstance(value, dict):
        return value
    kinds = {
        kind: _set(_account(name, partition) if kind == "AWS" else name for name in _listed(names))
        for kind, names in _sorted_items(value)
    }
    return {kind: names for kind, names in kinds.items() if names}


def _account(value: Any, partition: str) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:012}"  # YAML reads an account without quotes as a number
    if isinstance(value, str) and (match := _ACCOUNT.fullmatch(value)):
        return f"arn:{partition}:iam::{match[1] or match[2]}:root"
    return value


def _condition(value: Any) -> Any:
    """Operators as written: IAM refuses `stringEquals` ("Invalid Condition type"), so their case can never differ.

    The names of keys are folded: `aws:SourceIP` and `AWS:SourceIp` are one.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    """
    if not isinstance(value, dict):
        return value
    return {operator: _keys(block) for operator, block in _sorted_items(value) if not _empty(block)}


def _keys(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    folded = Counter(_fold(key) for key in block)
    # Two keys that differ in case only are an error to AWS; folding them together would lose one of them.
    named = {_fold(key) if folded[_fold(key)] == 1 else key: values for key, values in block.items()}
    # A key without values stays: it is never true, which is the opposite of no condition.
    return {key: _set(_word(item) for item in _listed(values)) for key, values in _sorted_items(named)}


def _fold(key: Any) -> Any:
    return key.lower() if isinstance(key, str) else key


def _word(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _set(values: Iterable[Any]) -> list[Any]:
    return [value for value, _ in groupby(sorted(values, key=_rank))]


def _sorted_items(mapping: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return sorted(mapping.items(), key=lambda item: _rank(item[0]))


def _rank(value: Any) -> tuple[Any, ...]:
    """A sort key for anything: the tag keeps values of different types from being compared."""
    match value:
        case str():
            return (0, value)
        case list():
            return (1, tuple(_rank(item) for item in value))
        case dict():
            return (2, tuple((_rank(key), _rank(item)) for key, item in _sorted_items(value)))
        case _:
            return (3, type(value).__qualname__, repr(value))


def _several(values: Any) -> list[Any]:
    if isinstance(values, set | frozenset):
        return _set(values)
    if values is None or isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        return _listed(values)
    return list(dict.fromkeys(values))


def _tidy(values: Any) -> Any:
    several = _several(values)
    return several[0] if len(several) == 1 else several


def _tidy_map(value: Any) -> Any:
    return {key: _tidy(item) for key, item in value.items()} if isinstance(value, Mapping) else value
