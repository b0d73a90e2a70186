"""Which request meets which fault: rules one by one, and chances that a seed repeats."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Final

from mfinfra.sandbox.faults.kinds import Fault
from mfinfra.sandbox.faults.request import Request

LONGEST_LOG: Final = 100_000


@dataclass(frozen=True, slots=True)
class Rule:
    """The requests number `skip + 1` to `skip + times` of those that fit meet `fault`; `times=None` is for ever.

    `match` is `reads`, `writes` or a pattern as `batch.Create*`; several with spaces between them. `about` must stand
    in the request's URL or body.
    """

    match: str
    fault: Fault
    times: int | None = 1
    skip: int = 0
    about: str = ""

    def fits(self, request: Request) -> bool:
        """Whether it is a request that this rule counts."""
        return _matches(self.match, request) and self.about in request.text

    def counted_as(self, _request: Request) -> str:
        """All that fit are counted together."""
        return ""

    def strike(self, _request: Request, number: int) -> Fault | None:
        """The fault that the request `number`, from 1, meets."""
        struck = number > self.skip and (self.times is None or number <= self.skip + self.times)
        return self.fault if struck else None


@dataclass(frozen=True, slots=True)
class Chance:
    """Of the requests that fit, the share `rate` (0 to 1) meets one of `faults`; the same ones for the same `seed`."""

    rate: float
    faults: tuple[Fault, ...]
    seed: int
    match: str = "*"

    def fits(self, request: Request) -> bool:
        """Whether it is a request that this chance counts."""
        return _matches(self.match, request)

    def counted_as(self, request: Request) -> str:
        """Each operation for itself, so that threads may interleave."""
        return request.name

    def strike(self, request: Request, number: int) -> Fault | None:
        """What the request `number` of its operation meets."""
        drawn = Random(f"{self.seed} {request.name} {number}")  # noqa: S311  chance that repeats, no secret
        return drawn.choice(self.faults) if drawn.random() < self.rate else None


@dataclass(frozen=True, slots=True)
class Event:
    """A request that came while the script was set."""

    request: Request
    fault: str
    """The name of the fault that it met; empty if none."""
    status: int | None
    """What the upstream answered; `None` where the request was not carried out."""

    @property
    def name(self) -> str:
        """`service.Operation`."""
        return self.request.name


class Script:
    """Rules and chances, in order: the first that strikes a request decides. Threads may share it.

    Of its log the last `longest_log` requests are kept.
    """

    def __init__(self, *parts: Rule | Chance, longest_log: int = LONGEST_LOG) -> None:
        self.parts = parts
        self._seen: Counter[tuple[int, str]] = Counter()
        self._log: deque[Event] = deque(maxlen=longest_log)
        self._lock = Lock()

    @property
    def log(self) -> tuple[Event, ...]:
        """Every request so far, in the order in which they were done with."""
        with self._lock:
            return tuple(self._log)

    @property
    def struck(self) -> tuple[Event, ...]:
        """Those of the log that met a fault."""
        return tuple(event for event in self.log if event.fault)

    def fault_for(self, request: Request) -> Fault | None:
        """Count the request, and say what it meets."""
        with self._lock:
            faults = [part.strike(request, self._count(place, part, request)) for place, part in self._fitting(request)]
        return next((fault for fault in faults if fault), None)

    def record(self, event: Event) -> None:
        """Put a request that was done with into the log."""
        with self._lock:
            self._log.append(event)

    def rewind(self) -> None:
        """Count from the beginning again, with an empty log."""
        with self._lock:
            self._seen.clear()
            self._log.clear()

    def _fitting(self, request: Request) -> Iterable[tuple[int, Rule | Chance]]:
        return ((place, part) for place, part in enumerate(self.parts) if part.fits(request))

    def _count(self, place: int, part: Rule | Chance, request: Request) -> int:
        key = (place, part.counted_as(request))
        self._seen[key] += 1
        return self._seen[key]


def _matches(match: str, request: Request) -> bool:
    wide = {"reads": not request.writes, "writes": request.writes}
    return any(wide.get(pattern, False) or fnmatchcase(request.name, pattern) for pattern in match.split())
