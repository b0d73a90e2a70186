"""The rules of `lint` for keys, what they encrypt, and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.document.tree import shown
from mfinfra.model import Environment, Ref, Resource

Finding = tuple[tuple[str | int, ...], str, str, str | None]

ARN = re.compile(r"arn:[^:]+:kms:(?P<region>[^:]+):\d{12}:.+")
# What AWS puts at the end of a secret's ARN. https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
ENDING = re.compile(r".+-[A-Za-z0-9]{6}")
PLACES: Mapping[str, tuple[str, ...]] = {
    "bucket": ("encryption", "key"),
    "log_group": ("key",),
    "repository": ("encryption", "key"),
    "secret": ("key",),
    "table": ("encryption_key",),
}


def alias(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """An alias that an earlier key has."""
    for address, other in sorted(environment.resources.items()):
        if address == resource.address:
            return
        if address.kind == resource.kind and other.spec["alias"] == resource.spec["alias"]:
            yield ("alias",), "MF1101", f"`{address}` has the same `alias`: both would be one thing in AWS", None
            return


def region(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """A key of another region: no service uses one."""
    place = PLACES[resource.kind]
    found = ARN.fullmatch(str(_at(resource.spec, place)))
    here = environment.scope.region
    if found and found["region"] != here:
        message = (
            f"the key is in {shown(found['region'])}, and this environment is in {here}: no service uses such a key"
        )
        yield place, "MF1153", message, f"name a key of {here}, or put one into the file (`key.NAME`)"


def closed(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """A log group under a key of the file whose policy is not managed."""
    key = resource.spec.get("key")
    used = environment.resources.get(key.address) if isinstance(key, Ref) else None
    if used is not None and used.spec.get("policy") is None:
        message = f"the policy of `{used.address}` is not managed, so nothing lets CloudWatch Logs use the key"
        hint = f"remove `policy: null` at `{used.address}`, or see to it that the policy names the service"
        yield ("key",), "MF2150", message, hint


def ending(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """A secret's name that looks like the end of an ARN."""
    if ENDING.fullmatch(str(resource.spec["name"])):
        message = (
            "the name ends with a hyphen and six characters, as ARNs of secrets do: a search may find another secret"
        )
        yield ("name",), "MF2151", message, "give it another name, or end it with more or fewer characters"


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
