"""From a file to everything that is wished: read, validated, resolved, presets filled in, ownership tags put on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mfinfra import document, ownership
from mfinfra.metaflow import presets
from mfinfra.model import Address, Environment, Resource


def read(path: str | Path) -> document.Reading:
    """The environment of the file at `path`; raises `InvalidDocument` with every problem in it."""
    reading = document.read(path)
    return replace(reading, environment=_owned(presets.expand(reading.environment)))


def _owned(environment: Environment) -> Environment:
    def tagged(resources: Mapping[Address, Resource]) -> dict[Address, Resource]:
        return {
            address: replace(resource, tags={**resource.tags, **ownership.tags(resource.scope, address)})
            for address, resource in resources.items()
        }

    return replace(environment, resources=tagged(environment.resources), disabled=tagged(environment.disabled))
