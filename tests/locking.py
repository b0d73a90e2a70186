"""A bucket on the embedded sandbox in which locks and receipts are kept, and ways to disturb it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from moto.s3.models import s3_backends
from stack import ACCOUNT, REGION, Stack

from mfinfra import host
from mfinfra.aws.session import Aws
from mfinfra.errors import AwsError, UserError
from mfinfra.lock import hold
from mfinfra.lock.content import Lock
from mfinfra.lock.store import Store
from mfinfra.model import Address, Call, Scope
from mfinfra.records import Place

BUCKET = "records"
PLACE = Place(BUCKET, "mfinfra", "test", Address("bucket", "datastore"))
ELSEWHERE = host.Process("elsewhere", 7, "boot-of-elsewhere", "77", "pid:[7]")
WRITE = Call("logs", "CreateLogGroup", {"logGroupName": "g"}, fine=("ResourceAlreadyExistsException",))


@dataclass(slots=True)
class Line(Aws):
    """A way into the sandbox that keeps every call, and does to the next ones what `faults` says."""

    calls: list[Call] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)

    def send(self, call):
        self.calls.append(call)
        return self.faults.pop(0)(self, call) if self.faults else Aws.send(self, call)

    def ask(self, call):
        self.calls.append(call)
        return Aws.ask(self, call)


def line(stack: Stack) -> Line:
    """A new one, for a run of its own."""

    class Reading:
        class environment:  # noqa: N801 - stands for an instance
            scope = Scope("test", ACCOUNT, REGION)

    made = stack.connect(Reading)
    return Line(**{each.name: getattr(made, each.name) for each in fields(Aws)})


def goes_through(aws, call):
    return Aws.send(aws, call)


def refuses(code, status=400):
    def fault(aws, call):
        raise AwsError("no", service=call.service, operation=call.operation, aws_code=code, status=status)

    return fault


def unreachable(aws, call):
    raise UserError("no usable answer", code="MF3004")


def answer_lost(aws, call):
    """S3 takes the request, its answer is lost, and botocore asks again."""
    Aws.send(aws, call)
    return Aws.send(aws, call)


def answer_lost_for_good(aws, call):
    Aws.send(aws, call)
    unreachable(aws, call)


def someone(aws, *, process=ELSEWHERE, **facts) -> Lock:
    """Put the lock of another run there; returns it."""
    usual = {"id": "aaaa1111", "environment": "test", "operation": "apply", "user": "ben@elsewhere", "who": "arn:ben"}
    lock = Lock(**{**usual, "created": "2026-01-02T03:04:05Z", "process": process, **facts})
    assert Store(aws, PLACE).create(lock)
    return lock


def key():
    return s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys[PLACE.lock]


def age(seconds) -> None:
    """Let the lock be written `seconds` earlier, by the clock of S3."""
    key().last_modified -= timedelta(seconds=seconds)


def content() -> dict | None:
    """What the lock says, `None` if there is none."""
    keys = s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys
    return json.loads(keys[PLACE.lock].value) if PLACE.lock in keys else None


class Watch:
    """The clocks of this machine, which a test moves: `monotonic`, `wall` and `boot` at their places 0, 1 and 2."""

    def __init__(self, monkeypatch):
        self.readings = [1000.0, 2000.0, 3000.0]
        monkeypatch.setattr(hold.Moment, "now", classmethod(lambda cls: cls(tuple(self.readings))))

    def pass_by(self, seconds, *clocks):
        for clock in clocks or (0, 1, 2):
            self.readings[clock] += seconds


def taken_over_by_another(aws) -> None:
    """Another run takes over what is there."""
    store = Store(aws, PLACE)
    seen = store.read()
    mine = replace(seen.lock, id="bbbb2222", user="eve@mars", process=ELSEWHERE, created="2026-02-03T04:05:06Z")
    assert store.replace(mine, seen.etag)
