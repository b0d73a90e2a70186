"""A Map whose iterations are part of the execution, and what it has in common with one that is distributed.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mfinfra.sandbox.machines.failure import RUNTIME, StateError
from mfinfra.sandbox.machines.templates import filled, lookup
from mfinfra.sandbox.machines.world import Context, Definition, Line

Run = Callable[[Definition, Any, Line], Awaitable[Any]]

MOST_AT_ONCE: Final = 40
"""Iterations of an inline Map that run at once, whatever it asks for."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A Map that is entered: its state, the input behind `InputPath`, and the line that it is on."""

    name: str
    state: Mapping[str, Any]
    value: Any
    line: Line

    @property
    def processor(self) -> Definition:
        """The machine that each item goes through."""
        found: Definition = self.state["ItemProcessor"] if "ItemProcessor" in self.state else self.state["Iterator"]
        return found

    @property
    def distributed(self) -> bool:
        """Whether each item is an execution of its own."""
        return bool(self.processor.get("ProcessorConfig", {}).get("Mode", "INLINE") == "DISTRIBUTED")

    def items(self) -> list[Any]:
        """The array that `ItemsPath` leads to. Raises `StateError`."""
        path = self.state.get("ItemsPath", "$")
        items = lookup(path, self.value, self.line.context)
        if not isinstance(items, list):
            cause = f"Reference path \"{path}\" must point to array. The input is '{json.dumps(self.value)}'"
            raise StateError(RUNTIME, cause)
        return items

    def given(self, item: Any, context: Context) -> Any:
        """What an iteration is given: the item, or what `ItemSelector` makes of it."""
        template = self.state.get("ItemSelector", self.state.get("Parameters"))
        return item if template is None else filled(template, self.value, context)

    def limit(self, field: str) -> Any:
        """A number that stands in `field`, or where the path beside it leads; `None` if there is neither."""
        path = self.state.get(f"{field}Path")
        return self.state.get(field) if path is None else lookup(path, self.value, self.line.context)

    def at_once(self, most: int) -> int:
        """How many iterations run at once, where 0 is as many as can."""
        return min(int(self.limit("MaxConcurrency") or most), most)


async def inline(entered: Entered, machine: Run) -> list[Any]:
    """The outputs of the iterations, in order. Raises `StateError`."""
    items, line = entered.items(), entered.line
    line.tell("MapStateStarted", length=len(items))
    try:
        outputs = await each(
            [_iteration(entered, index, item, machine) for index, item in enumerate(items)],
            entered.at_once(MOST_AT_ONCE),
        )
    except StateError as failure:
        line.tell("MapStateFailed", error=failure.error, cause=failure.cause)
        raise
    line.tell("MapStateSucceeded")
    return outputs


async def each(lines: Sequence[Coroutine[Any, Any, Any]], at_once: int) -> list[Any]:
    """Run `lines`, `at_once` of them at a time; the first that fails ends the others. Raises its `StateError`."""
    room = asyncio.Semaphore(at_once)

    async def when_there_is_room(line: Coroutine[Any, Any, Any]) -> Any:
        async with room:
            return await line

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(when_there_is_room(line)) for line in lines]
    except* StateError as failed:
        raise failed.exceptions[0] from None
    finally:
        for line in lines:
            line.close()  # those that never had room
    return [task.result() for task in tasks]


async def _iteration(entered: Entered, index: int, item: Any, machine: Run) -> Any:
    name, fork = entered.name, entered.line.fork(Map={"Item": {"Index": index, "Value": item}})
    fork.tell("MapIterationStarted", name=name, index=index)
    try:
        output = await machine(entered.processor, entered.given(item, fork.context), fork)
    except StateError:
        fork.tell("MapIterationFailed", name=name, index=index)
        raise
    except asyncio.CancelledError:
        fork.tell("MapIterationAborted", name=name, index=index)
        raise
    entered.line.last = fork.tell("MapIterationSucceeded", name=name, index=index)
    return output
