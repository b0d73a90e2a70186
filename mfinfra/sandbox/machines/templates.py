"""What goes into a state and what comes out of it: paths and payload templates.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mfinfra.sandbox.machines import intrinsics, paths
from mfinfra.sandbox.machines.failure import PARAMETER_PATH, RESULT_PATH, RUNTIME, StateError

State = Mapping[str, Any]


def follow(text: str, value: Any, context: Mapping[str, Any]) -> Any:
    """What `text` leads to in `value`, or in the context object where it begins with `$$`.

    Raises `paths.NotThere` and `paths.PathError`.
    """
    return paths.select(text[1:], context) if text.startswith("$$") else paths.select(text, value)


def lookup(text: str, value: Any, context: Mapping[str, Any]) -> Any:
    """The same, where nothing there is an error of the execution. Raises `StateError`."""
    try:
        return follow(text, value, context)
    except (paths.NotThere, paths.PathError) as error:
        raise StateError(RUNTIME, f"Invalid path '{text}' in the input '{_shown(value)}': {error}") from error


def filled(template: Any, value: Any, context: Mapping[str, Any]) -> Any:
    """`template` with each field whose name ends in `.$` replaced by what its path or function gives."""
    if isinstance(template, list):
        return [filled(each, value, context) for each in template]
    if not isinstance(template, dict):
        return template
    made: dict[str, Any] = {}
    for name, inner in template.items():
        if name.endswith(".$"):
            made[name.removesuffix(".$")] = _found(name, inner, value, context)
        else:
            made[name] = filled(inner, value, context)
    return made


def narrowed(state: State, field: str, value: Any, context: Mapping[str, Any]) -> Any:
    """`value` through `InputPath` or `OutputPath`; `null` makes it an empty object."""
    text = state.get(field, "$")
    if text is None:
        return {}
    try:
        return follow(text, value, context)
    except (paths.NotThere, paths.PathError) as error:
        raise StateError(RUNTIME, f"Invalid path '{text}' : {_missing(field, text, value)}") from error


def effective(state: State, value: Any, context: Mapping[str, Any]) -> Any:
    """What a state works on: its input through `InputPath` and `Parameters`."""
    chosen = narrowed(state, "InputPath", value, context)
    return filled(state["Parameters"], chosen, context) if "Parameters" in state else chosen


def placed(state: State, value: Any, result: Any, context: Mapping[str, Any]) -> Any:
    """What a state hands on before `OutputPath`: its result through `ResultSelector` and `ResultPath`."""
    if "ResultSelector" in state:
        result = filled(state["ResultSelector"], result, context)
    return put(state, value, result)


def put(state: State, value: Any, result: Any) -> Any:
    """`result` where `ResultPath` puts it in `value`; `null` drops it."""
    text = state.get("ResultPath", "$")
    if text is None:
        return value
    try:
        return paths.put(text, result, value)
    except (paths.NotThere, paths.PathError) as error:
        cause = f'Unable to apply step "{text}" to input {_shown(value)}'
        raise StateError(RESULT_PATH, cause) from error


def _found(name: str, text: Any, value: Any, context: Mapping[str, Any]) -> Any:
    if not isinstance(text, str):
        raise StateError(RUNTIME, f"The value for the field '{name}' must be a path or an intrinsic function")
    try:
        if text.startswith("$"):
            return follow(text, value, context)
        return intrinsics.evaluate(text, lambda path: follow(path, value, context))
    except (paths.NotThere, paths.PathError) as error:
        raise StateError(PARAMETER_PATH, _missing(name, text, value)) from error


def _missing(field: str, text: str, value: Any) -> str:
    return f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{_shown(value)}'"


def _shown(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
