"""Batch job queues. Updates are sparse; the order of compute environments counts, the numbers in it do not.

https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateJobQueue.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mfinfra.drivers._batch import Stateful, put_tags, queue_work, take_tags
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.model import Document, Effects, Observed, Resource, Sends, Spec

QUEUE = Stateful("jobQueue", "job queue", patience=600.0)


def arn(resource: Resource, kind: str, value: Any) -> Any:
    """The ARN of the Batch resource that a bare name means; everything else is left as it is."""
    bare = isinstance(value, str) and value and not value.startswith("arn:")
    return resource.scope.arn("batch", f"{kind}/{value}") if bare else value


def desired(resource: Resource) -> Spec:
    """Names become ARNs, as descriptions have them; time limits are completed."""
    spec = dict(resource.spec)
    if spec["compute_environments"] is not None:
        spec["compute_environments"] = [
            arn(resource, "compute-environment", value) for value in spec["compute_environments"]
        ]
    spec["scheduling_policy"] = arn(resource, "scheduling-policy", spec["scheduling_policy"])
    if spec["time_limits"] is not None:
        spec["time_limits"] = [{"state": "RUNNABLE", "action": "CANCEL", **limit} for limit in spec["time_limits"]]
    return spec


def parse(answer: Document, resource: Resource) -> Observed | None:
    row = QUEUE.row(answer, resource)
    if row is None:
        return None
    order = sorted(row.get("computeEnvironmentOrder", ()), key=lambda entry: int(entry["order"]))
    spec = {
        "priority": row["priority"],
        "compute_environments": [arn(resource, "compute-environment", entry["computeEnvironment"]) for entry in order],
        "scheduling_policy": row.get("schedulingPolicyArn", ""),
        "time_limits": [
            {**{name: limit[name] for name in ("reason", "state", "action")}, "max_seconds": limit["maxTimeSeconds"]}
            for limit in row.get("jobStateTimeLimitActions", ())
        ],
    }
    return QUEUE.observed(row, spec)


def members(want: Spec, fields: Iterable[str]) -> dict[str, Any]:
    """The members of a request that say `fields`."""
    said: dict[str, Any] = {}
    for field in fields:
        match field:
            case "compute_environments":
                said["computeEnvironmentOrder"] = [
                    {"order": order, "computeEnvironment": value} for order, value in enumerate(want[field], start=1)
                ]
            case "scheduling_policy":
                said["schedulingPolicyArn"] = want[field]
            case "time_limits":
                said["jobStateTimeLimitActions"] = [
                    {
                        **{name: limit[name] for name in ("reason", "state", "action")},
                        "maxTimeSeconds": limit["max_seconds"],
                    }
                    for limit in want[field]
                ]
            case _:
                said[field] = want[field]
    return said


MUTABLE = ("state", "priority", "compute_environments", "scheduling_policy", "time_limits")


def create(resource: Resource, want: Spec) -> Effects:
    """A FIFO queue is one that is made without a scheduling policy."""
    given = {"priority": 1, **{name: want[name] for name in MUTABLE if want[name] not in (None, "", [])}}
    return QUEUE.create(resource, members(given, given))


def write(change: Change) -> Effects:
    return QUEUE.update(change.resource, members(change.want, [name for name in MUTABLE if name in change.fields]))


def replaces(change: Change) -> frozenset[str]:
    """A queue is FIFO or fair-share for life; one fair-share policy can follow another."""
    before, after = change.have["scheduling_policy"], change.want["scheduling_policy"]
    crossing = "scheduling_policy" in change.fields and not (before and after)
    return change.fields & frozenset({"name", *(["scheduling_policy"] if crossing else [])})


def because(change: Change, replacing: frozenset[str]) -> str:
    if "scheduling_policy" not in replacing:
        return ""
    before, after = ("FIFO", "fair-share") if change.want["scheduling_policy"] else ("fair-share", "FIFO")
    return f"replacement: a {before} queue cannot become a {after} queue, and deleting a queue ends its jobs"


SENDS = Sends(
    reads=("batch:DescribeJobQueues", "batch:ListJobs"),
    makes=("batch:CreateJobQueue", "batch:UpdateJobQueue"),
    changes=("batch:UpdateJobQueue", "batch:TagResource"),
    deletes=("batch:UpdateJobQueue", "batch:DeleteJobQueue"),
    forgets=("batch:UntagResource",),
    beside={
        "batch:CreateJobQueue": ("compute_environments", "scheduling_policy"),
        "batch:UpdateJobQueue": ("compute_environments", "scheduling_policy"),
    },
)

DRIVER = Kind(
    kind="job_queue",
    sends=SENDS,
    arn=r"arn:[^:]+:batch:[^:]*:\d{12}:job-queue/(?P<name>[0-9A-Za-z_-]+)",
    read=QUEUE.read,
    parse=parse,
    parts=(Part(("name",)), Part(MUTABLE, write=write)),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=lambda resource, want: want,
    delete=QUEUE.delete,
    desired=desired,
    ready=QUEUE.valid,
    gone=QUEUE.gone,
    replaces=replaces,
    because=because,
    work=queue_work,
)
