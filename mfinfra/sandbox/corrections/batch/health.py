"""Why a compute environment turns INVALID: Batch accepts names first, and tries them out afterwards.

https://docs.aws.amazon.com/batch/latest/userguide/invalid_compute_environment.html
"""

from __future__ import annotations

import base64
import fnmatch
import json
from email import message_from_bytes
from typing import Any, Final
from urllib.parse import unquote

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.corrections.batch.rules import SERVICE_LINKED
from mfinfra.sandbox.corrections.call import Answer, Call
from mfinfra.sandbox.corrections.documents import many, statements
from mfinfra.sandbox.corrections.iam import visibility

NEEDED: Final = "ecs:describeclusters"
ASSUME: Final = "Not authorized to perform sts:AssumeRole"
DENIED: Final = (
    "User: {user} is not authorized to perform: ecs:DescribeClusters on resource: {cluster} "
    "because no identity-based policy allows the ecs:DescribeClusters action"
)
"""https://github.com/hashicorp/terraform-provider-aws/issues/34145 and, for young roles, issues/37945."""


def reason(call: Call, said: Answer) -> str:
    """AWS's reason for INVALID, or nothing. Each is one look at what IAM tells late."""
    resources = said.get("computeResources") or {}
    roles = _service_role(call, said), _instance_role(call, resources.get("instanceRole", ""))
    found = (
        roles[0]
        or roles[1]
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


def _service_role(call: Call, said: Answer) -> str:
    arn = said["serviceRole"]
    if SERVICE_LINKED.match(arn):
        return ""
    name = arn.rsplit("/", 1)[-1]
    found = call.asks("NoSuchEntity", "iam", "GetRole", RoleName=name)
    if found is None:
        return _failed(said, ASSUME, "AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied")
    # Every look counts, whatever the others say.
    visible = visibility.visible(call, arn)
    trust = visibility.trusted(call, name, unquote(found["Role"]["AssumeRolePolicyDocument"]))
    allowed = _allowed(call, name)
    if not visible or "batch.amazonaws.com" not in json.dumps(json.loads(trust)):
        return _failed(said, ASSUME, "AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied")
    if not allowed:
        text = DENIED.format(
            user=f"arn:{call.partition}:sts::{call.account}:assumed-role/{name}/aws-batch",
            cluster=said["ecsClusterArn"] if lag.strict() else "*",
        )
        return _failed(said, text, "AmazonECS; Status Code: 400; Error Code: AccessDeniedException")
    return ""


def _allowed(call: Call, role: str) -> bool:
    """Whether the policies of the role that Batch sees let it look at clusters. A kind sandbox takes any policy."""
    attached = call.ask("iam", "ListAttachedRolePolicies", RoleName=role)["AttachedPolicies"]
    inline = call.ask("iam", "ListRolePolicies", RoleName=role)["PolicyNames"]
    known = [*(policy["PolicyArn"] for policy in attached), *inline]
    seen = [policy for policy in known if visibility.seen(f"policy {role} {policy}", call.service)]
    return any(_looks_at_clusters(call, role, policy) for policy in seen) if lag.strict() else bool(seen)


def _looks_at_clusters(call: Call, role: str, policy: str) -> bool:
    if policy.startswith("arn:"):
        version = call.ask("iam", "GetPolicy", PolicyArn=policy)["Policy"]["DefaultVersionId"]
        said = call.ask("iam", "GetPolicyVersion", PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    else:
        said = call.ask("iam", "GetRolePolicy", RoleName=role, PolicyName=policy)["PolicyDocument"]
    return any(
        statement["Effect"] == "Allow" and fnmatch.fnmatchcase(NEEDED, action.lower())
        for statement in statements(json.loads(unquote(said)))
        for action in many(statement.get("Action", []))
    )


def _failed(said: Answer, text: str, of_service: str) -> str:
    """What a service answered Batch. A kind sandbox leaves out which one it was."""
    return f"{text} (Service: {of_service}; Request ID: {said['uuid']}; Proxy: null)" if lag.strict() else text


def _instance_role(call: Call, given: str) -> str:
    if not given:
        return ""
    if given.startswith("arn:") and ":instance-profile/" not in given:
        return f"Invalid IamInstanceProfile: {given}"
    found = call.asks("NoSuchEntity", "iam", "GetInstanceProfile", InstanceProfileName=given.rsplit("/", 1)[-1])
    usable = (
        found is not None
        and visibility.visible(call, found["InstanceProfile"]["Arn"])
        and found["InstanceProfile"].get("Roles")
    )
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
        version = given.get("version") or "$Default"
        return _user_data(call, found["LaunchTemplates"][0]["LaunchTemplateId"], version) if lag.strict() else ""
    return f"The specified launch template, with template {name or template_id}, does not exist."


def _user_data(call: Call, template: str, version: str) -> str:
    """Batch adds its own part to the user data, so that this has to have parts.

    https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html
    https://github.com/aws/aws-cdk/issues/6427
    """
    wanted: dict[str, Any] = {"LaunchTemplateId": template, "Versions": [version]}
    found = call.asks("InvalidLaunchTemplate", "ec2", "DescribeLaunchTemplateVersions", **wanted)
    if not found or not found["LaunchTemplateVersions"]:
        return f"Could not find the specified version {version} for the launch template with ID {template}."
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("UserData", "")
    if not data or message_from_bytes(base64.b64decode(data)).is_multipart():
        return ""
    return "Launch Template UserData is not MIME multipart format"
