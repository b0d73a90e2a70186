"""Whether a definition is one that Step Functions takes.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mfinfra.sandbox.machines import paths

TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "Task": ("Resource",),
    "Pass": (),
    "Choice": ("Choices",),
    "Wait": (),
    "Succeed": (),
    "Fail": (),
    "Parallel": ("Branches",),
    "Map": (),
}
TERMINAL: Final = frozenset({"Choice", "Succeed", "Fail"})
RESOURCE: Final = re.compile(
    r"arn:aws[a-z-]*:(states:[a-z0-9-]*:\d*:[A-Za-z0-9_:.-]+|lambda:[a-z0-9-]+:\d{12}:function:.+|states:.*:activity:.+)"
)
PATH_FIELDS: Final = ("InputPath", "OutputPath", "ResultPath", "ItemsPath")
TEXTS: Final = ("Comment", "Next", "Default", "Resource", "Label")
OBJECTS: Final = ("ItemProcessor", "Iterator", "ItemReader", "ResultWriter")
LISTS: Final = ("Branches", "Choices", "Catch", "Retry")
NUMBERS: Final = ("HeartbeatSeconds", "MaxConcurrency", "Seconds", "TimeoutSeconds", "ToleratedFailureCount")
WAITS: Final = frozenset({"Seconds", "SecondsPath", "Timestamp", "TimestampPath"})
MODES: Final = ("INLINE", "DISTRIBUTED")
LONGEST: Final = 1_048_576
LONGEST_NAME: Final = 80


def problems(text: str) -> list[str]:
    """What is wrong with a definition, each as `CODE: message at /path`; nothing where it can be run."""
    if len(text.encode()) > LONGEST:
        return [f"INVALID_JSON_DESCRIPTION: the definition is longer than {LONGEST} bytes"]
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    if not isinstance(whole, dict):
        return ["SCHEMA_VALIDATION_FAILED: The definition must be an object at /"]
    return [*_machine(whole, "")]


def _machine(machine: Mapping[str, Any], path: str) -> Iterator[str]:
    states = machine.get("States")
    for field in ("StartAt", "States"):
        if field not in machine:
            yield _schema(f"These fields are required: [{field}]", path)
    if not isinstance(states, dict) or not states:
        yield _schema("The field 'States' must be an object with one state at least", f"{path}/States")
        return
    if "StartAt" in machine and machine["StartAt"] not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {machine['StartAt']} at {path}/StartAt"
    for name, state in states.items():
        here = f"{path}/States/{name}"
        if len(name) > LONGEST_NAME:
            yield _schema(f"The name of a state has {LONGEST_NAME} characters at most", here)
        yield from _state(state, states, here)


def _state(state: Any, states: Mapping[str, Any], path: str) -> Iterator[str]:
    kind = str(state.get("Type")) if isinstance(state, dict) else ""
    if kind not in TYPES:
        yield _schema(f"The field 'Type' should have one of these values: [{', '.join(TYPES)}]", f"{path}/Type")
        return
    if missing := [field for field in TYPES[kind] if field not in state]:
        yield _schema(f"These fields are required: [{', '.join(missing)}]", path)
    if wrong := [*_shapes(state, path)]:
        yield from wrong
        return
    yield from _transitions(state, states, path)
    yield from _fields(state, path)
    if kind == "Task" and isinstance(state.get("Resource"), str) and not RESOURCE.fullmatch(state["Resource"]):
        yield _schema("Value is not a valid resource ARN", f"{path}/Resource")
    yield from _inner(state, path)


def _shapes(state: Mapping[str, Any], path: str) -> Iterator[str]:
    """What holds another kind of value than it must."""
    for field in TEXTS:
        if not isinstance(state.get(field, ""), str):
            yield _schema("Expected value of type String", f"{path}/{field}")
    for field in NUMBERS:
        number = state.get(field, 0)
        if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
            yield _schema("Expected value of type Integer, and none below 0", f"{path}/{field}")
    for field in OBJECTS:
        value = state.get(field, {})
        if not isinstance(value, dict) or not isinstance(value.get("ProcessorConfig", {}), dict):
            yield _schema("Expected value of type Object", f"{path}/{field}")
    for field in LISTS:
        rows = state.get(field, [])
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            yield _schema("Expected value of type Array of Objects", f"{path}/{field}")
    if state["Type"] == "Wait" and not WAITS & state.keys():
        yield _schema(f"One of these fields is required: [{', '.join(sorted(WAITS))}]", path)


def _transitions(state: Mapping[str, Any], states: Mapping[str, Any], path: str) -> Iterator[str]:
    if state["Type"] not in TERMINAL and ("Next" in state) == bool(state.get("End")):
        yield _schema("A state has one of the fields 'Next' and 'End'", path)
    targets = [(f"{path}/Next", state["Next"])] if "Next" in state else []
    targets += [(f"{path}/Default", state["Default"])] if "Default" in state else []
    for field in ("Choices", "Catch"):
        for place, rule in enumerate(state.get(field, ())):
            if "Next" not in rule:
                yield _schema("These fields are required: [Next]", f"{path}/{field}[{place}]")
            else:
                targets.append((f"{path}/{field}[{place}]/Next", rule["Next"]))
    for where, target in targets:
        if target not in states:
            yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {where}"


def _fields(state: Mapping[str, Any], path: str) -> Iterator[str]:
    for field in PATH_FIELDS:
        text = state.get(field)
        if text is not None and not (isinstance(text, str) and _is_path(text)):
            yield _schema("Value is not a valid JSONPath", f"{path}/{field}")
    for field in ("Parameters", "ItemSelector", "ResultSelector"):
        if field in state:
            yield from _template(state[field], f"{path}/{field}")
    for field in ("Retry", "Catch"):
        for place, rule in enumerate(state.get(field, ())):
            if not rule.get("ErrorEquals"):
                yield _schema("These fields are required: [ErrorEquals]", f"{path}/{field}[{place}]")


def _template(template: Any, path: str) -> Iterator[str]:
    if isinstance(template, list):
        for place, each in enumerate(template):
            yield from _template(each, f"{path}[{place}]")
    elif isinstance(template, dict):
        for name, inner in template.items():
            if not name.endswith(".$"):
                yield from _template(inner, f"{path}/{name}")
            elif not (isinstance(inner, str) and (_is_path(inner) or inner.startswith("States."))):
                wanted = "must be a valid JSONPath or a valid intrinsic function call"
                yield _schema(f"The value for the field '{name}' {wanted}", f"{path}/{name}")


def _inner(state: Mapping[str, Any], path: str) -> Iterator[str]:
    for place, branch in enumerate(state.get("Branches", ())):
        yield from _machine(branch, f"{path}/Branches[{place}]")
    if state["Type"] != "Map":
        return
    key = next((each for each in ("ItemProcessor", "Iterator") if each in state), None)
    if key is None:
        yield _schema("These fields are required: [ItemProcessor]", path)
        return
    mode = state[key].get("ProcessorConfig", {}).get("Mode", "INLINE")
    if mode not in MODES:
        yield _schema(f"The field 'Mode' should have one of these values: [{', '.join(MODES)}]", f"{path}/{key}")
    if mode == "INLINE" and (refused := [field for field in ("ItemReader", "ResultWriter") if field in state]):
        yield _schema(f"Field is not supported for a Map in INLINE mode: {refused[0]}", f"{path}/{refused[0]}")
    yield from _machine(state[key], f"{path}/{key}")


def _is_path(text: str) -> bool:
    try:
        paths.parse(text[1:] if text.startswith("$$") else text)
    except paths.PathError:
        # What the sandbox cannot follow may still be a path.
        return text.startswith("$") and (".." in text or "[?" in text)
    return True


def _schema(message: str, path: str) -> str:
    return f"SCHEMA_VALIDATION_FAILED: {message} at {path or '/'}"
