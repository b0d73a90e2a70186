"""What an execution is run in: the one way out of the interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Context = Mapping[str, Any]
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Child:
    """How a child execution of a distributed map ended: `record` is the row that a result writer writes of it."""

    status: str
    output: Any
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many children of a map run may be under way at once, and how many may fail, as its state says it."""

    at_once: int
    failures: int
    failure_percentage: float


class MapRun(Protocol):
    """One run of a distributed map."""

    @property
    def arn(self) -> str:
        """What it goes by."""

    async def child(self, processor: Definition, value: Any) -> Child:
        """Run one child execution to its end, whatever that is."""

    def ended(self, status: str) -> None:
        """Take note of how the run ended."""


class World(Protocol):
    """What a state may ask for."""

    async def perform(self, resource: str, parameters: Any, line: Line) -> Any:
        """Do what a Task's `resource` says. Raises `StateError`."""

    async def wait(self, seconds: float) -> None:
        """Let a Wait's time pass."""

    async def back_off(self, seconds: float) -> None:
        """Let the time before another try pass."""

    def now(self) -> str:
        """The time, as timestamps of the language are written."""

    def tell(self, kind: str, details: Mapping[str, Any], previous: int) -> int:
        """Write an event into the history; its number."""

    def begin(self, label: str, items: int, limits: Limits) -> MapRun:
        """Begin a run of a distributed map over `items` items. Raises `StateError`."""

    def check(self) -> None:
        """Look, between two states, whether the execution may go on. Raises `CancelledError` if it may not."""


@dataclass(slots=True)
class Line:
    """One line of states: a machine, a branch or an iteration, with the context object and the last event of it."""

    world: World
    context: dict[str, Any]
    last: int = 0
    tried: dict[int, int] = field(default_factory=dict)

    def tell(self, kind: str, **details: Any) -> int:
        """Write an event behind the last of this line."""
        self.last = self.world.tell(kind, details, self.last)
        return self.last

    def fork(self, **context: Any) -> Line:
        """Another line that begins here, with more in its context object."""
        return Line(self.world, {**self.context, **context}, self.last)


def states_of(definition: Definition) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The states of a machine and of everything inside of it, each with the path that leads to it."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for name, state in definition.get("States", {}).items():
        found.append((f"/States/{name}", state))
        inner = [(f"Branches[{place}]", branch) for place, branch in enumerate(state.get("Branches", ()))]
        inner += [(key, state[key]) for key in ("Iterator", "ItemProcessor") if key in state]
        for key, part in inner:
            found += [(f"/States/{name}/{key}{path}", each) for path, each in states_of(part)]
    return found
