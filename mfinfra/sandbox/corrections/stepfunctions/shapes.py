"""Parameters and answers between the writing of Step Functions, PascalCase, and that of each service's model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mfinfra.sandbox.machines.failure import RUNTIME, StateError


def into(shape: Any, value: Any, path: str) -> Any:
    """`value` as the service's model writes it. Raises `StateError` for a member that it has not.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
    """
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = {_pascal(name): (name, inner) for name, inner in shape.members.items()}
        if unknown := [name for name in value if name not in members]:
            fields = ", ".join(members)
            raise StateError(RUNTIME, f'The field "{unknown[0]}" is not supported by {path}; it has {fields}')
        return {members[name][0]: into(members[name][1], each, f"{path}.{name}") for name, each in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [into(shape.member, each, path) for each in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {name: into(shape.value, each, path) for name, each in value.items()}
    return value


def out_of(shape: Any, value: Any) -> Any:
    """An answer's `value` as Step Functions writes it: PascalCase, times in milliseconds, bytes as text."""
    if shape is not None and shape.type_name == "structure" and isinstance(value, Mapping):
        known = {name: each for name, each in value.items() if name in shape.members}
        return {_pascal(name): out_of(shape.members[name], each) for name, each in known.items()}
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [out_of(shape.member, each) for each in value]
    if shape is not None and shape.type_name == "map" and isinstance(value, Mapping):
        return {name: out_of(shape.value, each) for name, each in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode()
    return value.read().decode() if hasattr(value, "read") else value


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]
