"""What `mfinfra verify` and `mfinfra doctor` ask of AWS, and on what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mfinfra import permissions
from mfinfra.grants.grant import Grant
from mfinfra.metaflow.doctor import causes
from mfinfra.metaflow.parts import JOB_DEFINITIONS, Part, Parts

VERIFY: Final = (
    "batch:DeregisterJobDefinition",
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobDefinitions",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "batch:TerminateJob",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "ecr:DescribeImages",
    "iam:GetInstanceProfile",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:SimulatePrincipalPolicy",
    "logs:DescribeLogGroups",
    "s3:DeleteObject",
    "s3:DeleteObjects",
    "s3:GetBucketPolicy",
    "s3:GetBucketVersioning",
    "s3:GetObject",
    "s3:GetObjectLockConfiguration",
    "s3:HeadBucket",
    "s3:HeadObject",
    "s3:ListObjectVersions",
    "s3:ListObjectsV2",
    "s3:PutObject",
)
DOCTOR: Final = tuple(sorted(causes.READS))
CONFIG: Final = ("secretsmanager:GetSecretValue",)
"""What `mfinfra config --write` asks, where the file refers to secrets."""
INIT: Final = (
    "ec2:DescribeNatGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "iam:GetRole",
    "s3:HeadBucket",
)
"""What `mfinfra init` asks beside what a plan asks."""
STACKS: Final = (
    "cloudformation:DescribeStacks",
    "cloudformation:GetStackPolicy",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "iam:GetInstanceProfile",
    "iam:GetRole",
)
"""What `mfinfra import --from-cloudformation` asks of stacks, and of what their templates name."""
IMPORT: Final = (
    *STACKS,
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "resourcegroupstaggingapi:GetResources",
    "sts:GetCallerIdentity",
)
"""What `mfinfra import` asks beside what the drivers read."""
OBJECTS: Final = frozenset({"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"})


def grants(parts: Parts, operations: Iterable[str]) -> Iterator[Grant]:
    """The grants of these operations, on the resources that play a part for Metaflow."""
    for operation in operations:
        service, _, name = operation.partition(":")
        actions = [permissions.action_of(service, name)]
        if operation == "s3:DeleteObjects":
            actions.append("s3:DeleteObjectVersion")
        for action in actions:
            resources = tuple(dict.fromkeys(_reached(action, parts)))
            if resources:
                yield Grant(
                    "NoNarrowerResource" if resources == ("*",) else f"Check{service.title()}", action, resources
                )


def _reached(action: str, parts: Parts) -> Iterator[str]:
    scope, service = parts.scope, action.partition(":")[0]
    match service:
        case "s3":
            for root in parts.roots:
                yield root.objects if action in OBJECTS else root.bucket_arn
        case "iam":
            yield from _iam(action, parts)
        case "dynamodb":
            yield from _arns(parts.table)
        case "logs" if action == "logs:GetLogEvents":
            yield scope.arn("logs", "log-group:/aws/batch/job:*")
        case "ecr":
            yield scope.arn("ecr", "repository/*")
        case "batch" if action == "batch:DeregisterJobDefinition":
            yield scope.arn("batch", f"job-definition/{JOB_DEFINITIONS}")
        case "batch" if action == "batch:TerminateJob":
            yield scope.arn("batch", "job/*")
        case _:
            yield "*"


def _iam(action: str, parts: Parts) -> Iterator[str]:
    match action:
        case "iam:GetInstanceProfile":
            yield parts.scope.arn("iam", "instance-profile/*", region="")
        case "iam:GetPolicy" | "iam:GetPolicyVersion":
            yield from (parts.scope.arn("iam", "policy/*", region="", account=owner) for owner in ("aws", None))
        case _:
            # Whose instances and fleets run the jobs is found on the way.
            yield parts.scope.arn("iam", "role/*", region="")


def _arns(part: Part | None) -> Iterator[str]:
    if part is not None:
        yield part.arn
