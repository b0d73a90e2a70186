"""Makers of resources by their owners' own calls: each is handed the stack, and returns the `KIND=NAME` of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stack import ACCOUNT, Stack

from mfinfra.sandbox import network

SUBNETS = [network.PRIVATE_SUBNET_A]
DEFAULT_GROUP = [network.DEFAULT_SECURITY_GROUP]
AWS = "arn:aws:iam::aws:policy/service-role"
HTTPS = {"FromPort": 443, "ToPort": 443, "IpProtocol": "tcp"}


@dataclass(frozen=True, slots=True)
class Variation:
    """`says` is all that the file says beside what the resource is called; `None` stands for a field left alone."""

    name: str
    made: Callable[[Stack], str]
    says: Mapping[str, Any]


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def bucket(name: str, **settings: Mapping[str, Any]) -> Callable[[Stack], str]:
    """A bucket, then each setting by its own call, as `put_bucket_versioning` by its parameters."""

    def made(stack: Stack) -> str:
        s3 = stack.client("s3")
        s3.create_bucket(Bucket=name)
        for call, params in settings.items():
            getattr(s3, call)(Bucket=name, **params)
        return f"bucket={name}"

    return made


def table(name: str, expires: str = "", backups: bool = False, **params: Any) -> Callable[[Stack], str]:
    def made(stack: Stack) -> str:
        dynamodb = stack.client("dynamodb")
        names = [row["AttributeName"] for row in params.get("KeySchema", [{"AttributeName": "pathspec"}])]
        types = [{"AttributeName": one, "AttributeType": "N" if one == "when" else "S"} for one in names]
        usual = {
            "KeySchema": [{"AttributeName": "pathspec", "KeyType": "HASH"}],
            "AttributeDefinitions": types,
            "BillingMode": "PAY_PER_REQUEST",
        }
        dynamodb.create_table(TableName=name, **{**usual, **params})
        if expires:
            ttl = {"AttributeName": expires, "Enabled": True}
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
        if backups:
            recovery = {"PointInTimeRecoveryEnabled": True}
            dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
        return f"table={name}"

    return made


def log_group(name: str, days: int = 0, **params: Any) -> Callable[[Stack], str]:
    def made(stack: Stack) -> str:
        logs = stack.client("logs")
        logs.create_log_group(logGroupName=name, **params)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        return f"log_group={name}"

    return made


def repository(name: str, **settings: Any) -> Callable[[Stack], str]:
    """`lifecyclePolicyText` and `policyText` go by their own calls."""
    texts = {"lifecyclePolicyText": "put_lifecycle_policy", "policyText": "set_repository_policy"}

    def made(stack: Stack) -> str:
        ecr = stack.client("ecr")
        ecr.create_repository(
            repositoryName=name, **{key: value for key, value in settings.items() if key not in texts}
        )
        for key, call in texts.items():
            if key in settings:
                getattr(ecr, call)(repositoryName=name, **{key: json.dumps(settings[key])})
        return f"repository={name}"

    return made


def role(name: str, trust: Any, *attached: str, own: Mapping[str, Any] | None = None, **params: Any) -> Any:
    def made(stack: Stack) -> str:
        iam = stack.client("iam")
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **params)
        for arn in attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for called, text in (own or {}).items():
            iam.put_role_policy(RoleName=name, PolicyName=called, PolicyDocument=json.dumps(text))
        return f"role={name}"

    return made


def trusting(service: str, **more: Any) -> dict[str, Any]:
    principal = {"Service": f"{service}.amazonaws.com"}
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def prepared(stack: Stack) -> None:
    """The roles that environments name."""
    iam = stack.client("iam")
    role("v-instance", [trusting("ec2")], f"{AWS}/AmazonEC2ContainerServiceforEC2Role")(stack)
    iam.create_instance_profile(InstanceProfileName="v-instance")
    iam.add_role_to_instance_profile(InstanceProfileName="v-instance", RoleName="v-instance")
    role("v-batch", [trusting("batch")], f"{AWS}/AWSBatchServiceRole")(stack)
    role("v-fleet", [trusting("spotfleet")], f"{AWS}/AmazonEC2SpotFleetTaggingRole")(stack)


def computing(name: str, update: Any = None, own: str = "", **resources: Any) -> Any:
    """A compute environment; `own` is a role of the account's that Batch acts with, `update` a second call."""

    def made(stack: Stack) -> str:
        batch = stack.client("batch")
        instances = {} if resources["type"].startswith("FARGATE") else {"minvCpus": 0, "instanceRole": "v-instance"}
        usual = {"maxvCpus": 16, "subnets": SUBNETS, "securityGroupIds": DEFAULT_GROUP, **instances}
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={**usual, **resources},
            **({"serviceRole": f"arn:aws:iam::{ACCOUNT}:role/{own}"} if own else {}),
        )
        batch.describe_compute_environments(computeEnvironments=[name])
        if update:
            batch.update_compute_environment(computeEnvironment=name, **update)
            batch.describe_compute_environments(computeEnvironments=[name])
        return f"compute_environment={name}"

    return made


def queue(name: str, *environments: str, shares: Any = None, **params: Any) -> Callable[[Stack], str]:
    def made(stack: Stack) -> str:
        batch = stack.client("batch")
        if shares:
            fair = {"shareDistribution": shares, "shareDecaySeconds": 3600}
            params["schedulingPolicyArn"] = batch.create_scheduling_policy(name=name, fairsharePolicy=fair)["arn"]
        order = [{"order": place * 10, "computeEnvironment": one} for place, one in enumerate(environments)]
        batch.create_job_queue(jobQueueName=name, computeEnvironmentOrder=order, **params)
        batch.describe_job_queues(jobQueues=[name])
        return f"job_queue={name}"

    return made


def group(name: str, *ingress: dict[str, Any], silent: bool = False) -> Callable[[Stack], str]:
    """A security group; the rules that it lets in by, and whether it may send nothing."""

    def made(stack: Stack) -> str:
        ec2 = stack.client("ec2")
        id_ = ec2.create_security_group(GroupName=name, Description=f"group {name}", VpcId=network.VPC_ID)["GroupId"]
        if ingress:
            ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=[*ingress])
        if silent:
            everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            ec2.revoke_security_group_egress(GroupId=id_, IpPermissions=everything)
        return f"security_group={id_}"

    return made


def lists(stack: Stack) -> str:
    """The group that lets in what comes by S3's prefix list, and by another group."""
    ec2 = stack.client("ec2")
    known = ec2.describe_managed_prefix_lists()["PrefixLists"]
    list_ = next(one["PrefixListId"] for one in known if one["PrefixListName"].endswith(".s3"))
    other = group("v-other")(stack).partition("=")[2]
    by_group = {**HTTPS, "UserIdGroupPairs": [{"GroupId": other, "Description": "from the other"}]}
    return group("v-lists", {**HTTPS, "PrefixListIds": [{"PrefixListId": list_}]}, by_group)(stack)


def each_other(stack: Stack) -> str:
    """The group that lets in another one, which lets it in."""
    ec2 = stack.client("ec2")
    one, other = (group(name)(stack).partition("=")[2] for name in ("v-one", "v-other-one"))
    for to, by in ((one, other), (other, one)):
        ec2.authorize_security_group_ingress(
            GroupId=to, IpPermissions=[{**HTTPS, "UserIdGroupPairs": [{"GroupId": by}]}]
        )
    return f"security_group={one}"


def endpoint(service: str, **params: Any) -> Callable[[Stack], str]:
    def made(stack: Stack) -> str:
        name = f"com.amazonaws.us-east-1.{service}"
        made = stack.client("ec2").create_vpc_endpoint(VpcId=network.VPC_ID, ServiceName=name, **params)
        return f"endpoint={made['VpcEndpoint']['VpcEndpointId']}"

    return made


def template(name: str, *versions: dict[str, Any], default: int = 1) -> Callable[[Stack], str]:
    def made(stack: Stack) -> str:
        ec2 = stack.client("ec2")
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=versions[0])
        for data in versions[1:]:
            ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=data)
        ec2.modify_launch_template(LaunchTemplateName=name, DefaultVersion=str(default))
        return f"launch_template={name}"

    return made


def secret(stack: Stack) -> str:
    stack.client("secretsmanager").create_secret(Name="v/secret", Description="a token", SecretString="x")
    return "secret=v/secret"


def key(stack: Stack) -> str:
    kms = stack.client("kms")
    id_ = kms.create_key(Description="for everything")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/v-key", TargetKeyId=id_)
    return "key=alias/v-key"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
