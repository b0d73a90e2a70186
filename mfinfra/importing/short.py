"""The forms in which a file may say a live value, the shortest first; which of them mean the same, the driver says.

Pure. A form that is none is never taken: whoever tries them ends at the value itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mfinfra import policy, schemas
from mfinfra.compare import sort_key
from mfinfra.importing import identity, references
from mfinfra.importing.book import Book
from mfinfra.model import Spec

AWS_POLICY = ":iam::aws:policy/"
ADMINISTRATION = "kms:*"
MOST_ITEMS = 30
"""Longer lists are shortened alike in all their items, or not at all."""


def forms(kind: str, field: str, live: Any, book: Book) -> Iterator[Any]:
    """The ways to say `live`; the last one is `live` as it is, in a stable order."""
    live = _ordered(kind, field, live)
    linked = references.replaced(kind, field, live, book.said)
    yield from _special(kind, field, live, linked, book)
    if linked != live:
        yield linked
    named = references.replaced(kind, field, live, lambda kinds, text: book.said(kinds, text, _named(text)))
    if named not in (live, linked):
        yield named
    yield live


def shrunk(kind: str, field: str, value: Any, same: Callable[[Any], bool]) -> Any:
    """`value` without the members that say what is so without a word; `same` tells."""
    if any(place[:1] == (field,) for place in schemas.traits(kind).policies):
        return value
    needed = _needed(kind)
    match value:
        case Mapping():
            for name in [name for name in value if name not in needed.get((field,), ())]:
                smaller = {key: item for key, item in value.items() if key != name}
                value = smaller if smaller and same(smaller) else value
        case list() if value and all(isinstance(item, Mapping) for item in value):
            kept = needed.get((field, "*"), frozenset())
            for name in sorted({name for item in value for name in item} - kept):
                value = _without(value, name, same)
    return value


def _without(items: list[Any], name: str, same: Callable[[Any], bool]) -> list[Any]:
    """`items` without their member `name`: all of them at once, else as many as go one by one."""

    def bare(item: Spec) -> dict[str, Any]:
        return {key: value for key, value in item.items() if key != name}

    every = [bare(item) for item in items]
    if all(every) and same(every):
        return every
    for index in range(len(items) if len(items) <= MOST_ITEMS else 0):
        tried = [bare(item) if at == index else item for at, item in enumerate(items)]
        if name in items[index] and tried[index] and same(tried):
            items = tried
    return items


def _special(kind: str, field: str, live: Any, linked: Any, book: Book) -> Iterator[Any]:
    match (kind, field):
        case ("role", "trust"):
            yield from _trust(live)
        case ("role", "managed_policies"):
            yield [arn.partition(AWS_POLICY)[2] or arn for arn in live]
        case ("role", "instance_profile"):
            yield bool(live)
        case ("security_group", "ingress" | "egress"):
            yield [_rule(rule) for rule in linked]
        case ("endpoint", "service"):
            # `com.amazonaws.REGION.ecr.api`
            yield str(live).partition("amazonaws.")[2].partition(".")[2]
        case ("table", "attributes"):
            yield {name: type_ for name, type_ in live.items() if type_ != "S"}
        case ("compute_environment", "launch_template"):
            yield from _pinned(live, book)
        case ("key", "policy"):
            yield from _key_policy(live)
        case ("repository", "encryption") if str(live.get("key", "")).rpartition("/")[2] in book.aws_keys:
            yield {"type": live["type"]}


def _trust(live: Spec) -> Iterator[Any]:
    """As services and accounts, where it says nothing more."""
    named: dict[str, list[Any]] = {"services": [], "accounts": []}
    statements = policy.parse(live).get("Statement") or ()
    for item in [statements] if isinstance(statements, Mapping) else statements:
        principal = item.get("Principal") if isinstance(item, Mapping) else None
        for kind, values in principal.items() if isinstance(principal, Mapping) else ():
            place = {"Service": "services", "AWS": "accounts"}.get(kind)
            if place is None:
                return
            named[place] += values if isinstance(values, list) else [values]
    accounts = [_account(value) for value in named["accounts"]]
    said = {"services": sorted(set(named["services"])), "accounts": sorted(set(accounts))}
    yield {name: values for name, values in said.items() if values}


def _account(principal: Any) -> str:
    """The account of a root's ARN, anything else as it is."""
    text = str(principal)
    return text.split(":")[4] if text.endswith(":root") and text.startswith("arn:") else text


def _rule(rule: Spec) -> dict[str, Any]:
    """A rule of one port says it once."""
    if rule.get("protocol") in ("tcp", "udp") and rule.get("from_port") == rule.get("to_port"):
        said = {name: value for name, value in rule.items() if name not in ("protocol", "from_port", "to_port")}
        return {"protocol": rule["protocol"], "port": rule["from_port"], **said}
    return dict(rule)


def _pinned(live: str, book: Book) -> Iterator[Any]:
    """A launch template and its version: by address alone where the version is the template's default one."""
    named, _, version = live.partition(":")
    attribute = "id" if named.startswith("lt-") else "name"
    address = book.of("launch_template", attribute, named)
    if address is None:
        return
    yield str(address)
    yield {attribute: str(address)}
    yield {attribute: str(address), "version": int(version) if version.isdecimal() else version}


def _key_policy(live: Spec) -> Iterator[Any]:
    """What stands beside the statement that every key has, and beside the name that KMS gives a policy."""
    statements = live.get("Statement")
    if not isinstance(statements, list):
        return
    others = [item for item in statements if not _administers(item)]
    if others and len(others) < len(statements):
        yield {**{name: value for name, value in live.items() if name not in ("Id", "Statement")}, "Statement": others}


def _administers(statement: Spec) -> bool:
    """Whether it hands the key to the account's own policies."""
    principal = statement.get("Principal")
    who = principal.get("AWS") if isinstance(principal, Mapping) else None
    return statement.get("Action") == ADMINISTRATION and isinstance(who, str) and _account(who).isdecimal()


def _named(text: str) -> str:
    """What stands behind the kind in an ARN of this account."""
    resource = text.split(":", identity.ARN_FIELDS - 1)[-1] if text.startswith("arn:") else text
    return resource.partition("/")[2] or text


def _ordered(kind: str, field: str, live: Any) -> Any:
    """A set in an order that does not change from one look to the next."""
    if isinstance(live, list | tuple):
        a_set = (field,) in schemas.traits(kind).sets
        return sorted(live, key=sort_key) if a_set else list(live)
    return live


def _needed(kind: str) -> Mapping[tuple[str, ...], frozenset[str]]:
    """The members that the schema wants, by the place of what they are members of."""
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for path, node in schemas.nodes(kind):
        found[path] = found.get(path, frozenset()) | frozenset(node.get("required", ()))
    return found
