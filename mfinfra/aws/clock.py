"""Time, as a value that can be replaced: tests and the sandbox wait less than AWS needs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from weakref import WeakSet

_pausing: WeakSet[threading.Event] = WeakSet()


def end() -> None:
    """Stop every clock of this process: it is ending, and no thread of it has anything left to wait for."""
    for event in tuple(_pausing):
        event.set()


def _event() -> threading.Event:
    made = threading.Event()
    _pausing.add(made)
    return made


@dataclass(frozen=True, slots=True)
class Clock:
    """`pace` scales every pause: 1 against AWS, a small fraction against an emulator, which is never late.

    `stopped` ends every pause at once.
    """

    pace: float = 1.0
    stopped: threading.Event = field(default_factory=_event)

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """Pause for `seconds` at this clock's pace; true when the run was stopped meanwhile."""
        return self.stopped.wait(seconds * self.pace)
