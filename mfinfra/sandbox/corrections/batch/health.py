"""Why a compute environment turns INVALID: Batch accepts names first, and tries them out afterwards.

https://docs.aws.amazon.com/batch/latest/userguide/invalid_compute_environment.html
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from mfinfra.sandbox.corrections.batch.rules import SERVICE_LINKED
from mfinfra.sandbox.corrections.call import Answer, Call


def reason(call: Call, said: Answer) -> str:
    """AWS's reason for INVALID, or nothing."""
    resources = said.get("computeResources") or {}
    found = (
        _service_role(call, said["serviceRole"])
        or _instance_role(call, resources.get("instanceRole", ""))
        or _missing(call, "Subnets", "SubnetIds", resources.get("subnets", []), "The subnet ID '{}' does not exist")
        or _missing(
            call,
            "SecurityGroups",
            "GroupIds",
            resources.get("securityGroupIds", []),
            "The security group '{}' does not exist",
        )
        or _launch_template(call, resources.get("launchTemplate") or {})
    )
    return f"CLIENT_ERROR - {found}" if found else ""


def missing_role(call: Call, said: Answer) -> str:
    """AWS's reason for not getting rid of a compute environment whose service role is gone; or nothing."""
    arn = said["serviceRole"]
    if SERVICE_LINKED.match(arn):
        return ""
    found = call.asks("NoSuchEntity", "iam", "GetRole", RoleName=arn.rsplit("/", 1)[-1])
    return "CLIENT_ERROR - Not authorized to perform sts:AssumeRole" if found is None else ""


def _service_role(call: Call, arn: str) -> str:
    if SERVICE_LINKED.match(arn):
        return ""
    name = arn.rsplit("/", 1)[-1]
    found = call.asks("NoSuchEntity", "iam", "GetRole", RoleName=name)
    trust = json.loads(unquote(found["Role"]["AssumeRolePolicyDocument"])) if found else {}
    if "batch.amazonaws.com" not in json.dumps(trust):
        return "Not authorized to perform sts:AssumeRole"
    attached = call.ask("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]
    if not attached and not call.ask("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]:
        user = f"arn:{call.partition}:sts::{call.account}:assumed-role/{name}/aws-batch"
        return (
            f"User: {user} is not authorized to perform: ecs:DescribeClusters on resource: * "
            "because no identity-based policy allows the ecs:DescribeClusters action"
        )
    return ""


def _instance_role(call: Call, given: str) -> str:
    if not given:
        return ""
    if given.startswith("arn:") and ":instance-profile/" not in given:
        return f"Invalid IamInstanceProfile: {given}"
    found = call.asks("NoSuchEntity", "iam", "GetInstanceProfile", InstanceProfileName=given.rsplit("/", 1)[-1])
    usable = found is not None and found["InstanceProfile"].get("Roles")
    return "" if usable else f"Invalid IamInstanceProfile: {given}"


def _missing(call: Call, what: str, ids: str, wanted: list[str], text: str) -> str:
    for name in wanted:
        params: dict[str, Any] = {ids: [name]}
        if call.asks("Invalid", "ec2", f"Describe{what}", **params) is None:
            return text.format(name)
    return ""


def _launch_template(call: Call, given: dict[str, str]) -> str:
    name, template_id = given.get("launchTemplateName"), given.get("launchTemplateId")
    if not name and not template_id:
        return ""
    wanted: dict[str, Any] = {"LaunchTemplateNames": [name]} if name else {"LaunchTemplateIds": [template_id]}
    found = call.asks("InvalidLaunchTemplate", "ec2", "DescribeLaunchTemplates", **wanted)
    if found and found["LaunchTemplates"]:
        return ""
    return f"The specified launch template, with template {name or template_id}, does not exist."
