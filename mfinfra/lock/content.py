"""What a lock says of its holder. Anyone who may write into the bucket may have written it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mfinfra import __version__
from mfinfra.aws import sanitise
from mfinfra.host import Process, gone

FORMAT_VERSION = "1.0"
EXPIRY = 300.0
LONGEST_EXPIRY = 86_400.0
LARGEST = 16 * 1024
LONGEST = 200
ID = re.compile(r"[0-9A-Za-z]{4,64}")
# A server tells whole seconds, of its own moment and of an object's: what is one second apart may be less than that.
RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Lock:
    """What a holder says of itself; texts are inert and on one line. `beat` makes each renewal another object.

    S3's ETag of equal bytes is equal: without `beat` a lock that was just renewed could be taken for the stale one.
    """

    id: str
    environment: str = ""
    operation: str = "an unknown operation"
    who: str = ""
    user: str = "somebody unknown"
    process: Process | None = None
    created: str = ""
    heartbeat: str = ""
    beat: int = 0
    expiry_seconds: float = EXPIRY
    plan_sha256: str = ""
    mfinfra_version: str = __version__
    run_url: str = ""

    def renewed(self, now: datetime) -> Lock:
        """The same lock with its next heartbeat."""
        return replace(self, beat=self.beat + 1, heartbeat=stamp(now))

    @property
    def body(self) -> bytes:
        """The object's bytes."""
        return (
            json.dumps({"format_version": FORMAT_VERSION, **asdict(self)}, indent=2, sort_keys=True) + "\n"
        ).encode()

    @property
    def holder(self) -> str:
        """`ana@box (arn:…)`."""
        return f"{self.user} ({self.who})" if self.who else self.user


@dataclass(frozen=True, slots=True)
class Seen:
    """A lock as it stands in S3. `modified` and `at` are S3's own clock: when it was written, and when it was read.

    Of one that cannot be read as a lock `id` is its ETag.
    """

    lock: Lock
    etag: str
    modified: datetime
    at: datetime | None

    @property
    def until(self) -> datetime:
        """When it expires, unless it is renewed."""
        return self.modified + timedelta(seconds=self.lock.expiry_seconds)

    @property
    def expired(self) -> bool:
        """Whether S3's clock has passed the end; never where the server told no time."""
        return self.at is not None and self.at >= self.until + RESOLUTION

    @property
    def free(self) -> str:
        """Why it may be taken over; empty while it may not."""
        if self.lock.process is not None and gone(self.lock.process):
            return "that process ran on this machine and is gone"
        if self.at is not None and self.expired:
            silent = (self.at - self.modified).total_seconds()
            return f"it was not renewed for {silent:.0f} s and expired after {self.lock.expiry_seconds:g} s"
        return ""

    def __str__(self) -> str:
        since = f" since {shown(self.lock.created)}" if self.lock.created else ""
        return f"{self.lock.holder}: `{self.lock.operation}`{since}"


def parse(raw: bytes, etag: str) -> Lock:
    """The lock that `raw` says; one of somebody unknown with the usual expiry where it does not say one."""
    unknown = Lock(re.sub(r"[^0-9A-Za-z]", "", etag)[:64] or "unknown", mfinfra_version="")
    if len(raw) > LARGEST:
        return unknown
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return unknown
    expiry = _expiry(found.get("expiry_seconds")) if isinstance(found, dict) else None
    if expiry is None or not ID.fullmatch(_text(found, "id")):
        return unknown
    names = ("environment", "operation", "who", "user", "created", "heartbeat", "plan_sha256", "run_url")
    texts = {name: text for name in names if (text := _text(found, name))}
    beat = found.get("beat")
    return Lock(
        id=found["id"],
        process=_process(found.get("process")),
        beat=beat if isinstance(beat, int) else 0,
        expiry_seconds=expiry,
        mfinfra_version=_text(found, "mfinfra_version"),
        **texts,
    )


def stamp(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(moment: datetime | str) -> str:
    """`2026-11-23 16:00:00 UTC`, for people; a text that is no moment stays as it is."""
    text = stamp(moment) if isinstance(moment, datetime) else moment
    return re.sub(r"^([\d-]{10})T([\d:]{8})Z$", r"\1 \2 UTC", text)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        return ""
    inert = " ".join(sanitise.text(value[: 2 * LONGEST]).split())
    return inert if len(inert) <= LONGEST else f"{inert[:LONGEST]}…"


def _expiry(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_EXPIRY
    return float(value) if usable else None


def _process(found: Any) -> Process | None:
    if not isinstance(found, dict) or not isinstance(found.get("pid"), int):
        return None
    names = ("boot", "started", "namespace")
    facts = {name: found[name] if isinstance(found.get(name), str) else None for name in names}
    return Process(str(found.get("host")), found["pid"], **facts)
