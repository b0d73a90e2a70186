"""Compute environments and job queues, as the sandbox remembers them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.corrections.call import Answer, Call, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.turning import Turning

HEALTHY: Final = {"compute environment": "ComputeEnvironment Healthy", "job queue": "JobQueue Healthy"}
GONE: Final = ""


@dataclass(slots=True)
class Record:
    """One compute environment or job queue: what describe answers, and the status it is turning to."""

    kind: str
    name: str
    arn: str
    said: Answer
    turning: Turning
    reason: str = ""
    """Why it turns INVALID; empty if it turns VALID."""
    shrinking: bool = False
    """Whether the next look sees fewer desired vCPUs."""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def turn(self, passing: str, reason: str = "") -> None:
        """Begin to turn, through `passing`, to VALID, or to INVALID for `reason`."""
        self.reason = reason
        self.turning = Turning(passing, "INVALID" if reason else "VALID", lag.looks())

    def vanish(self) -> None:
        """Begin to be deleted."""
        self.turning = Turning("DELETING", GONE, lag.looks())

    def describe(self) -> Answer | None:
        """What a describe answers; `None` once it is gone. This read counts."""
        status = self.turning.read()
        if status == GONE:
            return None
        reason = {"VALID": HEALTHY[self.kind], "INVALID": self.reason}.get(status, "")
        return self.said | {"status": status, "statusReason": reason}

    def check_settled(self, doing: str) -> None:
        """AWS changes nothing that is still changing."""
        if not self.turning.over:
            raise refusal(f"Cannot {doing}, resource is being modified")


def refusal(message: str, status: int = 400) -> ServiceError:
    """The one error that Batch has for everything a caller does wrong."""
    return ServiceError("ClientException", message, status)


def bad_request(message: str) -> ServiceError:
    """The same, in the frame that Batch puts around failed checks."""
    return refusal(f"Error executing request, Exception : {message}, RequestId: {uuid.uuid4()}")


def environments(region: str) -> dict[str, Record]:
    """The compute environments of a region that are not gone, by ARN."""
    return _living(shelf("compute environments", region))


def queues(region: str) -> dict[str, Record]:
    """The job queues of a region that are not gone, by ARN."""
    return _living(shelf("job queues", region))


def find(records: dict[str, Record], identifier: str) -> Record | None:
    """The record with this name or ARN."""
    found = records.get(identifier)
    return found or next((record for record in records.values() if record.name == identifier), None)


def described(call: Call, records: dict[str, Record], wanted: list[str] | None, key: str) -> Answer:
    """One page of describe answers. Unknown names are left out, and `nextToken` leads to the rest."""
    if wanted and len(wanted) > 100:  # noqa: PLR2004  AWS's limit on names in one call
        raise bad_request("Member must have length less than or equal to 100")
    chosen = list(records.values()) if not wanted else [r for name in wanted if (r := find(records, name))]
    start = int(call.params.get("nextToken") or 0)
    end = start + int(call.params.get("maxResults") or 100)
    answer: Answer = {key: [said for record in chosen[start:end] if (said := record.describe())]}
    return answer | ({"nextToken": str(end)} if end < len(chosen) else {})


def _living(records: dict[str, Any]) -> dict[str, Record]:
    for arn in [arn for arn, record in records.items() if record.turning.now == GONE]:
        del records[arn]
    return records
