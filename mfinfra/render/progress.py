"""What an apply is doing while it does it: a live table on a terminal, plain lines and a heartbeat elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.live import Live
from rich.table import Table
from rich.text import Text

from mfinfra.model import Action, Address, Called, Done, Event, Failed, Skipped, Started, Waiting
from mfinfra.render import console, inert, streams

HEARTBEAT = 10.0
A_WHILE = 5.0
DOING = {
    Action.CREATE: "creating",
    Action.UPDATE: "updating",
    Action.DELETE: "destroying",
    Action.REPLACE: "replacing",
    Action.ADOPT: "adopting",
    Action.ADOPT_UPDATE: "adopting and updating",
    Action.NOOP: "checking",
}
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "destroyed",
    Action.REPLACE: "replaced",
    Action.ADOPT: "adopted",
    Action.ADOPT_UPDATE: "adopted and updated",
    Action.NOOP: "checked",
}


@dataclass(slots=True)
class Running:
    """A step that has begun: what it does, since when, and what it waits for."""

    action: Action
    began: float
    why: str = ""

    def said(self, address: Address, now: float) -> str:
        """`creating job_queue.default, 12 s: Batch is creating the queue`."""
        why = f": {inert.line(self.why)}" if self.why else ""
        return f"{DOING[self.action]} {inert.line(address)}, {seconds(now - self.began)}{why}"


@dataclass(slots=True)
class Board:
    """Where a run stands: events come in, lines for what ended go out. `clock` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    running: dict[Address, Running] = field(default_factory=dict)
    notice: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, event: Event) -> Text | None:
        """Note what happened; the line to print for it, if it ended something."""
        with self.lock:
            step = self.running.get(event.address)
            match event:
                case Started(address, action):
                    self.running[address] = Running(action, self.clock())
                case Waiting(_, why) if step:
                    step.why = why
                case Called() if step:
                    step.why = ""
                case Done() | Failed() | Skipped():
                    self.running.pop(event.address, None)
                    return _ended(event)
        return None

    def standing(self) -> list[str]:
        """One sentence for each running step, the oldest first."""
        with self.lock:
            steps = sorted(self.running.items(), key=lambda item: (item[1].began, item[0]))
            return [step.said(address, self.clock()) for address, step in steps]

    def __rich__(self) -> Table:
        """The table that a terminal shows while it goes on."""
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        if self.notice:
            table.add_row(Text("  !", "yellow"), Text(self.notice))
        for sentence in self.standing():
            table.add_row(Text("  …", "cyan"), Text(sentence))
        return table


def follow(events: Iterable[Event], stream: TextIO, board: Board | None = None) -> Iterator[Event]:
    """Pass `events` on and show on `stream` what they say."""
    board = board or Board()
    if not streams.interactive(stream):
        with _heart(stream, board.standing):
            for event in events:
                if line := board.take(event) or _begun(event):
                    console.write([line], stream)
                yield event
        return
    out = console.console(stream)
    with Live(board, console=out, transient=True, refresh_per_second=4, redirect_stdout=False, redirect_stderr=False):
        for event in events:
            if line := board.take(event):
                for piece in console.wrapped(line, out.width):
                    out.print(piece)
            yield event


@contextmanager
def doing(what: str, stream: TextIO) -> Iterator[None]:
    """Show on `stream` that something without events goes on, for as long as it does."""
    began = time.monotonic()
    if streams.interactive(stream):
        with console.console(stream).status(Text(f"{what} …")):
            yield
        return
    with _heart(stream, lambda: [f"{what}, {seconds(time.monotonic() - began)}"]):
        yield


def seconds(value: float) -> str:
    """`4 s`, `1 min 20 s`."""
    whole = int(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"  # noqa: PLR2004 - a minute


@contextmanager
def _heart(stream: TextIO, standing: Callable[[], list[str]]) -> Iterator[None]:
    """Every ten seconds one line that says what goes on: a silent job is killed by many a CI."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(HEARTBEAT):
            if said := standing():
                console.write([Text("still " + "; ".join(said))], stream)

    thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _begun(event: Event) -> Text | None:
    return Text(f"{DOING[event.action]} {inert.line(event.address)}") if isinstance(event, Started) else None


def _ended(event: Done | Failed | Skipped) -> Text:
    address = inert.line(event.address)
    match event:
        case Done():
            took = f", {seconds(event.seconds)}" if event.seconds >= A_WHILE else ""
            return Text.assemble(("done     ", "green"), f"{address} {DONE[event.action]}{took}")
        case Failed():
            return Text.assemble(("failed   ", "red"), f"{address}: {inert.line(event.error)}")
        case Skipped():
            return Text.assemble(("skipped  ", "yellow"), f"{address}: {inert.line(event.because)}")
