"""A lock that is held: kept alive by heartbeats, doubted after a long sleep, given back at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mfinfra.errors import AwsError, LostLock, MfinfraError
from mfinfra.lock.content import Lock
from mfinfra.lock.store import Store

HEARTBEAT = 30.0
RETRY = 2.0
PARTING = 15.0
VANISHED = ("NoSuchBucket", "NoSuchKey")


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on every clock there is: some of them stand still while a process or a machine sleeps."""

    readings: tuple[float, ...]

    @classmethod
    def now(cls) -> Moment:
        """The present moment."""
        boot = getattr(time, "CLOCK_BOOTTIME", None)  # Linux: goes on while the machine sleeps
        asleep = () if boot is None else (time.clock_gettime(boot),)
        return cls((time.monotonic(), time.time(), *asleep))

    def since(self) -> float:
        """Seconds that have passed by the clock that saw the most."""
        return max(after - before for before, after in zip(self.readings, Moment.now().readings, strict=True))


@dataclass(frozen=True, slots=True)
class Beat:
    """The last heartbeat that S3 took: what was written, its ETag, and when it was sent."""

    lock: Lock
    etag: str
    sent: Moment


@dataclass(slots=True)
class Held:
    """A lock that this run holds. Threads may share it.

    `leaving`: the run is going to delete the lock's own bucket, so that a lock that vanishes is no loss. `stop` is
    called once when the lock is lost; `tell` is told what people should know.
    """

    store: Store
    beat: Beat
    tell: Callable[[str], None]
    leaving: bool = False
    stop: Callable[[], None] | None = None
    _loss: str = ""
    _vanished: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)
    _renewing: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @property
    def id(self) -> str:
        """The lock's id."""
        return self.beat.lock.id

    @property
    def lost(self) -> LostLock | None:
        """Why the lock is not ours any more; `None` while nothing says so."""
        return (
            LostLock(self._loss, hint="run the same command again: it plans anew", code="MF4302")
            if self._loss
            else None
        )

    def start(self) -> None:
        """Begin to send heartbeats."""
        self._thread = threading.Thread(target=self._keep_alive, name="mfinfra-lock", daemon=True)
        self._thread.start()

    def require(self) -> None:
        """Return while the lock is surely ours; raises `LostLock` when it is not.

        After a silence that is nearly as long as the expiry (the process was stopped, the machine slept) S3 is asked
        first, by a renewal.
        """
        while not (self._loss or self._vanished) and self._doubtful:
            if not (self._renew(doubted=True) or self._loss):
                self._ended.wait(RETRY)
        lost = self.lost
        if lost is not None:
            raise lost

    def release(self) -> None:
        """Send no more heartbeats and give the lock back; says so where that fails, and raises nothing of AWS's."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(PARTING)  # a heartbeat on its way cannot bring back a lock that is deleted
        if self._vanished:
            return
        try:
            left = None if self.store.remove(self.beat.etag) else self.store.discard(self.id)
        except MfinfraError as error:
            if not (self.leaving and _vanished(error)):
                self.tell(
                    f"{self._name} could not be given back ({_briefly(error)}); it expires {self._expiry:g} s after "
                    f"its last heartbeat, `mfinfra unlock` with the id `{self.id}` removes it now"
                )
            return
        if left is not None and left.lock.id != self.id and not self._loss:
            self.tell(f"{self._name} was not ours any more when it was given back: {left} has it")

    @property
    def _name(self) -> str:
        return f"the lock of `{self.beat.lock.environment}`"

    @property
    def _expiry(self) -> float:
        return self.beat.lock.expiry_seconds

    @property
    def _doubtful(self) -> bool:
        """Whether so much of the expiry has passed that a request under way might end behind it."""
        return self.beat.sent.since() >= self._expiry * 0.8

    def _keep_alive(self) -> None:
        usual = min(HEARTBEAT, self._expiry / 3)
        pause, failing = usual, False
        while not (self._loss or self._vanished or self._ended.wait(pause)):
            try:
                renewed = self._renew()
            except Exception as error:  # noqa: BLE001 - a bug here must stop the writes, not only this thread
                self._lose(f"{self._name} cannot be renewed because of a bug in mfinfra: {type(error).__name__}")
                return
            pause = usual if renewed else min(RETRY, usual)
            if not (renewed or failing or self._loss):
                self.tell(f"{self._name} could not be renewed; trying again for as long as it lasts")
            failing = not renewed

    def _renew(self, *, doubted: bool = False) -> bool:
        """Send one heartbeat; false where that failed, and where the lock is lost."""
        with self._renewing:
            if doubted and not self._doubtful:
                return True  # another thread has done it meanwhile
            try:
                return self._beat_once() or self._beat_once()
            except MfinfraError as error:
                return self._failed(error)

    def _beat_once(self) -> bool:
        """Write the next heartbeat; false where what stands there is not what we wrote last, as far as we know."""
        if self._loss or self._vanished:
            return self._vanished
        sent, lock = Moment.now(), self.beat.lock.renewed(datetime.now(UTC))
        etag = self.store.replace(lock, self.beat.etag)
        if etag:
            self.beat = Beat(lock, etag, sent)
            return True
        seen = self.store.read()
        if seen is not None and seen.lock.id == self.id:
            # A heartbeat whose answer was lost on the way. When S3 took it is not known: only the next one counts.
            self.beat = Beat(seen.lock, seen.etag, self.beat.sent)
        elif seen is not None:
            self._lose(f"{self._name} was taken over: {seen} has it now")
        elif self.leaving:
            self._vanished = True
        else:
            self._lose(f"{self._name} was removed while this run held it, by `mfinfra unlock` or with its bucket")
        return self._vanished

    def _failed(self, error: MfinfraError) -> bool:
        if self.leaving and _vanished(error):
            self._vanished = True
            return True
        if self.beat.sent.since() > self._expiry:
            said = f"{self._name} has expired without a heartbeat ({_briefly(error)})"
            self._lose(f"{said}, and whether somebody else has it now is not known")
        return False

    def _lose(self, why: str) -> None:
        if not (self._loss or self._ended.is_set()):
            self._loss = why
            self.tell(f"{why}; this run writes nothing more")
            if self.stop is not None:
                self.stop()


def _vanished(error: MfinfraError) -> bool:
    return isinstance(error, AwsError) and error.aws_code in VANISHED


def _briefly(error: MfinfraError) -> str:
    return f"`{error.aws_code}`" if isinstance(error, AwsError) else error.message
