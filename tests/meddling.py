"""What somebody does behind mfinfra's back, by kind: each takes a client of the kind's service, and a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

Meddling = Callable[[Any, str], object]

ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
NOTHING = {"Version": "2008-10-17", "Statement": []}
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}],
}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
RECORD = "mfinfra:spec"


def attempt(act: Meddling, client: Any, name: str) -> None:
    """Do it, if AWS lets them."""
    try:
        act(client, name)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, error  # noqa: PT017 - AWS may refuse, not fail


def call(operation: str, key: str, **params: Any) -> Meddling:
    """One call on the resource that the parameter `key` names."""
    return lambda client, name: getattr(client, operation)(**{key: name}, **params)


def detach(iam: Any, name: str) -> None:
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])


def strip(iam: Any, name: str) -> None:
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)


def unprofile(iam: Any, name: str) -> None:
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)


def delete_role(iam: Any, name: str) -> None:
    for undo in (detach, strip, unprofile):
        undo(iam, name)
    iam.delete_role(RoleName=name)


def delete_profile(iam: Any, name: str) -> None:
    unprofile(iam, name)
    iam.delete_instance_profile(InstanceProfileName=name)


def close_egress(ec2: Any, number: str) -> None:
    (group,) = ec2.describe_security_groups(GroupIds=[number])["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=number, IpPermissions=group["IpPermissionsEgress"])


def delete_table(dynamodb: Any, name: str) -> None:
    if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def new_version(ec2: Any, number: str) -> None:
    made = ec2.create_launch_template_version(LaunchTemplateId=number, LaunchTemplateData={"KeyName": "theirs"})
    version = str(made["LaunchTemplateVersion"]["VersionNumber"])
    ec2.modify_launch_template(LaunchTemplateId=number, DefaultVersion=version)


def gone(disabling: str, deleting: str, key: str) -> Meddling:
    """Disable and delete something of Batch, without waiting for it as one should."""

    def act(batch: Any, name: str) -> None:
        getattr(batch, disabling)(**{key: name}, state="DISABLED")
        getattr(batch, deleting)(**{key: name})

    return act


def environment(**params: Any) -> Meddling:
    return call("update_compute_environment", "computeEnvironment", **params)


def untagged(operation: str, key: str, keys: str = "tagKeys") -> Meddling:
    """The record of the last apply is taken away; to whom it belongs can still be read."""
    return call(operation, key, **{keys: [RECORD]})


BY_KIND: Mapping[str, tuple[str, str, Mapping[str, Meddling]]] = {
    # The service, which of what we observe its calls go by, and what is done.
    "bucket": ("s3", "name", {
        "suspend": call("put_bucket_versioning", "Bucket", VersioningConfiguration={"Status": "Suspended"}),
        "open": call("delete_public_access_block", "Bucket"),
        "forget": call("delete_bucket_lifecycle", "Bucket"),
        "unguard": call("delete_bucket_policy", "Bucket"),
        "list": call("put_bucket_ownership_controls", "Bucket", OwnershipControls={
            "Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
        "delete": call("delete_bucket", "Bucket"),
    }),
    "table": ("dynamodb", "name", {
        "protect": call("update_table", "TableName", DeletionProtectionEnabled=True),
        "delete": delete_table,
    }),
    "log_group": ("logs", "name", {
        "keep": call("delete_retention_policy", "logGroupName"),
        "shorten": call("put_retention_policy", "logGroupName", retentionInDays=3),
        "delete": call("delete_log_group", "logGroupName"),
    }),
    "role": ("iam", "name", {
        "detach": detach,
        "strip": strip,
        "add": call("put_role_policy", "RoleName", PolicyName="x", PolicyDocument=json.dumps(ANYTHING)),
        "trust": call("update_assume_role_policy", "RoleName", PolicyDocument=json.dumps(ANYBODY)),
        "lengthen": call("update_role", "RoleName", MaxSessionDuration=43200),
        "unprofile": unprofile,
        "profile": delete_profile,
        "untag": untagged("untag_role", "RoleName", "TagKeys"),
        "delete": delete_role,
    }),
    "security_group": ("ec2", "id", {
        "open": call("authorize_security_group_ingress", "GroupId", IpPermissions=[SSH]),
        "close": close_egress,
        "delete": call("delete_security_group", "GroupId"),
    }),
    "endpoint": ("ec2", "id", {
        "lock": call("modify_vpc_endpoint", "VpcEndpointId", PolicyDocument=json.dumps(NOTHING)),
        "delete": lambda ec2, number: ec2.delete_vpc_endpoints(VpcEndpointIds=[number]),
    }),
    "key": ("kms", "id", {
        "disable": call("disable_key", "KeyId"),
        "freeze": call("disable_key_rotation", "KeyId"),
        "describe": call("update_key_description", "KeyId", Description="theirs"),
        "untag": untagged("untag_resource", "KeyId", "TagKeys"),
        "delete": call("schedule_key_deletion", "KeyId", PendingWindowInDays=7),
    }),
    "secret": ("secretsmanager", "name", {
        "describe": call("update_secret", "SecretId", Description="theirs"),
        "untag": untagged("untag_resource", "SecretId", "TagKeys"),
        "delete": call("delete_secret", "SecretId"),
    }),
    "repository": ("ecr", "name", {
        "mutable": call("put_image_tag_mutability", "repositoryName", imageTagMutability="MUTABLE"),
        "delete": call("delete_repository", "repositoryName", force=True),
    }),
    "launch_template": ("ec2", "id", {
        "version": new_version,
        "delete": call("delete_launch_template", "LaunchTemplateId"),
    }),
    "scheduling_policy": ("batch", "arn", {
        "weigh": call("update_scheduling_policy", "arn", fairsharePolicy={"computeReservation": 50}),
        "untag": untagged("untag_resource", "resourceArn"),
        "delete": call("delete_scheduling_policy", "arn"),
    }),
    "compute_environment": ("batch", "name", {
        "disable": environment(state="DISABLED"),
        "shrink": environment(computeResources={"maxvCpus": 2}),
        "move": environment(computeResources={"subnets": ["subnet-0000000000000000a"]}),
        "want": environment(computeResources={"desiredvCpus": 5}),
        "delete": gone("update_compute_environment", "delete_compute_environment", "computeEnvironment"),
    }),
    "job_queue": ("batch", "name", {
        "disable": call("update_job_queue", "jobQueue", state="DISABLED"),
        "raise": call("update_job_queue", "jobQueue", priority=77),
        "delete": gone("update_job_queue", "delete_job_queue", "jobQueue"),
    }),
}  # fmt: skip
