"""Ctrl-C and SIGTERM: while AWS is only read they end the command, during an apply they end it in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
SHOW_CURSOR = b"\x1b[?25h\n"


class Interrupted(BaseException):
    """Somebody ended the command; no `Exception`, so that nothing on the way takes it for a failure."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Stopped:
    """Whether a run was told to stop: the exit code, 0 if it was not."""

    code: int = 0


@contextmanager
def ending() -> Iterator[None]:
    """The first signal raises `Interrupted`, a second one ends the process at once."""
    seen = Stopped()

    def first(code: int) -> None:
        seen.code = code
        raise Interrupted(code)

    with _handled(seen, first):
        yield


@contextmanager
def stopping(stop: Callable[[], None], announce: Callable[[str], None]) -> Iterator[Stopped]:
    """The first signal calls `stop`, a second one ends the process at once."""
    seen = Stopped()

    def first(code: int) -> None:
        seen.code = code
        stop()
        announce("stopping: calls in flight finish, nothing new begins; once more ends at once")

    with _handled(seen, first):
        yield seen


@contextmanager
def _handled(seen: Stopped, first: Callable[[int], None]) -> Iterator[None]:
    def handle(number: int, _: FrameType | None) -> None:
        code = CODES[signal.Signals(number)]
        if seen.code:
            _end(code)
        first(code)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before: dict[signal.Signals, Any] = {number: signal.signal(number, handle) for number in CODES}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(code: int) -> NoReturn:
    """Leave without waiting for any thread, and give the terminal its cursor back."""
    with suppress(OSError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), SHOW_CURSOR)
    os._exit(code)
