"""Ctrl-C, SIGTERM and a terminal that hangs up: a reading command ends at once, an apply in order.

The same wish often arrives twice: from a terminal for the whole group and from what wraps us, from a supervisor as
SIGTERM and SIGHUP, from a shell that passes its hangup on. So what comes within half a second of the first signal is
the same wish, and a hangup is never impatience.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from mfinfra.render import streams

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SAME_WISH = 0.5
"""Seconds."""
SHOW_CURSOR = b"\x1b[?25h\n"


class Interrupted(BaseException):
    """Somebody ended the command; no `Exception`, so that nothing on the way takes it for a failure."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Stopped:
    """Whether a run was told to stop: the exit code, 0 if it was not; and when, on a clock that never goes back."""

    code: int = 0
    at: float = 0.0


@contextmanager
def ending() -> Iterator[None]:
    """The first signal ends every pause and raises `Interrupted`, a second one ends the process at once."""
    seen = Stopped()

    def first(code: int) -> None:
        _end_pauses()
        raise Interrupted(code)

    with _handled(seen, first):
        yield


@contextmanager
def stopping(stop: Callable[[], None], announce: Callable[[str], None]) -> Iterator[Stopped]:
    """The first signal calls `stop`, a second one ends the process at once."""
    seen = Stopped()

    def first(code: int) -> None:  # noqa: ARG001 - why it stops is the caller's to say
        stop()
        announce("stopping: calls in flight finish, nothing new begins; once more ends at once")

    with _handled(seen, first):
        yield seen


@contextmanager
def _handled(seen: Stopped, first: Callable[[int], None]) -> Iterator[None]:
    terminals = [stream for stream in (sys.stdout, sys.stderr) if stream.isatty()]

    def handle(number: int, _: FrameType | None) -> None:
        hangup, now = number == signal.SIGHUP, time.monotonic()
        code = CODES[signal.Signals(number)]
        if hangup:
            for stream in terminals:  # every write to it would fail
                streams.discard(stream)
        if not seen.code:
            seen.code, seen.at = code, now
            first(code)
        elif not hangup and now - seen.at >= SAME_WISH:
            _end(code)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    # Who was started to outlive its terminal (`nohup`) goes on doing so.
    heard = [number for number in CODES if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    before: dict[signal.Signals, Any] = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_pauses() -> None:
    from mfinfra.aws import clock

    clock.end()


def _end(code: int) -> NoReturn:
    """Leave without waiting for any thread, and give the terminal its cursor back."""
    with suppress(OSError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), SHOW_CURSOR)
    os._exit(code)
