"""A policy document that comes whole, in brief: one line for each statement, `plan --full` has it whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from mfinfra.plural import counted
from mfinfra.render import inert, values
from mfinfra.render.fields import Leaf

Statement: TypeAlias = Mapping[str, Any]

LISTED = 48


def briefly(leaf: Leaf) -> Iterator[Leaf]:
    """`leaf`, or where it brings one policy document or several by name, each of them in brief."""
    added = values.parsed(leaf.after)
    if leaf.before is not None or not isinstance(added, Mapping):
        yield leaf
    elif statements := _statements(added):
        yield _brief(leaf, statements)
    elif added and all(map(_statements, added.values())):
        for name, document in added.items():
            yield _brief(replace(leaf, path=(*leaf.path, name)), _statements(document))
    else:
        yield leaf


def in_brief(leaf: Leaf) -> bool:
    """Whether a policy is told in brief here."""
    return isinstance(leaf.after, values.Brief)


def _brief(leaf: Leaf, statements: Sequence[Statement]) -> Leaf:
    return replace(leaf, after=values.Brief(tuple(inert.line(_said(statement)) for statement in statements)))


def _statements(document: Any) -> list[Statement]:
    """The statements of a policy document; none where it is something else."""
    document = values.parsed(document)
    found = document.get("Statement") if isinstance(document, Mapping) else None
    found = [found] if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(one, Mapping) and "Effect" in one for one in found):
        return []
    return found


def _said(statement: Statement) -> str:
    """`Read: allow s3:GetObject on 2 resources, by *, on 1 condition`."""
    sid = f"{statement['Sid']}: " if statement.get("Sid") else ""
    parts = [f"{sid}{str(statement['Effect']).lower()} {_either(statement, 'Action', _actions)}"]
    if "Resource" in statement or "NotResource" in statement:
        parts.append(f"on {_either(statement, 'Resource', _resources)}")
    if "Principal" in statement or "NotPrincipal" in statement:
        parts.append(f"by {_either(statement, 'Principal', _principals)}")
    operators = [block for block in _members(statement.get("Condition")) if isinstance(block, Mapping)]
    if count := sum(map(len, operators)):
        parts.append(f"under {counted(count, 'condition')}")
    return " ".join(parts)


def _either(statement: Statement, element: str, tell: Any) -> str:
    """An element, or what it is written as where it names the exceptions."""
    if element in statement:
        return str(tell(_members(statement[element])))
    return f"all but {tell(_members(statement.get(f'Not{element}')))}"


def _actions(actions: Sequence[Any]) -> str:
    return _listed(actions) or counted(len(actions), "action")


def _resources(resources: Sequence[Any]) -> str:
    return "*" if "*" in resources else counted(len(resources), "resource")


def _principals(kinds: Sequence[Any]) -> str:
    names = [name for kind in kinds for name in _members(kind)]
    return "*" if "*" in names else _listed(names) or counted(len(names), "principal")


def _listed(names: Sequence[Any]) -> str:
    """`names` in a row; empty where that would be long."""
    row = ", ".join(map(str, names))
    return row if len(row) <= LISTED else ""


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else [] if value is None else [value]
