"""What Batch computes with, as it stands in accounts: environments, queues, and the network around them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from stack import ACCOUNT, Stack
from variations import Variation, policy, role, trusting

from mfinfra.sandbox import network

LIST = "pl-0"
"""Stands for the id of any prefix list: AWS has made it up."""
SUBNETS = [network.PRIVATE_SUBNET_A]
DEFAULT_GROUP = [network.DEFAULT_SECURITY_GROUP]
AWS = "arn:aws:iam::aws:policy/service-role"
IMAGE = "ami-0123456789abcdef0"
SCRIPT = "#!/bin/bash\nyum install -y nfs-utils\n"
PARTS = (
    "MIME-Version: 1.0\n"
    'Content-Type: multipart/mixed; boundary="=="\n'
    "\n"
    "--==\n"
    'Content-Type: text/cloud-config; charset="us-ascii"\n'
    "\n"
    "packages: [amazon-efs-utils]\n"
    "--==--\n"
)


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


READ = policy({"Effect": "Allow", "Principal": "*", "Action": ["dynamodb:GetItem"], "Resource": "*"})
EC2 = {"max_vcpus": 16, "subnets": SUBNETS, "security_groups": DEFAULT_GROUP, "instance_role": "role.instance"}
FARGATE = {"max_vcpus": 16, "subnets": SUBNETS, "security_groups": DEFAULT_GROUP}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "VPN"}]}
RANGE = {"IpProtocol": "udp", "FromPort": 100, "ToPort": 200, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}
PING = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
BARE = dict.fromkeys(("root_volume_gib", "imdsv2", "hop_limit"))
"""What a file says of a template that leaves disk and metadata service to the image: that it leaves them alone."""
HTTPS = {"FromPort": 443, "ToPort": 443, "IpProtocol": "tcp"}

COMPUTATION = (
    Variation(
        "an environment as the API has it by default, disabled",
        computing("v-plain", update={"state": "DISABLED"}, type="EC2", instanceTypes=["optimal"]),
        {"type": "EC2", "state": "DISABLED", "allocation_strategy": "BEST_FIT", **EC2},
    ),
    Variation(
        "an environment with an image, a key pair, a placement group and tags",
        computing(
            "v-image",
            own="v-batch",
            type="EC2",
            allocationStrategy="BEST_FIT_PROGRESSIVE",
            instanceTypes=["g5", "g4dn.xlarge"],
            ec2Configuration=[{"imageType": "ECS_AL2_NVIDIA"}],
            ec2KeyPair="ops",
            placementGroup="near",
            desiredvCpus=4,
            tags={"team": "ml"},
        ),
        {
            "type": "EC2",
            "instance_types": ["g4dn.xlarge", "g5"],
            **EC2,
            "image_type": "ECS_AL2_NVIDIA",
            "key_pair": "ops",
            "placement_group": "near",
            "service_role": "role.batch-service",
        },
    ),
    Variation(
        "an environment of spot instances by the old strategy",
        computing(
            "v-spot",
            type="SPOT",
            allocationStrategy="BEST_FIT",
            bidPercentage=60,
            spotIamFleetRole="v-fleet",
            instanceTypes=["optimal"],
        ),
        {
            "type": "SPOT",
            "allocation_strategy": "BEST_FIT",
            "bid_percentage": 60,
            "spot_fleet_role": "role.spot-fleet",
            **EC2,
        },
    ),
    Variation("an environment of Fargate", computing("v-fargate", type="FARGATE"), {"type": "FARGATE", **FARGATE}),
    Variation(
        "an environment of Fargate's spot capacity",
        computing("v-fargate-spot", type="FARGATE_SPOT"),
        {"type": "FARGATE_SPOT", **FARGATE},
    ),
    Variation(
        "an environment that ends jobs when it is updated",
        computing(
            "v-update",
            type="EC2",
            allocationStrategy="BEST_FIT_PROGRESSIVE",
            instanceTypes=["optimal"],
            update={"updatePolicy": {"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 60}},
        ),
        {"type": "EC2", **EC2, "update_policy": {"terminate_jobs": True, "timeout_minutes": 60}},
    ),
    Variation(
        "a template with a script and no disk of its own",
        template("v-script", {"UserData": encoded(SCRIPT)}),
        {"user_data": SCRIPT, **BARE},
    ),
    Variation(
        "a template whose default version is not its last",
        template(
            "v-versions",
            {"ImageId": IMAGE},
            {"UserData": encoded(PARTS), "KeyName": "ops", "MetadataOptions": {"HttpTokens": "required"}},
            {"ImageId": "ami-0fedcba9876543210"},
            default=2,
        ),
        {"root_volume_gib": None, "hop_limit": None, "user_data": PARTS, "key_pair": "ops"},
    ),
    Variation(
        "an environment that takes a template's last version",
        computing(
            "v-latest",
            type="EC2",
            allocationStrategy="BEST_FIT_PROGRESSIVE",
            instanceTypes=["optimal"],
            launchTemplate={"launchTemplateName": "v-script", "version": "$Latest"},
        ),
        {"type": "EC2", **EC2, "launch_template": {"name": "launch_template.v-script", "version": "$Latest"}},
    ),
    Variation(
        "a queue of two environments",
        queue("v-two", "v-fargate", "v-fargate-spot", priority=7, state="DISABLED"),
        {
            "state": "DISABLED",
            "priority": 7,
            "compute_environments": ["compute_environment.v-fargate", "compute_environment.v-fargate-spot"],
        },
    ),
    Variation(
        "a queue that shares",
        queue("v-fair", "v-latest", priority=1, shares=[{"shareIdentifier": "prod*", "weightFactor": 0.5}]),
        {"compute_environments": ["compute_environment.v-latest"], "scheduling_policy": "scheduling_policy.v-fair"},
    ),
    Variation(
        "a group with rules of every sort",
        group("v-rules", SSH, RANGE, PING, silent=True),
        {
            "description": "group v-rules",
            "ingress": [
                {"protocol": "icmp", "from_port": 8, "cidr": "0.0.0.0/0"},
                {"protocol": "tcp", "port": 22, "cidr": "10.0.0.0/8", "description": "VPN"},
                {"protocol": "udp", "from_port": 100, "to_port": 200, "cidr_ipv6": "2001:db8::/32"},
            ],
            "egress": [],
        },
    ),
    Variation(
        "a group that lets in by a prefix list and by a group",
        lists,
        {
            "description": "group v-lists",
            "ingress": [
                {
                    "protocol": "tcp",
                    "port": 443,
                    "security_group": "security_group.v-other",
                    "description": "from the other",
                },
                {"protocol": "tcp", "port": 443, "prefix_list": LIST},
            ],
        },
    ),
    Variation(
        "a gateway with a policy and no route table",
        endpoint("dynamodb", PolicyDocument=json.dumps(READ)),
        {"policy": READ},
    ),
    Variation(
        "an interface without the service's name",
        endpoint("sts", VpcEndpointType="Interface", SubnetIds=SUBNETS, PrivateDnsEnabled=False),
        {"subnets": SUBNETS, "security_groups": DEFAULT_GROUP, "private_dns": False},
    ),
    Variation("a secret", secret, {"description": "a token"}),
    Variation("a key with an alias", key, {"description": "for everything", "rotation": False}),
)
