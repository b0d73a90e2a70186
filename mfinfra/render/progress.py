"""What a run is doing while it does it: a live table on a terminal, plain lines and a heartbeat elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from mfinfra.model import Done, Event, Failed, Skipped, Started
from mfinfra.render import console, inert, streams
from mfinfra.render.board import DOING, DONE, Board, seconds

__all__ = ["Board", "doing", "follow"]

HEARTBEAT = 10.0
FRAMES = 4  # a second
A_WHILE = 5.0


def follow(events: Iterable[Event], stream: TextIO, board: Board | None = None) -> Iterator[Event]:
    """Pass `events` on and show on `stream` what they say."""
    board = board or Board()
    if not streams.interactive(stream):
        with _heart(stream, board.heartbeat):
            for event in events:
                board.take(event)
                if line := _begun(event) or _ended(event):
                    console.write([line], stream)
                yield event
        return
    out = console.console(streams.steady(stream))
    with _live(out, stream, lambda: board):
        for event in events:
            board.take(event)
            if line := _ended(event):
                out.width = streams.width(stream) or out.width
                out.print(Text("\n").join(console.wrapped(line, out.width)))
            yield event


@contextmanager
def doing(what: str | Callable[[], str], stream: TextIO) -> Iterator[None]:
    """Show on `stream` that something without events goes on, for as long as it does; `what` may change meanwhile."""
    began = time.monotonic()

    def said() -> str:
        return f"{inert.line(what if isinstance(what, str) else what())}, {seconds(time.monotonic() - began)}"

    if not streams.interactive(stream):
        with _heart(stream, said):
            yield
        return
    out = console.console(streams.steady(stream))
    spinner = Spinner("line" if out.options.ascii_only else "dots")

    def turning() -> Spinner:
        spinner.update(text=Text(said()))
        return spinner

    with _live(out, stream, turning):
        yield


@contextmanager
def _live(out: Console, stream: TextIO, drawn: Callable[[], RenderableType]) -> Iterator[None]:
    """Redraw in place as often as it changes for the eye, and leave nothing behind; a terminal may change its width."""

    def fitting() -> RenderableType:
        out.width = streams.width(stream) or out.width
        return drawn()

    with Live(
        console=out,
        get_renderable=fitting,
        transient=True,
        refresh_per_second=FRAMES,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield


@contextmanager
def _heart(stream: TextIO, standing: Callable[[], str]) -> Iterator[None]:
    """Every ten seconds one line that says what goes on: a silent job is killed by many a CI."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(HEARTBEAT):
            if said := standing():
                console.write([Text(f"still {said}")], stream)

    thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _begun(event: Event) -> Text | None:
    return Text(f"{DOING[event.action]} {inert.line(event.address)}") if isinstance(event, Started) else None


def _ended(event: Event) -> Text | None:
    address = inert.line(event.address)
    match event:
        case Done():
            took = f", {seconds(event.seconds)}" if event.seconds >= A_WHILE else ""
            return Text.assemble(("done     ", "green"), f"{address} {DONE[event.action]}{took}")
        case Failed():
            return Text.assemble(("failed   ", "red"), f"{address}: {inert.line(event.error)}")
        case Skipped():
            return Text.assemble(("skipped  ", "yellow"), f"{address}: {inert.line(event.because)}")
        case _:
            return None
