"""What AWS would refuse in a policy document, found without AWS.

Only what is certain is said: a value that is known later is never judged, and a rule that differs between services is
left to the service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mfinfra import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Kind: TypeAlias = Literal["identity", "trust", "resource"]
Path: TypeAlias = tuple[str | int, ...]
Finding: TypeAlias = tuple[Path, str]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
TRUST_SIZE = 2048

_TOP = ("Version", "Id", "Statement")
_WHO = ("Principal", "NotPrincipal")
_DONE = ("Action", "NotAction")
_WHERE = ("Resource", "NotResource")
_STATEMENT = ("Sid", "Effect", *_WHO, *_DONE, *_WHERE, "Condition")
_PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")
_VERSIONS = (policy.VERSION, policy.VERSION_IF_MISSING)
_EFFECTS = ("Allow", "Deny")
_ACTION = re.compile(r"\*|[^:\s]+:[^:\s]+")
_ARN_COLONS = 5

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_COMPARED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_OPERATORS = (
    *(
        f"String{test}"
        for test in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
    ),
    *(f"Numeric{test}" for test in _COMPARED),
    *(f"Date{test}" for test in _COMPARED),
    *(f"Arn{test}" for test in ("Equals", "NotEquals", "Like", "NotLike")),
    *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
)
_CASED = {operator.lower(): operator for operator in _OPERATORS}


def problems(document: str | Mapping[str, Any] | None, *, kind: Kind) -> list[Finding]:
    """What is wrong with a document, each with its path inside the document and one sentence; `[]` if nothing is.

    `kind` is `identity` for a role's own policies, `trust` for who may assume it, `resource` for the policy of a
    bucket, key, secret, repository or endpoint. No document (`{}`) is right, except for a trust policy.
    """
    try:
        plain = policy.parse(document)
    except ValueError as error:
        return [((), str(error))]
    if not plain and kind != "trust":
        return []
    return [*_document(plain, kind), *_size(plain, kind)]


def _document(plain: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    yield from _unknown((), plain, _TOP, "key of a policy document")
    if "Version" in plain:
        yield from _choice(("Version",), plain["Version"], _VERSIONS)
    if _hollow(plain.get("Statement")):
        yield (), "the document has no `Statement`"
    seen: dict[str, Path] = {}
    for path, item in _each(("Statement",), plain.get("Statement")):
        if isinstance(item, dict):
            yield from _statement(path, item, kind)
            yield from _repeated(path, item.get("Sid"), seen)
        elif isinstance(item, str | list) or _misread(item):
            yield path, "a statement is an object with `Effect`, `Action` and more"


def _statement(path: Path, item: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    yield from _unknown(path, item, _STATEMENT, "key of a statement")
    yield from _text((*path, "Sid"), item.get("Sid"))
    if item.get("Effect") is None:
        yield path, "the statement has no `Effect`"
    yield from _choice((*path, "Effect"), item.get("Effect"), _EFFECTS)
    yield from _who(path, item, kind)
    yield from _one_of(path, item, "Action", needed=True)
    for key in _DONE:
        yield from _actions((*path, key), item.get(key))
    yield from _what(path, item, kind)
    yield from _condition((*path, "Condition"), item.get("Condition"))


def _who(path: Path, item: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    barred = {"identity": _WHO, "trust": ("NotPrincipal",), "resource": ()}[kind]
    article = "an identity" if kind == "identity" else f"a {kind}"
    for key in barred:
        if key in item:
            yield (*path, key), f"`{key}` cannot stand in {article} policy"
    if kind == "identity":
        return
    yield from _one_of(path, item, "Principal", needed=True)
    for key in _WHO:
        yield from _principal((*path, key), item.get(key))


def _principal(path: Path, value: Any) -> Iterator[Finding]:
    if isinstance(value, dict):
        yield from _unknown(path, value, _PRINCIPALS, "type of principal")
        for kind, names in value.items():
            for place, name in _each((*path, kind), names):
                yield from _text(place, name)
    elif (isinstance(value, str) and value != "*") or (value and isinstance(value, list)) or _misread(value):
        yield path, '`Principal` is `"*"` or maps a type to names, as in `{"Service": "batch.amazonaws.com"}`'


def _actions(path: Path, value: Any) -> Iterator[Finding]:
    for place, action in _each(path, value):
        yield from _text(place, action)
        if isinstance(action, str) and not _ACTION.fullmatch(action):
            yield place, f"`{action}` is not an action: it takes the form `service:Operation`, as in `s3:GetObject`"


def _what(path: Path, item: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    if kind == "trust":
        for key in _WHERE:
            if key in item:
                yield (*path, key), f"`{key}` cannot stand in a trust policy: the role itself is the resource"
        return
    # Some services (a repository's policy) know no `Resource`: only an identity's policy always needs one.
    yield from _one_of(path, item, "Resource", needed=kind == "identity")
    for key in _WHERE:
        for place, resource in _each((*path, key), item.get(key)):
            yield from _text(place, resource)
            if isinstance(resource, str) and not _resource(resource):
                yield place, f"`{resource}` is neither `*` nor an ARN"


def _resource(value: str) -> bool:
    # A policy variable may hold any part of the ARN, a wildcard any number of its colons.
    whole = value.count(":") >= _ARN_COLONS or "*" in value
    return value == "*" or "${" in value or (value.startswith("arn:") and whole)


def _condition(path: Path, value: Any) -> Iterator[Finding]:
    if isinstance(value, str | list) or _misread(value):
        yield path, '`Condition` maps an operator to keys and values, as in `{"Bool": {"aws:SecureTransport": "true"}}`'
    for operator, block in value.items() if isinstance(value, dict) else ():
        if isinstance(block, str | list) or _misread(block):
            yield (*path, operator), f"`{operator}` maps a condition key to its values"
        if isinstance(operator, str):
            name = operator.rpartition(":")[2]
            bare = re.sub("IfExists$", "", name, flags=re.IGNORECASE)
            # Only a wrong case is certain: AWS may add operators, and refuses `stringEquals` today.
            if (right := _CASED.get(bare.lower(), bare)) != bare:
                yield (*path, operator), f"`{operator}` is written with the wrong case: IAM knows `{right}`"


def _size(plain: dict[Any, Any], kind: Kind) -> Iterator[Finding]:
    count = policy.size(plain)
    if kind == "trust" and count > TRUST_SIZE:
        yield (), f"the trust policy has {count} characters, and AWS's default quota is {TRUST_SIZE}"


def _repeated(path: Path, sid: Any, seen: dict[str, Path]) -> Iterator[Finding]:
    if isinstance(sid, str) and sid and seen.setdefault(sid, path) != path:
        yield (*path, "Sid"), f"the `Sid` `{sid}` is taken by an earlier statement"


def _one_of(path: Path, item: dict[Any, Any], key: str, *, needed: bool) -> Iterator[Finding]:
    negated = f"Not{key}"
    if key in item and negated in item:
        yield path, f"`{key}` and `{negated}` cannot stand in one statement"
    elif needed and all(_hollow(item.get(name)) for name in (key, negated)):
        yield path, f"the statement has no `{key}`"


def _choice(path: Path, value: Any, allowed: tuple[str, str]) -> Iterator[Finding]:
    yield from _text(path, value)
    if isinstance(value, str) and value not in allowed:
        yield path, f"`{value}` is neither `{allowed[0]}` nor `{allowed[1]}`{_nearest(value, allowed)}"


def _unknown(path: Path, item: dict[Any, Any], known: Iterable[str], what: str) -> Iterator[Finding]:
    for key in item:
        if isinstance(key, str) and key not in known:
            yield (*path, key), f"`{key}` is not a {what}{_nearest(key, known)}"


def _nearest(word: Any, known: Iterable[str]) -> str:
    names = {name.lower(): name for name in known}
    close = get_close_matches(str(word).lower(), names, n=1)
    return f": did you mean `{names[close[0]]}`?" if close else ""


def _each(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        yield from (((*path, index), item) for index, item in enumerate(value))
    elif value is not None:
        yield path, value


def _hollow(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_hollow(item) for item in value.values())
    return value is None or value == []


def _misread(value: Any) -> bool:
    """Whether YAML made something else of what must be text: `2012-10-17` is a date there, an account a number."""
    return isinstance(value, bool | int | float | date)


def _text(path: Path, value: Any) -> Iterator[Finding]:
    if _misread(value):
        yield path, f"`{value}` must be text: put it in quotes"
    elif isinstance(value, list | dict):
        yield path, f"one text must stand here, not {'a list' if isinstance(value, list) else 'an object'}"
