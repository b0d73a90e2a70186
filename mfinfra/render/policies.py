"""Policy documents compared statement by statement, whatever order they stand in: `Statement.ReadBucket.Action`.

The document's `fields` name a statement by its place, so that one that is gone moves all that follow. Here both sides
are read again from the document, and a statement is known by its `Sid`, else by what it shares with another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from mfinfra import policy
from mfinfra.render import values
from mfinfra.render.fields import Leaf, Path, apart

Statement: TypeAlias = Mapping[str, Any]

STATEMENT = "Statement"
ALIKE = 2


def restated(found: Sequence[Leaf], change: Mapping[str, Any], partition: str) -> list[Leaf]:
    """`found` with the leaves inside each policy document replaced by what differs statement by statement."""
    told: set[Path] = set()
    rest: list[Leaf] = []
    for leaf in found:
        place = _place(leaf)
        if place is None:
            rest.append(leaf)
        elif place not in told:
            told.add(place)
            here = [one for one in found if _place(one) == place]
            rest += _compared(place, here, change, partition) or here
    return rest


def _place(leaf: Leaf) -> Path | None:
    """Where the policy document stands that `leaf` is inside of."""
    if STATEMENT not in leaf.path:
        return None
    at = leaf.path.index(STATEMENT)
    return leaf.path[:at] if len(leaf.path) > at + 1 and isinstance(leaf.path[at + 1], int) else None


def _compared(place: Path, here: Sequence[Leaf], change: Mapping[str, Any], partition: str) -> list[Leaf]:
    """The leaves that differ; none where a side is not there as a whole, or not yet known."""
    if any(values.unknown(side) for leaf in here for side in (leaf.before, leaf.after)):
        return []
    before, after = (_document(change[side], place, partition) for side in ("before", "after"))
    if before is None or after is None:
        return []
    replaces = any(leaf.replaces for leaf in here)
    return list(_statements((*place, STATEMENT), before, after, replaces))


def _document(side: Any, place: Path, partition: str) -> list[Statement] | None:
    for part in place:
        side = side.get(part) if isinstance(side, Mapping) else None
    side = values.parsed(side)
    if not isinstance(side, Mapping):
        return None
    try:
        return list(policy.canonical(side, partition=partition).get(STATEMENT, ()))
    except (ValueError, TypeError, AttributeError):
        return None  # a document that is none is shown by its places


def _statements(place: Path, before: Sequence[Statement], after: Sequence[Statement], replaces: bool) -> Iterator[Leaf]:
    old = [statement for statement in before if statement not in after]
    new = [statement for statement in after if statement not in before]
    for index, statement in enumerate(new):
        other = _counterpart(statement, old)
        if other is not None:
            old.remove(other)
            yield from apart(Leaf((*place, _name(statement, index)), other, statement, replaces))
        else:
            yield Leaf((*place, _name(statement, index)), None, statement, replaces)
    for index, statement in enumerate(old):
        yield Leaf((*place, _name(statement, index)), statement, None, replaces)


def _counterpart(statement: Statement, others: Sequence[Statement]) -> Statement | None:
    """The one of `others` that `statement` was before: of the same `Sid`, or alike in all but one member."""
    sid = statement.get("Sid")
    if sid:
        return next((other for other in others if other.get("Sid") == sid), None)
    alike = [(sum(other.get(name) == statement[name] for name in statement), other) for other in others]
    best = max(alike, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] >= ALIKE else None


def _name(statement: Statement, index: int) -> str | int:
    return str(statement["Sid"]) if statement.get("Sid") else index
