"""Which resource of the file a value means, and what stands in the `metaflow` block: what the rules of `lint` ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.document import interpolate
from mfinfra.model import Environment, Ref, Resource


def named(environment: Environment, kind: str, value: Any) -> Resource | None:
    """The resource of `environment` that `value` means: its name, its ARN, or a reference to either."""
    for address, resource in environment.resources.items():
        if address.kind != kind:
            continue
        if isinstance(value, Ref):
            if value.address == address:
                return resource
        elif isinstance(value, str) and (value in (resource.spec.get("name"), arn(resource))):
            return resource
    return None


def arn(resource: Resource) -> str | None:
    """The ARN of `resource`, where it follows from plain fields."""
    template = schemas.traits(resource.kind).attributes.get("arn", {}).get("value")
    if template is None:
        return None
    text = template
    for name in ("partition", "region", "account"):
        text = text.replace(f"${{{name}}}", getattr(resource.scope, name))
    for name, value in resource.spec.items():
        if isinstance(value, str):
            text = text.replace(f"${{self.{name}}}", value)
    return text


def written(environment: Environment, dotted: str) -> Any:
    """What stands at a `dotted` place of the `metaflow` block; `None` if nothing does."""
    value: Any = environment.metaflow
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def played(environment: Environment, dotted: str, kind: str) -> Resource | None:
    """The resource of this file that plays a part, said by its address, its name or its ARN."""
    value = written(environment, dotted)
    address = interpolate.address(value) if isinstance(value, str) else None
    if address in environment.resources and address is not None:
        return environment.resources[address]
    return named(environment, kind, value)


def datastore(environment: Environment) -> tuple[str, Resource | None]:
    """Where the bucket of the datastore is said in the block, and which of this file it is."""
    place = "datastore.bucket" if isinstance(written(environment, "datastore"), Mapping) else "datastore"
    return place, played(environment, place, "bucket")
