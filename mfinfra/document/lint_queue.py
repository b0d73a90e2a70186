"""The rules of `lint` for queues and how they share: limits that never act, and shares that Batch refuses.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mfinfra.document.nearest import did_you_mean
from mfinfra.document.tree import shown
from mfinfra.model import Environment, Resource

# What Batch acts on. Of why else a job waits it only tells.
REASONS = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
)

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def time_limits(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Limits that never act: for a reason that Batch does not know, or behind a shorter one for the same."""
    limits = resource.spec.get("time_limits") or ()
    first: dict[str, int] = {}
    for index, limit in enumerate(limits):
        at = first.setdefault(limit["reason"], index)
        first[limit["reason"]] = index if limit["max_seconds"] < limits[at]["max_seconds"] else at
    for index, limit in enumerate(limits):
        reason, place = str(limit["reason"]), ("time_limits", index)
        if reason not in REASONS:
            message = f"Batch acts on no job that waits for `{shown(reason)}`"
            hint = did_you_mean(reason, REASONS) or f"the reasons are {', '.join(f'`{name}`' for name in REASONS)}"
            yield (*place, "reason"), "MF2111", message, hint
        if first[limit["reason"]] != index:
            message = "this limit never acts: another one for the same reason acts before it"
            yield place, "MF2111", message, "remove one of them"


def shares(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Shares of which one covers another; sorted, what `a*` covers stands right behind it."""
    names = sorted(resource.spec.get("shares") or {}, key=lambda name: (name.removesuffix("*"), not name.endswith("*")))
    for one, other in pairwise(names):
        if one.endswith("*") and other.startswith(one[:-1]):
            message = f"`{shown(one)}` stands for `{shown(other)}` too, and Batch refuses both beside each other"
            yield ("shares", other), "MF1117", message, "remove one of them"
