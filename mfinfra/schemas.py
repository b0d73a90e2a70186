"""The JSON Schemas: one per kind, found by being there, and the traits that the engine reads off them.

Beside the words of draft 2020-12 a kind's schema says `createOnlyProperties` (JSON pointers: a change replaces the
resource), `insertionOrder: false` (the array is a set), `format: iam-policy` (a policy document), `refersTo` (an
address of this kind may stand here and means this attribute), `attributes` (what `${kind.name.attribute}` may ask
for, with its value where that follows from the file) and `holdsData` (protected by default).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NOT_KINDS = frozenset({"environment", "common", "plan", "events", "receipt", "lock", "checks"})
COMMON = ("tags", "depends_on", "protect", "adopt", "enabled")


def folder() -> Path:
    """Where the schemas are: inside the wheel, or beside the package in a checkout."""
    shipped = Path(__file__).parent / "schemas"
    return shipped if shipped.is_dir() else Path(__file__).parent.parent / "schemas"


@cache
def load(name: str) -> Mapping[str, Any]:
    """The schema `schemas/<name>.json`; raises `KeyError` if there is none."""
    path = folder() / f"{name}.json"
    if not path.is_file():
        raise KeyError(name)
    schema: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


@cache
def kinds() -> tuple[str, ...]:
    """Every kind that has a schema, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.json") if path.stem not in NOT_KINDS))


@dataclass(frozen=True, slots=True)
class Traits:
    """What a kind's schema says about its own fields; what every resource takes (`COMMON`) is not among them.

    Paths are tuples of property names; `*` stands for any index or key.
    """

    kind: str
    fields: tuple[str, ...]
    required: frozenset[str]
    defaults: Mapping[str, Any]
    create_only: frozenset[str]
    sets: frozenset[tuple[str, ...]]
    policies: frozenset[tuple[str, ...]]
    refers_to: Mapping[tuple[str, ...], Mapping[str, str]]
    attributes: Mapping[str, Mapping[str, str]]
    holds_data: bool


@cache
def traits(kind: str) -> Traits:
    """The traits of `kind`; raises `KeyError` if there is no such kind."""
    schema = load(kind)
    properties = {name: prop for name, prop in schema["properties"].items() if name not in COMMON}
    places = [place for place in _walk(schema, schema, ()) if place[0][:1] not in {(name,) for name in COMMON}]
    return Traits(
        kind=kind,
        fields=tuple(properties),
        required=frozenset(schema.get("required", ())),
        defaults={name: prop["default"] for name, prop in properties.items() if "default" in prop},
        create_only=frozenset(pointer.rpartition("/")[2] for pointer in schema.get("createOnlyProperties", ())),
        sets=frozenset(path for path, node in places if node.get("insertionOrder") is False),
        policies=frozenset(path for path, node in places if node.get("format") == "iam-policy"),
        refers_to={path: node["refersTo"] for path, node in places if "refersTo" in node},
        attributes=schema.get("attributes", {}),
        holds_data=bool(schema.get("holdsData", False)),
    )


def nodes(kind: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Every place in a resource of `kind`, with what the schema says of it; alternatives stand at the same place."""
    return _walk(load(kind), load(kind), ())


def complete(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """`spec` with every field of `kind`: an omitted one has its default, `None` (not managed) where there is none."""
    known = traits(kind)
    return {name: spec[name] if name in spec else known.defaults.get(name) for name in known.fields}


def _walk(
    root: Mapping[str, Any], node: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    yield path, node
    reference = node.get("$ref", "")
    if reference:
        yield from _walk(root, resolve(root, reference), path)
    for name, prop in node.get("properties", {}).items():
        yield from _walk(root, prop, (*path, name))
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), Mapping):
            yield from _walk(root, node[word], (*path, "*"))
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in node.get(word, ()):
            yield from _walk(root, branch, path)


def resolve(root: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    """What a `$ref` of the schema `root` points at: `#/…`, or `<file>.json#/…` in the same folder."""
    name, _, pointer = reference.partition("#")
    node: Any = load(name.removesuffix(".json")) if name else root
    for part in filter(None, pointer.split("/")):
        node = node[part]
    found: Mapping[str, Any] = node
    return found
