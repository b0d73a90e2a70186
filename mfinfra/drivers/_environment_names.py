"""The names that a compute environment goes by in AWS.

A name is taken as long as its environment lives, and queues hold on to it. So what takes the place of an environment
stands beside it, under the file's name and a suffix that follows from what AWS cannot change: a run after a crash finds
what the one before it has begun. Which of the names is in use is read off AWS.
https://docs.aws.amazon.com/batch/latest/userguide/blue-green-updates.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mfinfra import compare, ownership, schemas
from mfinfra.drivers import _compute_resources as resources
from mfinfra.drivers._parts import Change
from mfinfra.model import Document, Observed, Resource, Spec, plain

LONGEST = 128
SUFFIX = 8
TAKEN = "taken"
NAME, ARN = "computeEnvironmentName", "computeEnvironmentArn"


def standing(rows: Sequence[Document], resource: Resource, spec_of: Callable[[Document], Spec]) -> Document | None:
    """The row of `resource`: of its own name or one that follows from it. What carries its tags comes first.

    What is no longer in the file has its own name only. One that has lost its tags and has the very name that follows
    from what it is, is nobody's for the guards, and not forgotten.
    """
    exact = [row for row in rows if row[NAME] == resource.spec["name"]]
    if resource.leftover:
        return next(iter(exact), None)
    family = re.compile(rf"{re.escape(_stem(resource.spec['name']))}-[0-9a-f]{{{SUFFIX}}}")
    derived = sorted((row for row in rows if family.fullmatch(row[NAME])), key=lambda row: str(row[NAME]))
    ours = [row for row in (*exact, *derived) if _carries(row, resource)]
    lost = [row for row in derived if not _owned(row) and row[NAME] == _derived(resource, spec_of(row))]
    return next(iter([*ours, *exact, *lost]), None)


def identify(resource: Resource, observed: Observed) -> Resource:
    """`resource` under the name that it goes by in AWS."""
    return _named(resource, observed.outputs["name"])


def succeed(change: Change) -> Resource:
    """The resource under the name that it takes to stand beside what it replaces, and all else.

    What is made anew for its own sake, or because the last attempt is INVALID, differs in nothing but what it follows.
    """
    taken = {change.have["name"], *(change.fact(TAKEN) or ())}
    name = _derived(change.resource, change.want)
    while name in taken:
        name = _derived(change.resource, change.want, name)
    return _named(change.resource, name)


def foretells(resource: Resource, observed: Observed | None) -> Mapping[str, str]:
    """The name, and the ARN that follows from it."""
    name = resource.spec["name"]
    return {"arn": resource.scope.arn("batch", f"compute-environment/{name}"), "name": name}


def arns(answer: Document, key: str, value: str) -> tuple[str, ...]:
    """The ARNs of the environments whose tag `key` is `value`."""
    return tuple(row[ARN] for row in answer.get("computeEnvironments", ()) if row.get("tags", {}).get(key) == value)


def immutable(want: Spec) -> dict[str, Any]:
    """What of an environment AWS never changes: where it has no infrastructure updates, that is nearly all."""
    kind, strategy = want["type"], want.get("allocation_strategy")  # on Fargate descriptions have none
    on_instances = kind in resources.INSTANCES
    linked = resources.service_linked(want["service_role"])
    kept = {
        "family": "instances" if on_instances else kind,
        "service_linked": linked,
        "best_fit": on_instances and strategy == "BEST_FIT",
        "spot_fleet_role": (want["spot_fleet_role"] or "") if on_instances else "",
    }
    fixed = resources.INFRASTRUCTURE if on_instances and (strategy == "BEST_FIT" or not linked) else frozenset()
    return {**kept, **{name: plain(want[name]) for name in sorted(fixed)}}


def _derived(resource: Resource, spec: Spec, *follows: str) -> str:
    name, traits = resource.spec["name"], schemas.traits(resource.kind)
    key = {
        field: compare.canonical(value, traits, resource.scope, (field,)) for field, value in immutable(spec).items()
    }
    digest = hashlib.sha256(json.dumps([name, key, *follows], sort_keys=True, default=str).encode()).hexdigest()
    return f"{_stem(name)}-{digest[:SUFFIX]}"


def _stem(name: str) -> str:
    return name[: LONGEST - SUFFIX - 1]


def _named(resource: Resource, name: str) -> Resource:
    return replace(resource, spec={**resource.spec, "name": name})


def _owned(row: Document) -> bool:
    return any(key in row.get("tags", {}) for key in ownership.KEYS)


def _carries(row: Document, resource: Resource) -> bool:
    """Whether the tags of ownership are on it; which are those is what `resource` brings along."""
    owned = {key: value for key, value in resource.tags.items() if key in ownership.KEYS}
    return bool(owned) and owned.items() <= row.get("tags", {}).items()
