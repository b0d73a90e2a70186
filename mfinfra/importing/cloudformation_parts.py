"""What a stack's resources, parameters and outputs are to an import. Pure.

Facts of the official template of Metaflow: https://github.com/outerbounds/metaflow-tools/tree/master/aws/cloudformation
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mfinfra import catalogue
from mfinfra.importing.start import Seed, Unmodelled
from mfinfra.model import Document, Scope

NESTED: Final = "AWS::CloudFormation::Stack"
PROFILE: Final = "AWS::IAM::InstanceProfile"
TYPES: Final[Mapping[str, str]] = {
    # The kinds, by the type of resource that CloudFormation knows them as.
    "AWS::Batch::ComputeEnvironment": "compute_environment",
    "AWS::Batch::JobQueue": "job_queue",
    "AWS::Batch::SchedulingPolicy": "scheduling_policy",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::DynamoDB::Table": "table",
    "AWS::EC2::LaunchTemplate": "launch_template",
    "AWS::EC2::SecurityGroup": "security_group",
    "AWS::EC2::VPCEndpoint": "endpoint",
    "AWS::ECR::Repository": "repository",
    "AWS::IAM::Role": "role",
    "AWS::KMS::Key": "key",
    "AWS::KMS::ReplicaKey": "key",
    "AWS::Logs::LogGroup": "log_group",
    "AWS::S3::Bucket": "bucket",
    "AWS::SecretsManager::Secret": "secret",
}

ARNS: Final[Mapping[str, str]] = {
    # What makes an ARN of the physical id of a type, by kind, where that is none already.
    "bucket": "arn:{partition}:s3:::{id}",
    "endpoint": "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
    "key": "arn:{partition}:kms:{region}:{account}:key/{id}",
    "launch_template": "arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
    "log_group": "arn:{partition}:logs:{region}:{account}:log-group:{id}",
    "repository": "arn:{partition}:ecr:{region}:{account}:repository/{id}",
    "role": "arn:{partition}:iam::{account}:role/{id}",
    "security_group": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
    "table": "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
}
PARTS: Final[Mapping[str, str]] = {
    # Types that are a part of another resource, and the property that names it.
    "AWS::EC2::SecurityGroupEgress": "GroupId",
    "AWS::EC2::SecurityGroupIngress": "GroupId",
    PROFILE: "Roles",
    "AWS::IAM::Policy": "Roles",
    "AWS::IAM::RolePolicy": "RoleName",
    "AWS::KMS::Alias": "TargetKeyId",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
    "AWS::SecretsManager::RotationSchedule": "SecretId",
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId",
}
NETWORK: Final = "files name networks and subnets by their ids, and make none"
REASONS: Final[Mapping[str, str]] = {
    # By how the type begins, the longest first.
    "AWS::IAM::ManagedPolicy": "roles name it by its ARN",
    "AWS::IAM::": "no file describes users and groups",
    "AWS::EC2::": NETWORK,
    "AWS::RDS::": "the metadata service's database is no part of a file",
    "AWS::ECS::": "the metadata service is no part of a file",
    "AWS::ElasticLoadBalancingV2::": "the metadata service's way in is no part of a file",
    "AWS::ApiGateway": "the metadata service's way in is no part of a file",
    "AWS::Lambda::": "no file describes functions",
    "AWS::SageMaker::": "no file describes notebooks",
    "AWS::Cognito::": "the user interface is no part of a file",
    "AWS::CDK::": "it is CDK's own note",
}
SETTINGS: Final[Mapping[str, str]] = {
    # The outputs of the official template, and what people are told to configure with each.
    "MetaflowDataStoreS3Url": "METAFLOW_DATASTORE_SYSROOT_S3",
    "MetaflowDataToolsS3Url": "METAFLOW_DATATOOLS_S3ROOT",
    "BatchJobQueueArn": "METAFLOW_BATCH_JOB_QUEUE",
    "ECSJobRoleForBatchJobs": "METAFLOW_ECS_S3_ACCESS_IAM_ROLE",
    "ServiceUrl": "METAFLOW_SERVICE_URL",
    "InternalServiceUrl": "METAFLOW_SERVICE_INTERNAL_URL",
    "EventBridgeRoleArn": "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE",
    "StepFunctionsRoleArn": "METAFLOW_SFN_IAM_ROLE",
    "DDBTableName": "METAFLOW_SFN_DYNAMO_DB_TABLE",
}
API_KEY: Final = "METAFLOW_SERVICE_AUTH_KEY"
FARGATE_ROLE: Final = "ECSTaskExecutionRole"
"""What runs jobs on Fargate in the official template, which has no output for it."""
_TOLD: Final = re.compile(r"\[(METAFLOW_[A-Z0-9_]+)\]")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Held:
    """One resource of a stack."""

    logical: str
    type_: str
    physical: str
    status: str

    @property
    def released(self) -> bool:
        """Whether it was retained when it left the stack, or the stack went."""
        return self.status == "DELETE_SKIPPED"

    @property
    def kind(self) -> str | None:
        """The kind that describes it."""
        return TYPES.get(self.type_)


def resources(answer: Document | None) -> tuple[Held, ...]:
    """What the stack holds, or has let go of; not what was deleted or never made."""
    rows: Iterable[Any] = (answer or {}).get("StackResourceSummaries", ())
    return tuple(
        Held(row["LogicalResourceId"], row["ResourceType"], row["PhysicalResourceId"], row["ResourceStatus"])
        for row in rows
        if row.get("PhysicalResourceId") and row["ResourceStatus"] != "DELETE_COMPLETE"
    )


def seed(held: Held, stack: str, scope: Scope) -> Seed | None:
    """Where to look for a resource; `None` where no kind describes it."""
    why = f"`{held.logical}` of the stack `{stack}`"
    if held.type_ == PROFILE:
        return Seed("role", {"instance_profile": held.physical}, why)
    if held.kind is None:
        return None
    known = {"partition": scope.partition, "region": scope.region, "account": scope.account, "id": held.physical}
    arn = held.physical if held.physical.startswith("arn:") else ARNS[held.kind].format(**known)
    identity = catalogue.driver(held.kind).locate(arn)
    return None if identity is None else Seed(held.kind, identity, why, name(held.logical))


def unmodelled(held: Iterable[Held], stack: str) -> Iterator[Unmodelled]:
    """What stays as it is, and why; those with one reason together."""
    alike: dict[str, list[str]] = {}
    for one in held:
        reason = next((why for start, why in REASONS.items() if one.type_.startswith(start)), "no kind describes it")
        alike.setdefault(reason, []).append(f"`{one.logical}` ({one.type_})")
    for reason, named in alike.items():
        yield Unmodelled(f"{', '.join(named)} of the stack `{stack}`", reason)


def name(logical: str) -> str:
    """A logical id as names in files are written: `JobQueue` → `job-queue`."""
    return _HUMP.sub("-", logical).lower()


def settings(description: Document, held: Iterable[Held], scope: Scope) -> dict[str, str]:
    """The settings that a stack's outputs and parameters tell; an empty one is none."""
    found: dict[str, str] = {}
    for row in description.get("Outputs", ()):
        key = _setting(row)
        if key and row["OutputValue"]:
            found[key] = row["OutputValue"]
    parameters = {row["ParameterKey"]: row.get("ParameterValue", "") for row in description.get("Parameters", ())}
    runs = next((one.physical for one in held if one.logical == FARGATE_ROLE), "")
    if parameters.get("BatchType") == "fargate" and runs:
        found["METAFLOW_ECS_FARGATE_EXECUTION_ROLE"] = scope.arn("iam", f"role/{runs}", region="")
    if "METAFLOW_DATASTORE_SYSROOT_S3" in found:
        found.setdefault("METAFLOW_DEFAULT_DATASTORE", "s3")
    if "METAFLOW_SERVICE_URL" in found:
        found.setdefault("METAFLOW_DEFAULT_METADATA", "service")
    return found


def hidden(description: Document, stack: str) -> Iterator[Unmodelled]:
    """The key of the metadata service's API: the output has its id only, and no file shall have the key."""
    for row in description.get("Outputs", ()):
        if _told(row) == API_KEY:
            command = f"aws apigateway get-api-key --include-value --api-key {row['OutputValue']}"
            yield Unmodelled(f"`{row['OutputKey']}` of the stack `{stack}`", f"`{command}` shows the key itself")


def _setting(row: Mapping[str, Any]) -> str:
    key = SETTINGS.get(row["OutputKey"]) or _told(row)
    return "" if key == API_KEY else key


def _told(row: Mapping[str, Any]) -> str:
    """The setting that the output is called, or that its description names."""
    if str(row["OutputKey"]).startswith("METAFLOW_"):
        return str(row["OutputKey"])
    found = _TOLD.search(row.get("Description") or "")
    return found[1] if found else ""
