"""The rules of `lint` for queues and how they share: what they run on, limits that never act, shares that cover others.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mfinfra.document import meant
from mfinfra.document.lint_compute import FARGATE, architecture_of
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


def families(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """Compute environments of both families in one queue."""
    first: tuple[str, bool] | None = None
    for index, value in enumerate(resource.spec.get("compute_environments") or ()):
        other = meant.named(environment, "compute_environment", value)
        if other is None or not isinstance(other.spec.get("type"), str):
            continue
        fargate = other.spec["type"] in FARGATE
        first = first or (str(other.address), fargate)
        if first[1] != fargate:
            message = f"`{other.address}` is {_family(fargate)} and `{first[0]}` is {_family(first[1])}"
            hint = "one queue takes one family: make a queue for each"
            yield ("compute_environments", index), "MF1105", message, hint


def _family(fargate: bool) -> str:
    return "on Fargate" if fargate else "on EC2"


def architectures(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """Compute environments of two processor architectures in one queue.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeEnvironmentOrder.html
    """
    first: tuple[str, str] | None = None
    for index, value in enumerate(resource.spec.get("compute_environments") or ()):
        other = meant.named(environment, "compute_environment", value)
        found = architecture_of(other) if other else None
        if other is None or found is None:
            continue
        first = first or (str(other.address), found)
        if first[1] != found:
            message = f"`{other.address}` is {found} and `{first[0]}` is {first[1]}: a queue has one architecture"
            yield ("compute_environments", index), "MF1125", message, "make a queue for each"


def literal(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """A compute environment of the file that is named as AWS knows it now: what replaces it has another name."""
    for index, value in enumerate(resource.spec.get("compute_environments") or ()):
        if not isinstance(value, str):
            continue
        name = value.removeprefix(resource.scope.arn("batch", "compute-environment/"))
        other = meant.named(environment, "compute_environment", name)
        if other is not None:
            message = f"this is `{other.address}` by its name: nothing waits for it, and a replacement has another name"
            yield ("compute_environments", index), "MF2117", message, f"write `{other.address}`"


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
