"""When two specs are the same: one canonical form, then equality. Pure.

Sets are sorted, policy documents compared by meaning, an empty value is the same as a missing one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mfinfra import policy
from mfinfra.model import Ref, Scope, Spec, Template
from mfinfra.schemas import Traits

Path = tuple[str, ...]


def canonical(value: Any, traits: Traits, scope: Scope, path: Path) -> Any:
    """`value`, which stands at `path`, in the form in which equal things are equal by `==`."""
    if not isinstance(value, Ref | Template) and any(_fits(path, place) for place in traits.policies):
        return policy.canonical(value, partition=scope.partition) if value else None
    match value:
        case Ref() | Template():
            return value
        case Mapping():
            items = {str(key): canonical(item, traits, scope, (*path, str(key))) for key, item in value.items()}
            return {key: item for key, item in sorted(items.items()) if item is not None} or None
        case list() | tuple() | set() | frozenset():
            rows = [canonical(item, traits, scope, (*path, "*")) for item in value]
            if any(_fits(path, place) for place in traits.sets):
                rows = _distinct(rows)
            return rows or None
        case "":
            return None
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def changed_fields(want: Spec, have: Spec, traits: Traits, scope: Scope) -> tuple[str, ...]:
    """The managed fields of `want` that differ from `have`, in the order of the schema."""
    return tuple(
        name
        for name in traits.fields
        if want.get(name) is not None
        and canonical(want[name], traits, scope, (name,)) != canonical(have.get(name), traits, scope, (name,))
    )


def sort_key(value: Any) -> str:
    """A total order over canonical values, whatever their types."""
    return json.dumps(value, sort_keys=True, default=lambda item: f"\x00{item}")


def _distinct(rows: list[Any]) -> list[Any]:
    return [row for _, row in sorted({sort_key(row): row for row in rows}.items())]


def _fits(path: Path, place: Path) -> bool:
    return len(path) == len(place) and all(there in ("*", here) for here, there in zip(path, place, strict=True))
