"""A machine, state by state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from mfinfra.sandbox.machines import choices, retries
from mfinfra.sandbox.machines.distributed import distributed
from mfinfra.sandbox.machines.failure import DATA_LIMIT, LONGEST_DATA, NO_CHOICE, RUNTIME, TIMEOUT, StateError
from mfinfra.sandbox.machines.maps import Entered, inline
from mfinfra.sandbox.machines.templates import effective, lookup, narrowed, placed, put
from mfinfra.sandbox.machines.world import Definition, Line

State = Mapping[str, Any]
Work = Callable[[str, State, Any, Line], Awaitable[Any]]

ENDED: Final = frozenset({"Succeed", "Fail"})


async def run(definition: Definition, value: Any, line: Line) -> Any:
    """Run a machine, a branch or an iteration from its first state to its end; its output. Raises `StateError`."""
    if definition.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise StateError(RUNTIME, "the sandbox runs state machines whose query language is JSONPath only")
    name: str | None = definition["StartAt"]
    while name is not None:
        await asyncio.sleep(0)  # a machine that goes round and round leaves the others their turn
        line.world.check()
        state = definition["States"][name]
        line.tried = {}
        line.context["State"] = {"EnteredTime": line.world.now(), "Name": name, "RetryCount": 0}
        entered = line.tell(f"{state['Type']}StateEntered", name=name, input=value)
        value, name = await _state(name, state, value, line, entered)
    return value


async def _state(name: str, state: State, value: Any, line: Line, entered: int) -> tuple[Any, str | None]:
    """One state, tried as often as it says; its output and the name of the next."""
    while True:
        try:
            return await _once(name, state, value, line)
        except StateError as failure:
            if failure.error == RUNTIME and "entered at the event id" not in failure.cause:
                place = f"An error occurred while executing the state '{name}' (entered at the event id #{entered})."
                raise StateError(RUNTIME, f"{place} {failure.cause}") from failure
            seconds = retries.delay(state, failure, line.tried)
            if seconds is not None:
                line.context["State"]["RetryCount"] += 1
                await line.world.back_off(seconds)
                continue
            catcher = retries.catcher(state, failure)
            if catcher is None:
                raise
            output = put(catcher, value, {"Error": failure.error, "Cause": failure.cause})
            return _exited(name, state, output, line), catcher["Next"]


async def _once(name: str, state: State, value: Any, line: Line) -> tuple[Any, str | None]:
    kind = state["Type"]
    if kind == "Choice":
        chosen = narrowed(state, "InputPath", value, line.context)
        following = _choice(state, chosen, line)
        return _exited(name, state, narrowed(state, "OutputPath", chosen, line.context), line), following
    if kind == "Fail":
        raise StateError(_said(state, "Error", value, line), _said(state, "Cause", value, line))
    output = await _worked(name, state, value, line)
    return _exited(name, state, output, line), None if kind in ENDED or state.get("End") else state["Next"]


async def _worked(name: str, state: State, value: Any, line: Line) -> Any:
    if state["Type"] in ("Succeed", "Wait"):
        chosen = narrowed(state, "InputPath", value, line.context)
        if state["Type"] == "Wait":
            await line.world.wait(_seconds(state, chosen, line))
        return narrowed(state, "OutputPath", chosen, line.context)
    if state["Type"] == "Map":
        entered = Entered(name, state, narrowed(state, "InputPath", value, line.context), line)
        result = await (distributed(entered) if entered.distributed else inline(entered, run))
    else:
        result = await WORK[state["Type"]](name, state, effective(state, value, line.context), line)
    whole = placed(state, narrowed(state, "InputPath", value, line.context), result, line.context)
    return narrowed(state, "OutputPath", whole, line.context)


async def _task(_name: str, state: State, value: Any, line: Line) -> Any:
    limit = state.get("TimeoutSeconds")
    if "TimeoutSecondsPath" in state:
        limit = lookup(state["TimeoutSecondsPath"], value, line.context)
    try:
        async with asyncio.timeout(limit):
            return await line.world.perform(state["Resource"], value, line)
    except TimeoutError as error:
        *_, service, action = state["Resource"].split(":")
        line.tell("TaskTimedOut", resourceType=service, resource=action, error=TIMEOUT)
        raise StateError(TIMEOUT, "") from error


async def _pass(_name: str, state: State, value: Any, _line: Line) -> Any:
    return state.get("Result", value)


async def _parallel(_name: str, state: State, value: Any, line: Line) -> Any:
    line.tell("ParallelStateStarted")
    forks = [line.fork() for _ in state["Branches"]]
    lines = zip(state["Branches"], forks, strict=True)
    try:
        outputs = await together([run(branch, value, fork) for branch, fork in lines])
    except StateError as failure:
        line.tell("ParallelStateFailed", error=failure.error, cause=failure.cause)
        raise
    line.last = max(fork.last for fork in forks)
    line.tell("ParallelStateSucceeded")
    return outputs


WORK: Final[Mapping[str, Work]] = {"Task": _task, "Pass": _pass, "Parallel": _parallel}


async def together(lines: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run them at once; the first that fails ends the others. Raises its `StateError`."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(line) for line in lines]
    except* StateError as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def _choice(state: State, value: Any, line: Line) -> str:
    for rule in state["Choices"]:
        if choices.holds(rule, value, line.context):
            return str(rule["Next"])
    if "Default" not in state:
        raise StateError(NO_CHOICE, "No choice rule matched, and the state has no Default")
    return str(state["Default"])


def _seconds(state: State, value: Any, line: Line) -> float:
    if "Timestamp" in state or "TimestampPath" in state:
        text = state["Timestamp"] if "Timestamp" in state else lookup(state["TimestampPath"], value, line.context)
        return max(0.0, (datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds())
    return float(state["Seconds"] if "Seconds" in state else lookup(state["SecondsPath"], value, line.context))


def _said(state: State, field: str, value: Any, line: Line) -> str:
    path = state.get(f"{field}Path")
    return str(state.get(field, "") if path is None else lookup(path, value, line.context))


def _exited(name: str, state: State, output: Any, line: Line) -> Any:
    text = json.dumps(output, separators=(",", ":"))
    if len(text.encode()) > LONGEST_DATA:
        cause = f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes"
        raise StateError(DATA_LIMIT, f"{cause} service limit.")
    line.tell(f"{state['Type']}StateExited", name=name, output=output)
    return output
