"""One writer: an object in S3 that one run of an environment holds, and that no clock but S3's own takes from it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from mfinfra import host
from mfinfra.aws.session import Aws
from mfinfra.errors import MfinfraError, Refused, UserError
from mfinfra.lock.content import EXPIRY, Lock, Seen, stamp
from mfinfra.lock.hold import Held
from mfinfra.lock.store import Store
from mfinfra.lock.taking import Taking
from mfinfra.records import Place

__all__ = ["EXPIRY", "Held", "Lock", "Request", "Seen", "held", "look", "unlock"]


@dataclass(frozen=True, slots=True)
class Request:
    """What the lock is wanted for; `file` is what a hint names as the environment file."""

    operation: str
    plan_sha256: str = ""
    file: str = "FILE"


@contextmanager
def held(  # noqa: PLR0913 - each is a wish of its own, and all but the first three have a usual value
    aws: Aws,
    place: Place,
    request: Request,
    *,
    expiry: float = EXPIRY,
    timeout: float = 0.0,
    tell: Callable[[str], None] = lambda _: None,
    waits: Callable[[str], None] | None = None,
    fresh: bool = False,
) -> Iterator[Held]:
    """Hold the environment's lock; meanwhile `aws` writes only as long as it is surely ours. Seconds.

    Raises `Locked` when another run has it for longer than `timeout`, `UserError` where there is no bucket. `fresh`
    says that the bucket was made a moment ago. What `tell` is told are sentences for people; `waits` is told instead
    whom the run waits for.
    """
    store, lock = Store(aws, place), _wanted(aws, request, expiry)
    try:
        beat = Taking(store, lock, tell, waits or tell, timeout, request.file, fresh).take()
    except MfinfraError:
        raise
    except BaseException:  # interrupted, and whether S3 has the lock already is not known
        _withdraw(store, lock, tell)
        raise
    holder = Held(store, beat, tell)
    before, aws.permit = aws.permit, holder.require
    try:
        holder.start()
        yield holder
    finally:
        aws.permit = before
        holder.release()


def look(aws: Aws, place: Place) -> Seen | None:
    """The lock as it stands; `None` if nobody holds one."""
    return Store(aws, place).read()


def unlock(aws: Aws, place: Place, id_: str) -> Seen:
    """Remove the lock whose id is `id_`, and return it; its run loses it and stops writing, if it still runs.

    Raises `UserError` if there is no lock, `Refused` if there is another one.
    """
    seen = Store(aws, place).discard(id_)
    if seen is None:
        raise UserError(f"`{place.environment}` is not locked", hint="there is nothing to remove", code="MF4303")
    if seen.lock.id != id_:
        raise Refused(
            f"the lock of `{place.environment}` has another id, `{seen.lock.id}`: {seen}",
            hint="look whether that run is alive before you remove its lock",
            code="MF4304",
        )
    return seen


def _withdraw(store: Store, lock: Lock, tell: Callable[[str], None]) -> None:
    try:
        store.discard(lock.id)
    except MfinfraError as error:
        tell(f"whether the lock `{lock.id}` was taken is not known: {error}")


def _wanted(aws: Aws, request: Request, expiry: float) -> Lock:
    now = stamp(datetime.now(UTC))
    return Lock(
        id=secrets.token_hex(8),
        environment=aws.scope.environment,
        operation=request.operation,
        who=aws.caller,
        user=host.user(),
        process=host.this(),
        created=now,
        heartbeat=now,
        expiry_seconds=expiry,
        plan_sha256=request.plan_sha256,
        run_url=host.run_url() or "",
    )
