"""The audit trail: every apply leaves a receipt beside the lock, written before its first call and again at its end."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from mfinfra import host, lock, receipts, saved
from mfinfra.aws.session import Aws
from mfinfra.errors import LostLock, MfinfraError, UserError
from mfinfra.model import Address, Call, Called, Done, Event, Failed, Skipped, Started
from mfinfra.planning.drift import Applies
from mfinfra.records import Place, asked, stamp
from mfinfra.renewal import Renewal

Receipt: TypeAlias = dict[str, Any]
"""`schemas/receipt.json` says what is in it."""

MOST_CALLS = 5_000
NOOP = ("no-op",)
PARTS = ("target", "exclude", "forget")
"""The options by which a plan speaks of some of the resources only."""
NAME = re.compile(r"([0-9]{8})T([0-9]{6}(?:\.[0-9]{3})?)Z-([0-9A-Za-z]+)\.json")
SHORTEST_ID = 4
RECENT = 5
"""How many receipts are looked through for one of a run that ended."""
CUT = frozenset({"failed", "unfinished"})


@dataclass(slots=True)
class Recorder:
    """Writes down what happens in one run; `receipt` is always what is known by now, and one and the same object.

    `earlier` is what earlier runs brought up, `part` whether the plan is of a choice of the resources. While the run
    goes on the receipt is renewed: of one that is killed, no more than its last half minute is unknown.
    """

    receipt: Receipt
    planned: frozenset[str] = frozenset()
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()
    part: bool = False
    _began: float = field(default_factory=time.monotonic)
    _started: dict[str, float] = field(default_factory=dict)
    _lost: bool = False
    _renewal: Renewal | None = None

    @classmethod
    def of(
        cls,
        document: Mapping[str, Any],
        operation: str,
        id_: str,
        *,
        locked: bool = True,
        earlier: Iterable[Address] = (),
    ) -> Recorder:
        """Of a run that carries out the plan of `document` and begins now; `id_` is its lock's id, if it has one."""
        environment, source = document["environment"], document["source"]
        rows = {row["address"]: tuple(row["change"]["actions"]) for row in document["resource_changes"]}
        receipt = {
            "format_version": receipts.FORMAT_VERSION,
            "id": id_,
            "environment": environment["name"],
            "operation": operation,
            "result": "running",
            "locked": locked,
            "began": receipts.now(),
            "ended": None,
            "duration_seconds": None,
            "who": environment["caller"],
            "user": host.user(),
            "run_url": host.run_url(),
            "source": {
                "path": source["path"],
                "sha256": source["sha256"],
                "commit": source["git_commit"],
                "dirty": source["git_dirty"],
            },
            "plan_sha256": document["integrity"]["plan_sha256"],
            "mfinfra_version": document["mfinfra_version"],
            "summary": dict(document["summary"]),
            "steps": [],
            "calls": [],
            "calls_omitted": 0,
            "standing": [],
        }
        planned = frozenset(address for address, actions in rows.items() if actions != NOOP)
        part = any(document["options"].get(name) for name in PARTS)
        receipt["steps"] += receipts.ahead(rows)
        return cls(receipt, planned, rows, frozenset(map(str, earlier)), part)

    def take(self, event: Event) -> None:
        """Write down what happened."""
        match event:
            case Started():
                self._started[str(event.address)] = time.monotonic()
                self._step(event.address, event.action.value, "unfinished")
            case Done():
                self._step(event.address, event.action.value, "done", seconds=event.seconds)
            case Failed():
                self._lost = self._lost or isinstance(event.error, LostLock)
                seconds = time.monotonic() - self._started.get(str(event.address), time.monotonic())
                self._step(event.address, event.action.value, "failed", receipts.error(event.error), seconds)
            case Skipped():
                because = {"code": None, "message": receipts.safe(event.because)}
                self._step(event.address, event.action.value, "skipped", because)
            case Called():
                self._call(event)
        if self._renewal:
            self._renewal.due(self.receipt)

    def begin(self, aws: Aws, place: Place) -> None:
        """Write the receipt before anything is changed; raises what AWS refuses."""
        _put(aws, place, self.receipt, IfNoneMatch="*")
        self._renewal = Renewal(lambda receipt: _put(aws, place, receipt))

    def end(
        self,
        aws: Aws,
        place: Place,
        *,
        interrupted: bool = False,
        lost: bool = False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> bool:
        """Write the receipt with its result; false, and told, where it cannot be written there: then `keep` it."""
        self.finish(interrupted=interrupted, lost=lost)
        if self._renewal:
            self._renewal.end()
        try:
            _put(aws, place, self.receipt)
        except MfinfraError as error:
            tell(f"the receipt of this run could not be written to `{place}`: {error}")
            return False
        return True

    def finish(self, *, interrupted: bool = False, lost: bool = False) -> Receipt:
        """The receipt with its result and its end, now; `lost`: the lock was, whether a step noticed or not."""
        self._lost = self._lost or lost
        self.receipt |= {
            "result": self._result(interrupted=interrupted),
            "ended": receipts.now(),
            "duration_seconds": round(time.monotonic() - self._began, 1),
            "standing": receipts.standing(self.rows, self.receipt["steps"], self.earlier, part=self.part),
        }
        return self.receipt

    def _result(self, *, interrupted: bool) -> str:
        ends = {step["address"]: step["result"] for step in self.receipt["steps"]}
        if all(end == "done" for end in ends.values()) and self.planned <= ends.keys():
            return "done"
        if self._lost:
            return "lost lock"
        told = all(end != "unfinished" for end in ends.values()) and self.planned <= ends.keys()
        return "failed" if told and not interrupted else "interrupted"

    def _step(
        self, address: Address, action: str, result: str, error: Mapping[str, Any] | None = None, seconds: float = 0.0
    ) -> None:
        row = {
            "address": str(address),
            "action": action,
            "result": result,
            "error": error,
            "seconds": round(seconds, 1),
        }
        steps = self.receipt["steps"]
        begun = next((step for step in steps if step["address"] == row["address"]), None)
        if begun is None:
            steps.append(row)
        else:
            begun.update(row)

    def _call(self, event: Called) -> None:
        if len(self.receipt["calls"]) >= MOST_CALLS:
            self.receipt["calls_omitted"] += 1
            return
        self.receipt["calls"].append(
            {
                "address": str(event.address),
                "service": event.call.service,
                "operation": event.call.operation,
                "request_id": event.request_id,
            }
        )


def last(aws: Aws, place: Place) -> Applies:
    """What the last apply that ended can say of who changed what; nothing where there is none."""
    for receipt in newest(aws, place, RECENT):
        if receipt["ended"]:
            cut = [step["address"] for step in receipt["steps"] if step["result"] in CUT]
            return Applies(receipts.addresses(receipt["standing"]), receipts.addresses(cut))
    return Applies()


def newest(aws: Aws, place: Place, limit: int) -> tuple[Receipt, ...]:
    """The last `limit` receipts, the newest first; none where the bucket is not there."""
    return _read(aws, place, _keys(aws, place)[:limit])


def find(aws: Aws, place: Place, id_: str) -> Receipt:
    """The receipt whose id is `id_` or begins like that; raises `UserError` unless there is exactly one."""
    found = [key for key in _keys(aws, place) if _id(key).startswith(id_)] if len(id_) >= SHORTEST_ID else []
    exact = [key for key in found if _id(key) == id_] or found
    if len(exact) != 1:
        raise UserError(
            f"{len(exact) or 'none'} of the receipts of `{place.environment}` have an id that begins with `{id_}`",
            hint="`mfinfra history FILE` shows the ids there are",
            code="MF4305",
        )
    return _read(aws, place, exact)[0]


def keep(receipt: Receipt, folder: Path) -> Path:
    """Write `receipt` into `folder`, readable by its user only, where S3 does not take it; raises `UserError`."""
    path = folder / f"receipt-{stamp(receipt['began'])}-{receipt['id']}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        with file, saved.whole_or_gone(path):
            file.write(_bytes(receipt))
            file.flush()
    except OSError as error:
        raise UserError(f"the receipt cannot be saved to `{path}`: {(error.strerror or '').lower()}") from error
    return path


def _keys(aws: Aws, place: Place) -> list[str]:
    """The keys of all receipts, the newest first."""
    call = Call(
        "s3",
        "ListObjectsV2",
        {"Bucket": place.bucket, "Prefix": place.history, "ExpectedBucketOwner": aws.scope.account},
        absent=("NoSuchBucket",),
        paginate=True,
    )
    rows = (aws.ask(call).document or {}).get("Contents") or ()
    keys = (str(row["Key"]) for row in rows)
    return sorted((key for key in keys if NAME.fullmatch(key.removeprefix(place.history))), reverse=True)


def _read(aws: Aws, place: Place, keys: list[str]) -> tuple[Receipt, ...]:
    def one(key: str) -> Receipt | None:
        params = {"Bucket": place.bucket, "Key": key, "ExpectedBucketOwner": aws.scope.account}
        document = aws.ask(Call("s3", "GetObject", params, absent=("NoSuchKey",))).document
        if document is None:
            return None  # a rule of the bucket may have removed it since it was listed
        date, clock = _name(key)[1], _name(key)[2]
        began = f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"
        return receipts.parse(document["Body"], _id(key), began)

    with ThreadPoolExecutor(max_workers=aws.parallelism) as pool:
        found = [receipt for receipt in pool.map(one, keys) if receipt is not None]
    if any(receipt["result"] == "running" for receipt in found):
        seen = lock.look(aws, place)
        alive = seen.lock.id if seen and not seen.free else None
        for receipt in found:
            if receipt["result"] == "running" and receipt["locked"] and receipt["id"] != alive:
                receipt["result"] = "did not finish"
    return tuple(found)


def _name(key: str) -> re.Match[str]:
    found = NAME.fullmatch(key.rpartition("/")[2])
    assert found, key
    return found


def _id(key: str) -> str:
    return _name(key)[3]


def _put(aws: Aws, place: Place, receipt: Receipt, **condition: str) -> None:
    params = {
        "Bucket": place.bucket,
        "Key": place.receipt(receipt["began"], receipt["id"]),
        "Body": _bytes(receipt),
        "ContentType": "application/json",
        "ExpectedBucketOwner": aws.scope.account,
        **condition,
    }
    with asked(place):
        aws.send(Call("s3", "PutObject", params))


def _bytes(receipt: Receipt) -> bytes:
    return (json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n").encode()
