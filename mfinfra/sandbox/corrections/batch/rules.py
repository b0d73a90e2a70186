"""What Batch accepts of a compute environment, and which changes it makes in place."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from moto.ec2.models.instance_types import INSTANCE_TYPES

from mfinfra.sandbox.corrections.batch.records import bad_request

NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}")
INSTANCES: Final = frozenset({"EC2", "SPOT"})
SERVERLESS: Final = frozenset({"FARGATE", "FARGATE_SPOT"})
SCALING: Final = frozenset({"minvCpus", "maxvCpus", "desiredvCpus"})
IN_PLACE_ON_FARGATE: Final = frozenset({"maxvCpus", "subnets", "securityGroupIds", "type"})
ON_FARGATE: Final = frozenset({"type", "maxvCpus", "subnets", "securityGroupIds"})
WITHOUT_UPDATES: Final = frozenset({"", "BEST_FIT"})
SERVICE_LINKED: Final = re.compile(r"arn:[^:]+:iam::\d{12}:role/aws-service-role/batch\.amazonaws\.com/")
NAMED_SETS: Final = frozenset({"optimal", "default_x86_64", "default_arm64"})

ONLY_PROGRESSIVE: Final = (
    "Fields allocationStrategy, bidPercentage, ec2Configuration, ec2KeyPair, imageId, instanceRole, instanceTypes, "
    "launchTemplate, placementGroup, securityGroupIds, subnets, tags, type, updatePolicy, updateToLatestImageVersion, "
    "context can be updated for CE only with Allocation Strategy BEST_FIT_PROGRESSIVE and SPOT_CAPACITY_OPTIMIZED."
)
ONLY_SERVICE_LINKED: Final = (
    "Fields {fields} can be updated only for Non-fargate Compute Environment having a Batch Service Linked Role"
)
ONLY_USABLE: Final = "Fields {fields} can be updated only for a compute environment that is ENABLED and VALID"
"""From memory, as none of AWS's pages has the words."""
NO_SCALING_DOWN: Final = (
    "Manually scaling down compute environment is not supported. Disconnecting job queues from compute environment "
    "will cause it to scale-down to minvCpus."
)


def check_name(name: str, what: str) -> None:
    """Names of compute environments and queues have one form."""
    if not NAME.fullmatch(name):
        raise bad_request(f"{what} should match valid pattern")


def check_new(resources: dict[str, Any]) -> None:
    """Refuse compute resources that Batch refuses at once."""
    kind = resources.get("type", "").upper()
    if kind in SERVERLESS:
        _check_new_on_fargate(kind, resources)
    elif kind in INSTANCES:
        _check_new_on_instances(kind, resources)
    else:
        raise bad_request("computeResources.type must be one of EC2, SPOT, FARGATE, FARGATE_SPOT")
    if not resources.get("subnets"):
        raise bad_request("computeResources.subnets cannot be empty")
    check_sizes(resources)


def check_sizes(resources: dict[str, Any]) -> None:
    """minvCpus, desiredvCpus and maxvCpus stand in this order."""
    least, most = resources.get("minvCpus", 0), resources["maxvCpus"]
    if least < 0 or most < 1:
        raise bad_request("minvCpus and maxvCpus cannot be negative, nor maxvCpus 0")
    if least > most:
        raise bad_request("minvCpus cannot be greater than maxvCpus")
    if not least <= resources.get("desiredvCpus", least) <= most:
        raise bad_request("desiredvCpus should be between minvCpus and maxvCpus")


def _check_new_on_fargate(kind: str, resources: dict[str, Any]) -> None:
    if extra := sorted(set(resources) - ON_FARGATE):
        raise bad_request(f"{', '.join(extra)} not applicable for {kind}")
    if not resources.get("securityGroupIds"):
        raise bad_request(f"computeResources.securityGroupIds is required for {kind}")


def _check_new_on_instances(kind: str, resources: dict[str, Any]) -> None:
    if not resources.get("instanceRole"):
        raise bad_request("computeResources.instanceRole is required")
    check_instance_types(resources.get("instanceTypes"))
    if not resources.get("securityGroupIds") and not resources.get("launchTemplate"):
        raise bad_request("computeResources.securityGroupIds is required")
    check_strategy(kind, resources)
    if kind == "SPOT" and strategy(resources) in WITHOUT_UPDATES and not resources.get("spotIamFleetRole"):
        raise bad_request("computeResources.spotIamFleetRole is required")
    if not 0 < resources.get("bidPercentage", 100) <= 100:  # noqa: PLR2004  it is a percentage
        raise bad_request("bidPercentage should be between 1 and 100")


def check_instance_types(types: list[str] | None) -> None:
    """Each is a type, a family, or one of Batch's own names."""
    if not types:
        raise bad_request("computeResources.instanceTypes cannot be empty")
    for name in types:
        if name not in NAMED_SETS and name not in INSTANCE_TYPES and name not in _families():
            raise bad_request(f"Instance type can only be one of the known types or families, not {name}")


def check_strategy(kind: str, resources: dict[str, Any]) -> None:
    """The SPOT strategies are for SPOT."""
    chosen = strategy(resources)
    if chosen.startswith("SPOT_") and kind != "SPOT":
        raise bad_request(f"Allocation strategy {chosen} is only applicable for type SPOT")


def check_update(said: dict[str, Any], params: dict[str, Any]) -> None:
    """Refuse what UpdateComputeEnvironment refuses, given what describe answers now."""
    change = params.get("computeResources")
    if role := params.get("serviceRole"):
        _check_role_family(said["serviceRole"], role)
    if said["type"] == "UNMANAGED":
        if change is not None:
            raise bad_request("computeResources cannot be specified for an UNMANAGED compute environment")
        return
    if change is not None and not change:
        raise bad_request("At least one compute-resources attribute must be specified")
    current = said["computeResources"]
    if current["type"] in SERVERLESS:
        _check_update_on_fargate(change or {})
    else:
        _check_update_on_instances(said, params, change or {})
    merged = {**current, **(change or {})}
    merged["desiredvCpus"] = merged.get("minvCpus", 0)
    check_sizes(merged)


def infrastructure(said: dict[str, Any], change: dict[str, Any]) -> list[str]:
    """The fields of an update for which Batch replaces instances; on Fargate there are none to replace.

    https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
    """
    on_instances = said.get("computeResources", {}).get("type") in INSTANCES
    return sorted(set(change) - SCALING) if on_instances else []


def architectures(resources: dict[str, Any]) -> frozenset[str]:
    """What the instances of an environment may be, `arm64` or `x86_64`; empty on Fargate."""
    return frozenset(_architecture(name) for name in resources.get("instanceTypes", ()))


def _check_update_on_fargate(change: dict[str, Any]) -> None:
    if extra := sorted(set(change) - IN_PLACE_ON_FARGATE):
        raise bad_request(ONLY_SERVICE_LINKED.format(fields=", ".join(extra)))
    if change.get("type", "FARGATE").upper() not in SERVERLESS:
        raise bad_request("computeResources.type cannot change between Fargate and EC2")


def _check_update_on_instances(said: dict[str, Any], params: dict[str, Any], change: dict[str, Any]) -> None:
    current = said["computeResources"]
    fields = infrastructure(said, change)
    if (fields or "updatePolicy" in params) and strategy(current) in WITHOUT_UPDATES:
        raise bad_request(ONLY_PROGRESSIVE)
    fields += [name for name in ("updatePolicy",) if name in params]
    if fields and not SERVICE_LINKED.match(said["serviceRole"]):
        raise bad_request(ONLY_SERVICE_LINKED.format(fields=", ".join(fields)))
    kind = change.get("type", current["type"]).upper()
    if kind not in INSTANCES:
        raise bad_request("computeResources.type cannot change between Fargate and EC2")
    if "allocationStrategy" in change and strategy(change) in WITHOUT_UPDATES:
        raise bad_request(ONLY_PROGRESSIVE)
    if "instanceTypes" in change:
        check_instance_types(change["instanceTypes"])
    check_strategy(kind, {**current, **change})
    _check_desired({**current, **change}, change.get("desiredvCpus"), current.get("desiredvCpus", 0))


def _check_desired(merged: dict[str, Any], wanted: int | None, current: int) -> None:
    if wanted is None:
        return
    if wanted < current:
        raise bad_request(NO_SCALING_DOWN)
    if not merged.get("minvCpus", 0) <= wanted <= merged["maxvCpus"]:
        raise bad_request("desiredvCpus should be between minvCpus and maxvCpus")


def _check_role_family(before: str, after: str) -> None:
    if bool(SERVICE_LINKED.match(before)) != bool(SERVICE_LINKED.match(after)):
        raise bad_request("serviceRole cannot change between a service-linked role and another role")


def strategy(resources: dict[str, Any]) -> str:
    """The allocation strategy; empty if none was ever given."""
    return str(resources.get("allocationStrategy", ""))


@cache
def _architecture(wanted: str) -> str:
    if wanted in NAMED_SETS:
        return "arm64" if wanted.endswith("arm64") else "x86_64"
    first = next(name for name in INSTANCE_TYPES if wanted in (name, name.split(".")[0]))
    return "arm64" if "arm64" in INSTANCE_TYPES[first]["ProcessorInfo"]["SupportedArchitectures"] else "x86_64"


@cache
def _families() -> frozenset[str]:
    return frozenset(name.split(".")[0] for name in INSTANCE_TYPES)
