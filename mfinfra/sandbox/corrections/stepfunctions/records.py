"""Executions and runs of distributed maps, as the sandbox remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mfinfra.sandbox.corrections import clock
from mfinfra.sandbox.corrections.call import ServiceError
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.stepfunctions.engine import Work
from mfinfra.sandbox.machines.world import Limits


def now() -> datetime:
    """The time of the sandbox."""
    return datetime.fromtimestamp(clock.now(), UTC)


@dataclass(slots=True)
class Execution:
    """One execution. `machine` is the state machine as it was when this began."""

    arn: str
    name: str
    machine: Mapping[str, Any]
    input: str
    map_run: str | None = None
    started: datetime = field(default_factory=now)
    status: str = "RUNNING"
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    work: Work | None = None
    stream: str = ""
    """The log stream that its events go to."""

    @property
    def machine_arn(self) -> str:
        """The ARN of its state machine."""
        return str(self.machine["stateMachineArn"])

    def end(self, status: str, **more: str | None) -> None:
        """Note how it ended. What has ended stays as it is."""
        if self.status == "RUNNING":
            self.status, self.stopped = status, now()
            self.output, self.error, self.cause = more.get("output"), more.get("error"), more.get("cause")


@dataclass(slots=True)
class MapRunRecord:
    """One run of a distributed map."""

    arn: str
    execution: str
    items: int
    limits: Limits
    started: datetime = field(default_factory=now)
    status: str = "RUNNING"
    stopped: datetime | None = None


def executions(region: str) -> dict[str, Execution]:
    """The executions of a region by ARN, oldest first, those of distributed maps among them."""
    return shelf("executions", region)


def map_runs(region: str) -> dict[str, MapRunRecord]:
    """The runs of distributed maps of a region by ARN, oldest first."""
    return shelf("map runs", region)


def find(region: str, arn: str) -> Execution:
    """The execution `arn`. Raises `ServiceError`."""
    if ":execution:" not in arn:
        raise ServiceError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {arn}'")
    if arn not in executions(region):
        raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return executions(region)[arn]


def page(rows: list[Any], params: Mapping[str, Any], most: int) -> tuple[list[Any], dict[str, str]]:
    """The rows of one page of at most `most`, and the token of the next, as `nextToken`, if there is one."""
    try:
        start = int(params.get("nextToken") or 0)
    except ValueError as error:
        raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'") from error
    end = start + min(params.get("maxResults") or most, 1000)
    return rows[start:end], {"nextToken": str(end)} if end < len(rows) else {}
