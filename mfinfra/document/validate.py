"""The schema, applied: every error of a document in one run, each at its place and in plain words.

The only importer of jsonschema. Nothing is ever fetched: every `$ref` resolves inside the one schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry

from mfinfra import schemas
from mfinfra.document import bundle
from mfinfra.document.sentences import Failure, said
from mfinfra.document.tree import Node, Path, Tree
from mfinfra.errors import Problem
from mfinfra.model import Ref, Template

Errors: TypeAlias = Iterator[ValidationError]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the schema says about `data`, which is `tree` with its references filled in."""

    data: Any
    tree: Tree
    errors: tuple[ValidationError, ...]

    @property
    def problems(self) -> list[Problem]:
        """Every error as a problem; what has the wrong type breaks every other rule too, and is told once."""
        failures = [_failure(error) for error in self.errors]
        mistyped = {failure.path for failure in failures if failure.rule == "type"}
        relevant = (failure for failure in failures if failure.rule == "type" or failure.path not in mistyped)
        return list(dict.fromkeys(problem for failure in relevant for problem in said(failure, self.tree, self.data)))

    @property
    def numbers_meant_as_text(self) -> frozenset[Path]:
        """Where an unquoted number stands and text is wanted: there, its digits are meant as they are written."""
        found = set()
        for error in _leaves(iter(self.errors)):
            node = _node(self.tree, tuple(error.absolute_path))
            wants_text = error.validator == "type" and "string" in _listed(error.validator_value)
            if wants_text and node is not None and node.raw and type(node.value) in (int, float):
                found.add(tuple(error.absolute_path))
        return frozenset(found)


def validate(data: Any, tree: Tree) -> Checked:
    """Apply the schema to `data`; a value that is not known yet passes as text.

    `null` at a field that may be omitted says "not managed" and is always right.
    """
    managed = without_null(data)
    return Checked(managed, tree, tuple(_validator().iter_errors(managed)))


def shape(name: str, data: Any) -> tuple[str, ...]:
    """What the schema `schemas/<name>.json` says against `data`, one sentence for each place; empty if it fits."""
    errors = Draft202012Validator(schemas.load(name), registry=Registry()).iter_errors(data)
    return tuple(f"`{error.json_path.removeprefix('$.')}` is not as the schema has it" for error in errors)


def without_null(data: Any) -> Any:
    """`data` without the `null`s that say "not managed" or "as if it were not here"."""
    if not isinstance(data, Mapping):
        return data
    found = {name: _pruned(value) for name, value in data.items() if value is not None and name != "resources"}
    resources = data.get("resources")
    if isinstance(resources, Mapping):
        found["resources"] = {kind: _named(kind, named) for kind, named in resources.items() if named is not None}
    elif "resources" in data:
        found["resources"] = resources if resources is not None else {}
    return found


class _Body(dict[str, Any]):
    """A resource's fields without those that are `null`; `unmanaged` are their names."""

    unmanaged: frozenset[str] = frozenset()


def _named(kind: str, named: Any) -> Any:
    if not isinstance(named, Mapping):
        return named
    required = schemas.traits(kind).required if kind in schemas.kinds() else frozenset()
    return {name: _body(body, required) if isinstance(body, Mapping) else body for name, body in named.items()}


def _body(body: Mapping[str, Any], required: frozenset[str]) -> _Body:
    found = _Body({key: value for key, value in body.items() if value is not None or key in required})
    found.unmanaged = frozenset(body.keys() - found.keys())
    return found


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _pruned(item) for key, item in value.items() if item is not None}
    return value


def _leaves(errors: Errors) -> Errors:
    for error in errors:
        yield error
        yield from _leaves(iter(error.context or ()))


def _node(tree: Tree, path: Path) -> Node | None:
    node: Node | None = tree.root
    for step in path:
        node = node.child(step) if node is not None else None
    return node


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _failure(error: ValidationError) -> Failure:
    return Failure(
        rule=str(error.validator),
        wanted=error.validator_value,
        value=error.instance,
        path=tuple(error.absolute_path),
        schema=error.schema if isinstance(error.schema, dict) else {},
        of_name="propertyNames" in error.absolute_schema_path,
        at=tuple(error.schema_path),
        under=tuple(_failure(below) for below in error.context or ()),
    )


@cache
def _validator() -> Draft202012Validator:
    words = {word: _known_only(Draft202012Validator.VALIDATORS[word]) for word in ("enum", "const", "pattern", "not")}
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "string", lambda _, value: isinstance(value, str | Ref | Template)
    )
    checks = extend(  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        Draft202012Validator,
        {**words, "minLength": _shortest, "maxLength": _longest, "required": _required, "if": _if},
        type_checker=types,
    )
    validator: Draft202012Validator = checks(bundle.composed(), registry=Registry())
    return validator


def _known_only(check: Any) -> Any:
    """The same check, silent about a value that is known later, and about a text that is too long anyway."""

    def checked(validator: Any, wanted: Any, value: Any, schema: Mapping[str, Any]) -> Errors:
        if isinstance(value, Ref | Template):
            return
        if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
            return
        yield from check(validator, wanted, value, schema)

    return checked


def _shortest(_validator: Any, wanted: int, value: Any, _schema: Any) -> Errors:
    if isinstance(value, str) and len(value) < wanted:
        yield ValidationError("too short")


def _longest(_validator: Any, wanted: int, value: Any, _schema: Any) -> Errors:
    if isinstance(value, str) and len(value) > wanted:
        yield ValidationError("too long")


def _required(validator: Any, wanted: list[str], value: Any, _schema: Any) -> Errors:
    """One error for all that is missing; a field that is `null` is said, not missing."""
    if validator.is_type(value, "object"):
        said_so = value.keys() | getattr(value, "unmanaged", frozenset())
        if missing := [name for name in wanted if name not in said_so]:
            yield ValidationError("missing", validator_value=missing)


def _if(validator: Any, condition: Any, value: Any, schema: Mapping[str, Any]) -> Errors:
    """The keyword of JSON Schema; a condition does not see a field that is `null`."""
    seen = dict(value) if isinstance(value, _Body) else value
    branch = "then" if validator.evolve(schema=condition).is_valid(seen) else "else"
    if branch in schema:
        yield from validator.descend(value, schema[branch], schema_path=branch)
