"""An environment as a file: every default and reference filled in, stable, and readable again as the same.

What AWS invents is shown as `${kind.name.attribute}`. Tags of the environment stand at each resource; a dependency
that a filled-in reference no longer shows stands under `depends_on`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from mfinfra import printable, schemas
from mfinfra.document import scalars
from mfinfra.document.interpolate import escaped
from mfinfra.document.nearest import did_you_mean
from mfinfra.document.read import Reading
from mfinfra.document.suppress import Suppression
from mfinfra.document.tree import Path, fits
from mfinfra.errors import UserError
from mfinfra.model import Access, Address, Environment, Ref, Resource, Template

# Wide enough that no text is folded: a folded line could not be copied.
WIDTH = 1 << 20
LINE = 100
"""Characters of what stands on one line."""
DEEPEST = 2
"""Brackets inside each other on one line."""
TEXT = "tag:yaml.org,2002:str"


def show(reading: Reading, address: str | None = None) -> str:
    """The whole file, or the one resource at `address`; raises `UserError` if there is none."""
    environment = reading.environment
    if address is None:
        return write(environment, reading.suppressions)
    every = {str(at): resource for at, resource in (*environment.resources.items(), *environment.disabled.items())}
    if address not in every:
        raise UserError(f"there is no `{address}` in `{environment.source.path}`", hint=did_you_mean(address, every))
    resource = every[address]
    disabled = resource.address in environment.disabled
    return _dump({"resources": _resources({resource.address: _fields(resource, disabled=disabled)})})


def write(environment: Environment, suppressions: Iterable[Suppression] = ()) -> str:
    """`environment` as the YAML of one file, with the warnings that may stand in it."""
    fields = {
        address: _fields(resource, disabled=address in environment.disabled)
        for address, resource in (*environment.resources.items(), *environment.disabled.items())
    }
    scope = environment.scope
    document: dict[str, Any] = {
        "version": 1,
        "environment": scope.environment,
        "account": scope.account,
        "region": scope.region,
    }
    if access := _access(environment.access):
        document["aws"] = access
    if environment.lock is not None:
        document["lock"] = escaped(environment.lock)
    if written := [_suppression(one) for one in suppressions]:
        document["suppress"] = written
    document["resources"] = _resources(fields)
    if environment.metaflow:
        document["metaflow"] = _plain(environment.metaflow)
    return _dump(document)


def compose(
    head: Mapping[str, Any],
    resources: Mapping[Address, Mapping[str, Any]],
    metaflow: Mapping[str, Any],
    remarks: Mapping[tuple[str, ...], Sequence[str]],
) -> str:
    """A file of these words, which are taken as they are: addresses stay references, `${` is a literal one.

    `remarks` are comments by what they stand above: `()` the file, `(kind, name)` a resource, `(kind, name, field)`.
    """
    lines = [*_remarks(remarks.get((), ()), "")]
    lines += [line for name, value in {"version": 1, **head}.items() for line in _block({name: value}, "")]
    lines += ["", "resources:"] if resources else ["", "resources: {}"]
    for number, (kind, names) in enumerate(_by_kind(resources).items()):
        lines += [*([""] if number else []), f"  {kind}:"]
        for address in names:
            lines += _remarks(remarks.get((kind, address.name), ()), "    ")
            lines += _named(address, resources[address], remarks)
    if metaflow:
        lines += ["", *_block({"metaflow": metaflow}, "")]
    return "\n".join(lines) + "\n"


def _by_kind(resources: Iterable[Address]) -> dict[str, list[Address]]:
    found: dict[str, list[Address]] = {}
    for address in resources:
        found.setdefault(address.kind, []).append(address)
    return found


def _named(address: Address, body: Mapping[str, Any], remarks: Mapping[tuple[str, ...], Sequence[str]]) -> list[str]:
    """One resource, on one line where that is short and nothing is remarked on."""
    policies = schemas.traits(address.kind).policies
    plain = {name: _plain(value, (name,), policies) for name, value in body.items()}
    said = {
        name: remarks[address.kind, address.name, name]
        for name in body
        if (address.kind, address.name, name) in remarks
    }
    if not said and _fits_a_line({address.name: plain}):
        (line,) = _dump({address.name: plain}, flow=True).strip().splitlines()
        return [f"    {line.removeprefix('{').removesuffix('}')}"]
    lines = [f"    {_dump({address.name: {}}).strip().removesuffix(' {}')}"]  # `null` and `no` are no text to others
    for name, value in plain.items():
        lines += [*_remarks(said.get(name, ()), "      "), *_block({name: value}, "      ", escape=False)]
    return lines


def _fits_a_line(value: Any) -> bool:
    """Whether it may stand on one line: a few scalars, or lists of them."""
    words = list(_scalars(value))
    return None not in words and sum(len(str(word)) + 2 for word in words) <= LINE


def _scalars(value: Any, depth: int = 0) -> Iterator[str | None]:
    """Every word in `value`, as text; `None` for what cannot stand on a line with others."""
    match value:
        case Mapping() | list() if depth > DEEPEST:
            yield None
        case Mapping():
            for key, item in value.items():
                yield str(key)
                yield from _scalars(item, depth + 1)
        case list():
            for item in value:
                yield from _scalars(item, depth + 1)
        case _:
            yield None if "\n" in str(value) else str(value)


def _block(value: Mapping[str, Any], indent: str, *, escape: bool = True) -> list[str]:
    text = _dump(_plain(value) if escape else value, dumper=_Compact)
    return [f"{indent}{line}".rstrip() if not line.strip() else f"{indent}{line}" for line in text.splitlines()]


def _remarks(found: Iterable[str], indent: str) -> Iterator[str]:
    """Comments of one line each, of characters that people see."""
    for text in found:
        yield f"{indent}# {printable.visible(' '.join(text.split()))}".rstrip()


def _suppression(one: Suppression) -> dict[str, str]:
    fields = {"code": one.code, "address": one.address, "reason": one.reason}
    return {name: escaped(value) for name, value in fields.items() if value is not None}


def _resources(fields: Mapping[Address, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for address, body in fields.items():
        found.setdefault(address.kind, {})[address.name] = body
    return found


def _fields(resource: Resource, *, disabled: bool) -> dict[str, Any]:
    known = schemas.traits(resource.kind)
    fields = {name: _plain(resource.spec.get(name), (name,), known.policies) for name in known.fields}
    fields["tags"] = _plain(resource.tags)
    fields["depends_on"] = sorted(str(address) for address in resource.depends_on)
    fields["protect"] = resource.protect
    fields["adopt"] = resource.adopt
    if disabled:
        fields["enabled"] = False
    return fields


def _access(access: Access) -> dict[str, Any]:
    fields = {"profile": access.profile, "assume_role": access.assume_role, "endpoint": access.endpoint}
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def _plain(value: Any, path: Path = (), policies: Collection[tuple[str, ...]] = ()) -> Any:
    """`value` for YAML: what is not known is asked for by reference, and what looks like a reference is escaped.

    `policies` are the places of policy documents: there, keys are read as text with references too.
    """
    match value:
        case Ref():
            return f"${{{value}}}"
        case Template(parts):
            return "".join(escaped(part) if isinstance(part, str) else f"${{{part}}}" for part in parts)
        case str():
            return escaped(value)
        case Mapping():
            inside = any(fits(path[: len(place)], place) for place in policies)
            return {
                escaped(key) if inside else key: _plain(item, (*path, key), policies) for key, item in value.items()
            }
        case list() | tuple():
            return [_plain(item, (*path, index), policies) for index, item in enumerate(value)]
        case _:
            return value


class _Dumper(yaml.SafeDumper):
    """Writes for our own reader: quotes whatever would not come back as the same text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write every value out: people read this."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = "\n" in text.rstrip("\n") and all(letter.isprintable() or letter == "\n" for letter in text)
    kind = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    quoted = scalars.read(text) != text or kind != TEXT or text.isdecimal()
    style = "|" if lines else '"' if quoted else None
    return dumper.represent_scalar(TEXT, text, style=style)


class _Compact(_Dumper):
    """Writes what is short on one line."""


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    flow = all(not isinstance(item, Mapping | list) for item in value) and _fits_a_line(value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flow)


def _mapping(dumper: yaml.SafeDumper, value: Mapping[str, Any]) -> yaml.MappingNode:
    flow = all(not isinstance(item, Mapping) for item in value.values()) and _fits_a_line(value) and len(value) > 1
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=flow)


_Dumper.add_representer(str, _text)
_Compact.add_representer(list, _list)
_Compact.add_representer(dict, _mapping)


def _dump(document: Mapping[str, Any], *, flow: bool = False, dumper: type[yaml.SafeDumper] = _Dumper) -> str:
    text: str = yaml.dump(
        document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=flow
    )
    return text
