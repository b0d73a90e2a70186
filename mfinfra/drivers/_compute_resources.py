"""A compute environment's fields as Batch's `computeResources` has them, and back.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.drivers import _pinned
from mfinfra.drivers._parts import Change
from mfinfra.model import Document, Resource, Spec

INSTANCES = ("EC2", "SPOT")
MEMBERS: Mapping[str, str] = {
    "type": "type",
    "min_vcpus": "minvCpus",
    "max_vcpus": "maxvCpus",
    "instance_types": "instanceTypes",
    "allocation_strategy": "allocationStrategy",
    "bid_percentage": "bidPercentage",
    "subnets": "subnets",
    "security_groups": "securityGroupIds",
    "instance_role": "instanceRole",
    "launch_template": "launchTemplate",
    "image_type": "ec2Configuration",
    "placement_group": "placementGroup",
    "key_pair": "ec2KeyPair",
    "spot_fleet_role": "spotIamFleetRole",
}
NOT_ON_FARGATE = (*sorted(MEMBERS.keys() - {"type", "max_vcpus", "subnets", "security_groups"}), "update_policy")
ONLY_ON_SPOT = ("bid_percentage", "spot_fleet_role")
STRATEGIES = {"EC2": "BEST_FIT_PROGRESSIVE", "SPOT": "SPOT_PRICE_CAPACITY_OPTIMIZED"}
ORDERED = ("BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED")
WHOLE_BID = 100
SERVICE_LINKED = re.compile(r"arn:[^:]+:iam::\d{12}:role/aws-service-role/batch\.amazonaws\.com/.+")
INFRASTRUCTURE = MEMBERS.keys() - {"min_vcpus", "max_vcpus", "spot_fleet_role"}
NEEDED = ("max_vcpus", "instance_types")


def service_linked(role: Any) -> bool:
    """Whether it is Batch's own role."""
    return isinstance(role, str) and SERVICE_LINKED.fullmatch(role) is not None


def infrastructure(fields: Iterable[str], kind: str) -> frozenset[str]:
    """Those of the changed `fields` that need new instances; on Fargate there are none to replace."""
    found = INFRASTRUCTURE.intersection(fields)
    return frozenset(found if kind in INSTANCES else found - {"subnets", "security_groups"})


def strategy(spec: Spec) -> str | None:
    """The allocation strategy that the file asks for; an empty one follows from the type."""
    chosen: str | None = spec.get("allocation_strategy")
    return STRATEGIES.get(spec.get("type", ""), "") if chosen == "" else chosen


def unmanaged(spec: Spec) -> tuple[str, ...]:
    """The fields that mean nothing to a compute environment of this type and strategy."""
    if spec["type"] not in INSTANCES:
        return NOT_ON_FARGATE
    without_updates = ("update_policy",) if strategy(spec) == "BEST_FIT" else ()
    return without_updates if spec["type"] == "SPOT" else (*ONLY_ON_SPOT, *without_updates)


def desired(resource: Resource) -> Spec:
    """The fields of `computeResources` in the form that descriptions have."""
    spec = resource.spec
    return {
        **{name: spec[name] for name in MEMBERS},
        "allocation_strategy": strategy(spec),
        "instance_types": _types(spec["instance_types"], resource),
        "instance_role": arn(resource, "instance-profile", spec["instance_role"]),
        "spot_fleet_role": arn(resource, "role", spec["spot_fleet_role"]),
        "launch_template": _pinned.desired(spec["launch_template"]),
    }


def observed(row: Document, resource: Resource) -> Spec:
    """The fields as they are; those that Fargate does not have are left out."""
    held = row.get("computeResources") or {}
    fields: dict[str, Any] = {
        "type": _type(row),
        "max_vcpus": held.get("maxvCpus"),
        "subnets": held.get("subnets", []),
        "security_groups": held.get("securityGroupIds", []),
    }
    if fields["type"] not in INSTANCES:
        return fields
    images = [image["imageType"] for image in held.get("ec2Configuration", ())]
    return fields | {
        "min_vcpus": held.get("minvCpus", 0),
        "instance_types": _types(held.get("instanceTypes", []), resource),
        "allocation_strategy": held.get("allocationStrategy", "BEST_FIT"),
        "bid_percentage": held.get("bidPercentage", WHOLE_BID),
        "instance_role": arn(resource, "instance-profile", held.get("instanceRole", "")),
        "launch_template": _pinned.observed(held.get("launchTemplate") or {}),
        "image_type": ", ".join(images),
        "placement_group": held.get("placementGroup", ""),
        "key_pair": held.get("ec2KeyPair", ""),
        "spot_fleet_role": arn(resource, "role", held.get("spotIamFleetRole", "")),
    }


def new(resource: Resource, want: Spec) -> dict[str, Any]:
    """`computeResources` of a new compute environment. What Batch insists on is said even if it is not managed."""
    chosen = _as_written(resource, want)
    defaults = schemas.traits(resource.kind).defaults
    on_instances = want["type"] in INSTANCES
    for name in NEEDED:
        if chosen[name] is None and (on_instances or name not in NOT_ON_FARGATE):
            chosen[name] = defaults[name]
    if on_instances and chosen["allocation_strategy"] is None:
        # Without a word AWS takes BEST_FIT, which can hardly be changed and on SPOT needs a role of its own.
        chosen["allocation_strategy"] = STRATEGIES[want["type"]]
    said = {name for name in MEMBERS if chosen[name] not in (None, "", [], {})}
    if chosen["bid_percentage"] == WHOLE_BID:
        said.discard("bid_percentage")  # AWS recommends to leave it out
    resources = members(chosen, said)
    if on_instances and want["initial_vcpus"] is not None:
        resources["desiredvCpus"] = want["initial_vcpus"]
    return resources


def changes(change: Change) -> dict[str, Any]:
    """`computeResources` of an update; empty if nothing in it changes. Batch owns `desiredvCpus`: it is never sent."""
    changed = change.fields & MEMBERS.keys()
    return members(_as_written(change.resource, change.want), {*changed, "max_vcpus"}) if changed else {}


def members(spec: Spec, fields: Collection[str]) -> dict[str, Any]:
    """The members that say `fields`, in the order of `MEMBERS`."""
    return {member: _member(name, spec[name]) for name, member in MEMBERS.items() if name in fields}


def arn(resource: Resource, kind: str, value: Any) -> Any:
    """The IAM ARN that a bare name means; everything else is left as it is."""
    bare = isinstance(value, str) and value and not value.startswith("arn:")
    return resource.scope.arn("iam", f"{kind}/{value.lstrip('/')}", region="") if bare else value


def _as_written(resource: Resource, want: Spec) -> dict[str, Any]:
    """`want`, with a bare instance profile name as it is: Batch finds the profile's path by itself, we cannot."""
    managed = want["instance_role"] is not None and resource.spec["instance_role"] is not None
    return {**want, **({"instance_role": resource.spec["instance_role"]} if managed else {})}


def _member(name: str, value: Any) -> Any:
    match name:
        case "launch_template":
            return _pinned.members(value)
        case "image_type":
            return [{"imageType": value}]
        case _:
            return value


def _type(row: Document) -> str:
    """The type; of an environment that is not of our kind, the word that tells why."""
    if row.get("type", "MANAGED") == "UNMANAGED":
        return "UNMANAGED"
    if row.get("containerOrchestrationType", "ECS") != "ECS":
        return str(row["containerOrchestrationType"])
    return str(row.get("computeResources", {}).get("type", "")).upper()


def _types(types: Any, resource: Resource) -> Any:
    """Instance types are a set, except where the strategy tries them in their order."""
    if types is None or strategy(resource.spec) in ORDERED:
        return types
    return sorted(set(types), key=str)
