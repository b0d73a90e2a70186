"""What Batch computes with, as it stands in accounts, and the network around it."""

from __future__ import annotations

import json

from making import (
    DEFAULT_GROUP,
    SUBNETS,
    Variation,
    computing,
    encoded,
    endpoint,
    group,
    key,
    lists,
    policy,
    queue,
    secret,
    template,
)

LIST = "pl-0"
"""Stands for the id of any prefix list: AWS has made it up."""
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
READ = policy({"Effect": "Allow", "Principal": "*", "Action": ["dynamodb:GetItem"], "Resource": "*"})
EC2 = {"max_vcpus": 16, "subnets": SUBNETS, "security_groups": DEFAULT_GROUP, "instance_role": "role.instance"}
FARGATE = {"max_vcpus": 16, "subnets": SUBNETS, "security_groups": DEFAULT_GROUP}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "VPN"}]}
RANGE = {"IpProtocol": "udp", "FromPort": 100, "ToPort": 200, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}
PING = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
BARE = dict.fromkeys(("root_volume_gib", "imdsv2", "hop_limit"))
"""What a file says of a template that leaves disk and metadata service to the image: that it leaves them alone."""
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
