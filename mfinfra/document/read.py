"""From a path to an environment: load, merge, resolve, validate, lint, in one run that reports every problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mfinfra import schemas
from mfinfra.document import bundle, lint, merge, references, scalars, sentences, suppress, validate
from mfinfra.document.references import Resolution
from mfinfra.document.tree import Node, Tree
from mfinfra.document.tree import Path as Steps
from mfinfra.errors import InvalidDocument, Problem
from mfinfra.model import Access, Address, Environment, Resource, Scope, Source

_HEAD = ("environment", "account", "region")


@dataclass(frozen=True, slots=True)
class Reading:
    """A valid file: its environment, and what is odd about it without being wrong.

    `suppressed` are the warnings that the file lets stand, by what it says in `suppressions`.
    """

    environment: Environment
    warnings: tuple[Problem, ...] = ()
    suppressed: tuple[Problem, ...] = ()
    suppressions: tuple[suppress.Suppression, ...] = ()


def read(path: str | Path) -> Reading:
    """Read the environment file at `path`; raises `InvalidDocument` with all its problems.

    Role presets stay as they are written: `mfinfra.metaflow.presets` builds their statements.
    """
    merged = merge.merged(Path(path))
    tree, resolution, broken = _checked(merged.tree)
    earlier = (*merged.problems, *scalars.characters(tree))
    found = [*earlier, *resolution.problems, *_unexplained(broken, earlier)]
    if any(one.code == merge.CODE for one in found):
        # Half of the file is somewhere else: that something is not there says nothing.
        found = [one for one in found if one.code not in (sentences.MISSING, references.UNKNOWN_ADDRESS)]
    source = Source(str(path), merged.sha256, tuple(merged.tree.lines))
    environment = _environment(tree, resolution, source, _unsound(found))
    written = resolution.rest.get(suppress.FIELD)
    found = suppress.applied([*found, *lint.findings(environment, tree)], written, tree)
    by_severity: dict[str, list[Problem]] = {"error": [], "warning": [], suppress.SUPPRESSED: []}
    for one in _ordered(found, tree):
        by_severity[one.severity].append(one)
    errors, warnings, suppressed = by_severity.values()
    if errors:
        raise InvalidDocument(errors)
    return Reading(environment, tuple(warnings), tuple(suppressed), suppress.entries(written))


def _checked(tree: Tree) -> tuple[Tree, Resolution, list[Problem]]:
    """The tree with digits as text where text is wanted, what its references mean, and how it breaks the schema."""
    resolution = references.resolve(tree, _scope(tree))
    checked = validate.validate(_whole(tree, resolution), tree)
    if digits := checked.numbers_meant_as_text:
        tree = Tree(_as_text(tree.root, digits, ()), tree.lines)
        resolution = references.resolve(tree, _scope(tree))
        checked = validate.validate(_whole(tree, resolution), tree)
    return tree, resolution, _misplaced(checked.problems, resolution)


def _whole(tree: Tree, resolution: Resolution) -> Any:
    """The data that the file says, with the references filled in wherever there is a resource."""
    data = tree.root.data
    if not isinstance(data, dict):
        return data
    whole = {**data, **resolution.rest}
    if isinstance(data.get("resources"), dict):
        whole["resources"] = {
            kind: {name: resolution.written.get(Address(kind, name), body) for name, body in named.items()}
            if isinstance(named, dict)
            else named
            for kind, named in data["resources"].items()
        }
    return whole


def _misplaced(problems: list[Problem], resolution: Resolution) -> list[Problem]:
    """Without those about a reference that is reported already."""
    places = {(found.file, found.line, found.column) for found in resolution.problems}
    return [found for found in problems if (found.file, found.line, found.column) not in places]


def _unexplained(problems: list[Problem], earlier: Iterable[Problem]) -> Iterator[Problem]:
    """Those that do not follow from what could not be read as it is written."""
    places = {(found.file, found.line, found.column) for found in earlier if found.severity == "error"}
    lines = {place[:2] for place in places}
    for found in problems:
        missing_there = found.code == sentences.MISSING and (found.file, found.line) in lines
        if (found.file, found.line, found.column) not in places and not missing_there:
            yield found


def _as_text(node: Node, digits: frozenset[Steps], path: Steps) -> Node:
    match node.value:
        case dict() as entries:
            changed = {
                key: replace(entry, node=_as_text(entry.node, digits, (*path, key))) for key, entry in entries.items()
            }
            return replace(node, value=changed)
        case list() as items:
            return replace(node, value=[_as_text(item, digits, (*path, index)) for index, item in enumerate(items)])
        case _:
            return replace(node, value=node.raw) if path in digits else node


def _scope(tree: Tree) -> Scope:
    data = {name: node for name in _HEAD if (node := tree.root.child(name)) is not None}
    patterns = {name: bundle.source()["properties"][name]["pattern"] for name in _HEAD}
    # A head that is wrong is reported by the schema; what stands in for it lets the rest be checked.
    filled = {"environment": "unknown", "account": "000000000000", "region": "us-east-1"}
    for name, node in data.items():
        text = node.raw if node.raw is not None else node.value
        if isinstance(text, str) and re.search(patterns[name], text):
            filled[name] = text
    return Scope(**filled)


def _unsound(problems: Iterable[Problem]) -> frozenset[str]:
    """The addresses that have an error: nothing is concluded from them."""
    return frozenset(".".join(re.split(r"[.\[]", found.subject)[:2]) for found in problems if found.severity == "error")


def _environment(tree: Tree, resolution: Resolution, source: Source, unsound: frozenset[str]) -> Environment:
    rest = resolution.rest
    shared = _mapping(rest.get("tags"))
    resources = {
        address: _resource(address, resolution, shared, tree)
        for address in resolution.specs
        if str(address) not in unsound
    }
    enabled = {address: spec.get("enabled") is not False for address, spec in resolution.specs.items()}
    return Environment(
        scope=_scope(tree),
        resources={address: resource for address, resource in resources.items() if enabled[address]},
        disabled={address: resource for address, resource in resources.items() if not enabled[address]},
        metaflow=_metaflow(rest.get("metaflow")),
        access=_access(_mapping(rest.get("aws"))),
        source=source,
        lock=rest.get("lock"),
    )


def _resource(address: Address, resolution: Resolution, shared: Mapping[str, str], tree: Tree) -> Resource:
    traits = schemas.traits(address.kind)
    body = resolution.specs[address]
    protect = body.get("protect")
    tags = {**shared, **_mapping(body.get("tags"))}
    return Resource(
        address=address,
        spec={name: body[name] for name in traits.fields},
        scope=_scope(tree),
        tags={key: value for key, value in tags.items() if value is not None},
        depends_on=frozenset(resolution.links.get(address, {})) - {address},
        protect=traits.holds_data if protect is None else protect,
        adopt=bool(body.get("adopt")),
        mark=tree.place(("resources", address.kind, address.name), key=True).mark,
    )


def _access(aws: Mapping[str, Any]) -> Access:
    role = _mapping(aws.get("assume_role"))
    default = bundle.source()["properties"]["aws"]["properties"]["assume_role"]["properties"]["session_name"]["default"]
    return Access(
        profile=aws.get("profile"),
        assume_role={**role, "session_name": role.get("session_name") or default} if role else None,
        endpoint=aws.get("endpoint"),
    )


def _metaflow(block: Any) -> dict[str, Any]:
    """The block without `null`s, and with the defaults of each part that is there."""
    schema = bundle.source()["properties"]["metaflow"]
    found = _mapping(validate.without_null({"metaflow": block}).get("metaflow"))
    return {
        name: _with_defaults(value, schema["properties"].get(name, {})) if isinstance(value, Mapping) else value
        for name, value in found.items()
    }


def _with_defaults(value: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    forms = [schema, *schema.get("anyOf", ())]
    defaults = {
        name: part["default"]
        for form in forms
        for name, part in form.get("properties", {}).items()
        if "default" in part
    }
    return {**value, **{name: default for name, default in defaults.items() if name not in value}}


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _ordered(problems: Iterable[Problem], tree: Tree) -> list[Problem]:
    """By place, the file that was asked for first; each once."""
    order = {name: index for index, name in enumerate(tree.lines)}
    return sorted(
        dict.fromkeys(problems), key=lambda one: (order.get(one.file, 0), one.line, one.column, one.code, one.message)
    )
