"""What differs inside a field that is known to differ: by path, for people. deepdiff explains, it never decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import compare
from mfinfra.model import FieldChange, Ref, Scope, Template, plain
from mfinfra.schemas import Traits

COMPOUND = (dict, list)


def explain(change: FieldChange, traits: Traits, scope: Scope) -> tuple[FieldChange, ...]:
    """`change` taken apart into the leaves that differ, each with its own path; itself where it has no inside."""
    if isinstance(change.before, Ref | Template) or isinstance(change.after, Ref | Template):
        return (change,)  # as data it would look like a mapping
    before = plain(compare.canonical(change.before, traits, scope, (str(change.path[0]),)))
    after = plain(compare.canonical(change.after, traits, scope, (str(change.path[0]),)))
    if not (isinstance(before, COMPOUND) and isinstance(after, COMPOUND) and type(before) is type(after)):
        return (change,)
    from deepdiff import DeepDiff  # noqa: PLC0415 - a plan without nested changes never pays for this import

    found: Mapping[str, Any] = DeepDiff(before, after, view="tree", ignore_order=isinstance(before, list))
    leaves = [_leaf(change, level) for levels in found.values() for level in levels]
    return tuple(sorted(leaves, key=lambda leaf: [str(part) for part in leaf.path])) or (change,)


def _leaf(change: FieldChange, level: Any) -> FieldChange:
    path = (*change.path, *level.path(output_format="list"))
    return FieldChange(path, _there(level.t1), _there(level.t2), change.replaces)


def _there(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value
