"""How a lock is taken: put where none is, or in the place of one whose holder is gone or silent for too long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mfinfra.errors import Locked
from mfinfra.lock.content import Lock, Seen, shown
from mfinfra.lock.hold import Beat, Moment
from mfinfra.lock.store import Store

POLL = 2.0
SAID_EVERY = 10.0


@dataclass(slots=True)
class Taking:
    """One attempt to get `lock`. It waits `timeout` seconds for somebody else's and says so to `waits`.

    `file` is what a hint names as the environment file; `fresh` says that the bucket was made a moment ago.
    """

    store: Store
    lock: Lock
    tell: Callable[[str], None]
    waits: Callable[[str], None]
    timeout: float = 0.0
    file: str = "FILE"
    fresh: bool = False
    _began: Moment = field(init=False)
    _said: float = float("-inf")

    def take(self) -> Beat:
        """Take the lock; raises `Locked` when somebody has it and the time is up."""
        self._began = Moment.now()
        while True:
            sent = Moment.now()
            etag = self.store.create(self.lock, self._waiting if self.fresh else None)
            if etag:
                return Beat(self.lock, etag, sent)
            seen = self.store.read()
            if seen is None:
                continue  # it went between the two questions
            if seen.lock.id == self.lock.id:
                return Beat(self.lock, seen.etag, self._began)  # a request of ours whose answer was lost on the way
            beat = self._taken_over(seen)
            if beat is not None:
                return beat
            self._wait(seen)

    def _taken_over(self, seen: Seen) -> Beat | None:
        why = seen.free
        if not why:
            return None
        sent = Moment.now()
        etag = self.store.replace(self.lock, seen.etag)
        if etag is None:
            return None  # renewed after all, or somebody else was faster
        self.tell(f"took over the lock of {self._name} from {seen}; {why}")
        return Beat(self.lock, etag, sent)

    def _wait(self, seen: Seen) -> None:
        left = self.timeout - self._began.since()
        if left <= 0:
            raise self._locked(seen)
        now = time.monotonic()
        if now - self._said >= SAID_EVERY:
            self._said = now
            self.waits(f"waiting for the lock of {self._name}: {seen}, until {shown(seen.until)} unless it is renewed")
        # S3's seconds are real ones, whatever the pace that AWS is waited for with.
        if self.store.aws.clock.stopped.wait(min(POLL, left)):
            raise self._locked(seen)

    def _locked(self, seen: Seen) -> Locked:
        run = f"; its run is {seen.lock.run_url}" if seen.lock.run_url else ""
        return Locked(
            f"{self._name} is locked by {seen}, until {shown(seen.until)} unless it is renewed",
            hint="wait for it with `--lock-timeout 600`; if that run is dead, "
            f"`mfinfra unlock {self.file} {seen.lock.id}` removes its lock{run}",
            code="MF4300",
        )

    def _waiting(self, why: str, _: float) -> None:
        self.tell(why)

    @property
    def _name(self) -> str:
        return f"`{self.lock.environment}`"
