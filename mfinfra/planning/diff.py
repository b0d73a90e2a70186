"""What differs inside a field that is known to differ: by path, for people. deepdiff explains, it never decides.

Counted by place, one member that leaves a list changes all that follow. So both sides are aligned before they are
compared, and in a path a member of a list is

- its `Sid`, `id` or `name`, where no other on its side has the same: `Statement`, `ReadBucket`, `Action`;
- else its place, from 0: on the wished side, or on the other where the wished one does not have it. Sets, such as the
  statements and actions of a policy, count in sorted order.

Members are the same if they are equal, have one name, or share at least half of what they hold. A list in which what
stays changes its order is one leaf, whole; so is a value that only AWS can tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from mfinfra import compare
from mfinfra.model import FieldChange, Scope
from mfinfra.schemas import Traits

NAMES = ("Sid", "id", "name")
SHARED = 2

Pair: TypeAlias = tuple[int | None, int | None]


class _Place(NamedTuple):
    """The key of a member without a name, in a list turned into a mapping."""

    at: int
    gone: bool


def explain(change: FieldChange, traits: Traits, scope: Scope) -> tuple[FieldChange, ...]:
    """`change` taken apart into the leaves that differ, each with its own path; itself where it has no inside."""
    field = (str(change.path[0]),)
    old, new = (compare.canonical(side, traits, scope, field) for side in (change.before, change.after))
    sealed: dict[str, Any] = {}
    before, after = _aligned(old, new, sealed)
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return (change,)
    from deepdiff import DeepDiff  # noqa: PLC0415 - a plan without nested changes never pays for this import

    found: Mapping[str, Any] = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    leaves = [_leaf(change, level, sealed) for levels in found.values() for level in levels]
    return tuple(sorted(leaves, key=_rank)) or (change,)


def _leaf(change: FieldChange, level: Any, sealed: Mapping[str, Any]) -> FieldChange:
    steps = [step.at if isinstance(step, _Place) else step for step in level.path(output_format="list")]
    before, after = (_opened(side, sealed) for side in (level.t1, level.t2))
    return FieldChange((*change.path, *steps), before, after, change.replaces)


def _rank(leaf: FieldChange) -> tuple[Any, ...]:
    places = [(step, "") if isinstance(step, int) else (-1, step) for step in leaf.path]
    return places, leaf.before is None


def _aligned(before: Any, after: Any, sealed: dict[str, Any]) -> tuple[Any, Any]:
    """Both sides with lists as mappings in which one key means one member, and what is a leaf as a scalar."""
    rows: Sequence[tuple[Any, Any, Any]]
    match before, after:
        case dict(), dict():
            rows = [(key, before.get(key), after.get(key)) for key in before.keys() | after.keys()]
        case list(), list() if _in_order(before, after, pairs := _pairs(before, after)):
            rows = _keyed(before, after, pairs)
        case _:
            return _seal(before, sealed), _seal(after, sealed)
    sides = [(key, *_aligned(old, new, sealed)) for key, old, new in rows]
    return (
        {key: old for key, old, _ in sides if old is not None},
        {key: new for key, _, new in sides if new is not None},
    )


def _seal(value: Any, sealed: dict[str, Any]) -> Any:
    """A scalar that stands for `value`, so that deepdiff does not look inside."""
    if value is None or isinstance(value, str | int | float):
        return value
    token = f"\x00{compare.sort_key(value)}"
    sealed[token] = value
    return token


def _opened(value: Any, sealed: Mapping[str, Any]) -> Any:
    if type(value).__name__ == "NotPresent":
        return None
    return sealed.get(value, value) if isinstance(value, str) else value


def _keyed(before: Sequence[Any], after: Sequence[Any], pairs: Sequence[Pair]) -> list[tuple[Any, Any, Any]]:
    """Each pair under the key of its member: a name, or a place."""
    old_names, new_names = _names(before), _names(after)
    rows: list[tuple[Any, Any, Any]] = []
    for old, new in pairs:
        if new is not None:
            rows.append((new_names[new] or _Place(new, gone=False), None if old is None else before[old], after[new]))
        elif old is not None:
            rows.append((old_names[old] or _Place(old, gone=True), before[old], None))
    return rows


def _in_order(before: Sequence[Any], after: Sequence[Any], pairs: Sequence[Pair]) -> bool:
    """Whether what stayed as it was stands in one order on both sides; it always does in a set."""
    stayed = [(new, old) for old, new in pairs if old is not None and new is not None and before[old] == after[new]]
    kept = [old for _, old in sorted(stayed)]
    return kept == sorted(kept)


def _pairs(before: Sequence[Any], after: Sequence[Any]) -> list[Pair]:
    """Which member of one side is which of the other, the surest first; `None` where it is none."""
    equal = _equal(before, after)
    pairs: list[Pair] = [*equal]
    old_left = dict.fromkeys(range(len(before)))
    new_left = dict.fromkeys(range(len(after)))
    old_names, new_names = _names(before), _names(after)
    for old, new in equal:
        del old_left[old], new_left[new]
    likely = sorted(
        (-likeness, old, new)
        for old in old_left
        for new in new_left
        if (likeness := _likeness(before[old], after[new], old_names[old], new_names[new]))
    )
    for _, old, new in likely:
        if old in old_left and new in new_left:
            pairs.append((old, new))
            del old_left[old], new_left[new]
    return [*pairs, *((old, None) for old in old_left), *((None, new) for new in new_left)]


def _equal(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[int, int]]:
    """The places of what both sides have, each member once."""
    places: dict[str, list[int]] = {}
    for old, member in enumerate(before):
        places.setdefault(compare.sort_key(member), []).append(old)
    found = ((places.get(compare.sort_key(member)), new) for new, member in enumerate(after))
    return [(same.pop(0), new) for same, new in found if same]


def _likeness(one: Any, other: Any, old_name: str | None, new_name: str | None) -> float:
    """How sure it is that `one` became `other`, which differs; 0 where it did not."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return 0
    if old_name and old_name == new_name:
        return 2
    names = one.keys() | other.keys()
    shared = sum(one.get(name) == other.get(name) for name in names)
    least = len(names) - 1 if old_name and new_name else max(SHARED, len(names) / 2)
    return shared / len(names) if shared >= least else 0


def _names(members: Sequence[Any]) -> list[str | None]:
    """The name of each member that has one for itself."""
    named = [
        next((member[key] for key in NAMES if isinstance(member.get(key), str)), None)
        if isinstance(member, dict)
        else None
        for member in members
    ]
    count = Counter(named)
    return [name if name and count[name] == 1 else None for name in named]
