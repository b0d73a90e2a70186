"""Properties of a template as the parameters of an operation: the same words in other cases, and text for numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.core.utils import get_service_model


def params(service: str, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `operation` that `properties` has, as its model writes them; what it has not is left out."""
    shape = get_service_model(service).operation_model(operation).input_shape
    found: dict[str, Any] = _shaped(shape, properties)
    return found


def text(document: Any) -> str:
    """A policy document as the text that an operation takes."""
    return document if isinstance(document, str) else json.dumps(document)


def _shaped(shape: Any, value: Any) -> Any:
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            members = {name.lower(): name for name in shape.members}
            known = {members[key.lower()]: item for key, item in value.items() if key.lower() in members}
            return {name: _shaped(shape.members[name], item) for name, item in known.items()}
        case "list":
            return [_shaped(shape.member, item) for item in value]
        case "map":
            return {str(key): _shaped(shape.value, item) for key, item in value.items()}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case _:
            return str(value)
