"""An environment as a file: every default and reference filled in, stable, and readable again as the same.

What AWS invents is shown as `${kind.name.attribute}`. Tags of the environment stand at each resource; a dependency
that a filled-in reference no longer shows stands under `depends_on`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

from mfinfra import schemas
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
    quoted = scalars.read(text) != text or kind != TEXT
    style = "|" if lines else '"' if quoted else None
    return dumper.represent_scalar(TEXT, text, style=style)


_Dumper.add_representer(str, _text)


def _dump(document: Mapping[str, Any]) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text
