"""What IAM is asked when a call is sent: actions, each on the resources that the call names, and what a condition sees.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra import evaluate, permissions
from mfinfra.evaluate import Request

ARN = "arn:aws:{}:us-east-1:123456789012:{}"
EVERYWHERE = {
    "batch": ("Describe", "List"),
    "ec2": ("Describe",),
    "ecs": ("List",),
    "iam": ("GetAccountAuthorizationDetails", "ListInstanceProfiles", "ListRoles"),
    "logs": ("DescribeLogGroups",),
    "resourcegroupstaggingapi": ("GetResources",),
}
NAMES = {
    "batch": {
        "computeEnvironmentName": "compute-environment/",
        "computeEnvironment": "compute-environment/",
        "jobQueueName": "job-queue/",
        "jobQueue": "job-queue/",
    },
    "dynamodb": {"TableName": "table/"},
    "ecr": {"repositoryName": "repository/", "repositoryNames": "repository/"},
    "logs": {"logGroupName": "log-group:"},
    "ec2": {
        "VpcId": "vpc/",
        "SubnetIds": "subnet/",
        "RouteTableIds": "route-table/",
        "SecurityGroupIds": "security-group/",
        "GroupId": "security-group/",
        "VpcEndpointIds": "vpc-endpoint/",
        "VpcEndpointId": "vpc-endpoint/",
    },
}
MADE = {"CreateSecurityGroup": "security-group/*", "CreateVpcEndpoint": "vpc-endpoint/*"}
OURS = "mfinfra:environment"


def of(service: str, operation: str, params: Mapping[str, Any], environment: str) -> Iterator[Request]:
    """The requests that IAM decides on, of a call on what `environment` owns."""
    action, tags = permissions.action_of(service, operation), _tags(params)
    context = {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}
    for resource in resources(service, operation, params):
        kept = any(f":{kind}/" in resource for kind in ("security-group", "vpc-endpoint"))
        made = resource.endswith("/*")
        owned = {f"aws:ResourceTag/{OURS}": [environment]} if kept and not made else {}
        attached = {"iam:PolicyARN": [params["PolicyArn"]]} if "PolicyArn" in params else {}
        yield Request(action, resource, {**context, **owned, **attached})


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    rows = params.get("Tags") or [tag for row in params.get("TagSpecifications", ()) for tag in row["Tags"]]
    return {row["Key"]: row["Value"] for row in rows} if isinstance(rows, list) else {}


def resources(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """The ARNs that IAM compares; `*` where the action knows no narrower one."""
    if operation.startswith(EVERYWHERE.get(service, ())) and service in EVERYWHERE:
        return ["*"]
    match service:
        case "s3":
            keys = [row["Key"] for row in params.get("Delete", {}).get("Objects", ())]
            keys += [params["Key"]] if "Key" in params else []
            bucket = f"arn:aws:s3:::{params['Bucket']}"
            return [f"{bucket}/{key}" for key in keys] or [bucket]
        case "iam":
            role, profile = params.get("RoleName"), params.get("InstanceProfileName")
            named = f"instance-profile/{profile}" if profile else f"role/{role}"
            return [f"arn:aws:iam::123456789012:{named}"]
    found = [MADE[operation]] if operation in MADE else []
    for parameter, before in NAMES[service].items():
        value = params.get(parameter)
        found += [f"{before}{name}" for name in (value if isinstance(value, list) else [value] if value else ())]
    if operation in {"CreateVpcEndpoint", "ModifyVpcEndpoint"}:
        found += [f"{NAMES['ec2'][name[3:]]}{one}" for name in params if name.startswith("Add") for one in params[name]]
    arns = [name if name.startswith("arn:") else ARN.format(service, name) for name in found]
    said = [params[name] for name in ("resourceArn", "ResourceArn", "arn") if name in params]
    tagged = [ARN.format("ec2", f"{_kind(one)}/{one}") for one in params.get("Resources", ())]
    assert arns or said or tagged, f"{service}:{operation} names nothing: {params}"
    return [*arns, *said, *tagged]


def _kind(number: str) -> str:
    return {"sg": "security-group", "vpce": "vpc-endpoint", "lt": "launch-template"}[number.partition("-")[0]]


def allowed(statements: list[dict[str, Any]], request: Request) -> bool:
    return evaluate.decide(request, [{"Version": "2012-10-17", "Statement": statements}]) is evaluate.Decision.ALLOWED
