"""What Metaflow's guide for AWS has people type, typed: its commands in its order, run by the real `aws` command.

All of them run in one child process, which starts the command's own driver for each line: the same code as the
program's, without twenty-five starts of an interpreter. Two of the guide's lines do not work as they stand, and are
told apart here: `dynamodb create-table` knows no `--time-to-live-specification` (the command refuses the flag: a table
gets its expiry by `update-time-to-live`), and interface endpoints without subnets would have no network interface in
any zone.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import Any

from stack import ACCOUNT, REGION, Stack

from mfinfra.sandbox import network

BUCKET = "my-metaflow-bucket"
TABLE = "metaflow-step-functions"
GROUP = "/aws/vendedlogs/states/metaflow"
DRIVER = """\
import shlex, sys
from awscli.clidriver import create_clidriver
for line in sys.stdin:
    code = create_clidriver().main(shlex.split(line)[1:])
    if code:
        sys.exit(f"exit {code}: {line}")
"""


def _document(*statements: dict[str, Any]) -> str:
    return shlex.quote(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def _allow(*actions: str, on: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def _role(name: str, service: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return f"aws iam create-role --role-name {name} --assume-role-policy-document {_document(trust)}"


def _inline(role: str, name: str, *statements: dict[str, Any]) -> str:
    document = _document(*statements)
    return f"aws iam put-role-policy --role-name {role} --policy-name {name} --policy-document {document}"


def _attached(role: str, policy: str) -> str:
    return f"aws iam attach-role-policy --role-name {role} --policy-arn arn:aws:iam::aws:policy/{policy}"


_FLEET = {
    "type": "EC2",
    "minvCpus": 0,
    "maxvCpus": 256,
    "desiredvCpus": 0,
    "instanceTypes": ["optimal"],
    "subnets": [*network.PRIVATE_SUBNETS],
    "securityGroupIds": [network.DEFAULT_SECURITY_GROUP],
    "instanceRole": f"arn:aws:iam::{ACCOUNT}:instance-profile/ecsInstanceRole",
}
_ENDPOINT = f"aws ec2 create-vpc-endpoint --vpc-id {network.VPC_ID} --service-name com.amazonaws.{REGION}"
_INTERFACE = f"--vpc-endpoint-type Interface --subnet-ids {' '.join(network.PRIVATE_SUBNETS)}"
_TABLE_ARN = f"arn:aws:dynamodb:*:*:table/{TABLE}"

# What the guide takes for granted: the roles that the compute environment names.
PRESUPPOSED = (
    _role("ecsInstanceRole", "ec2"),
    _attached("ecsInstanceRole", "service-role/AmazonEC2ContainerServiceforEC2Role"),
    "aws iam create-instance-profile --instance-profile-name ecsInstanceRole",
    "aws iam add-role-to-instance-profile --instance-profile-name ecsInstanceRole --role-name ecsInstanceRole",
    _role("aws-batch-service-role", "batch"),
    _attached("aws-batch-service-role", "service-role/AWSBatchServiceRole"),
)
GUIDE = (
    f"aws s3 mb s3://{BUCKET} --region {REGION}",
    (
        "aws batch create-compute-environment --compute-environment-name metaflow-compute-env --type MANAGED"
        f" --state ENABLED --compute-resources {shlex.quote(json.dumps(_FLEET))}"
        f" --service-role arn:aws:iam::{ACCOUNT}:role/aws-batch-service-role"
    ),
    # Asked of an environment once: it is VALID then. The guide lets the reader wait.
    "aws batch describe-compute-environments --compute-environments metaflow-compute-env",
    (
        "aws batch create-job-queue --job-queue-name metaflow-job-queue --state ENABLED --priority 1"
        " --compute-environment-order order=1,computeEnvironment=metaflow-compute-env"
    ),
    (
        f"aws dynamodb create-table --table-name {TABLE} --billing-mode PAY_PER_REQUEST"
        " --attribute-definitions AttributeName=pathspec,AttributeType=S"
        " --key-schema AttributeName=pathspec,KeyType=HASH"
    ),
    (
        f"aws dynamodb update-time-to-live --table-name {TABLE}"
        " --time-to-live-specification Enabled=true,AttributeName=ttl"
    ),
    f"aws logs create-log-group --log-group-name {GROUP}",
    _role("MetaflowBatchRole", "ecs-tasks"),
    _attached("MetaflowBatchRole", "AmazonS3FullAccess"),
    _attached("MetaflowBatchRole", "CloudWatchLogsFullAccess"),
    _inline(
        "MetaflowBatchRole",
        "foreach",
        _allow("dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem", on=_TABLE_ARN),
    ),
    _role("MetaflowStepFunctionsRole", "states"),
    _inline(
        "MetaflowStepFunctionsRole",
        "run",
        _allow("batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob"),
        _allow("events:PutTargets", "events:PutRule", "events:DescribeRule"),
        _allow("dynamodb:GetItem", on=_TABLE_ARN),
        _allow(
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ),
    ),
    _role("MetaflowEventsRole", "events"),
    _inline(
        "MetaflowEventsRole",
        "start",
        {"Effect": "Allow", "Action": "states:StartExecution", "Resource": "arn:aws:states:*:*:stateMachine:*"},
    ),
    f"{_ENDPOINT}.s3 --route-table-ids {network.PRIVATE_ROUTE_TABLE}",
    f"{_ENDPOINT}.ecr.dkr {_INTERFACE}",
    f"{_ENDPOINT}.ecr.api {_INTERFACE}",
    "aws ecr create-repository --repository-name metaflow/my-image",
    f"aws s3api put-bucket-versioning --bucket {BUCKET} --versioning-configuration Status=Enabled",
)


def _arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


SETTINGS = {
    "METAFLOW_DEFAULT_DATASTORE": "s3",
    "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{BUCKET}/metaflow",
    "METAFLOW_DATATOOLS_S3ROOT": f"s3://{BUCKET}/data",
    "METAFLOW_BATCH_JOB_QUEUE": "metaflow-job-queue",
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": _arn("MetaflowBatchRole"),
    "METAFLOW_BATCH_CONTAINER_IMAGE": "metaflow/my-image:latest",
    "METAFLOW_BATCH_CONTAINER_REGISTRY": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com",
    "METAFLOW_SFN_IAM_ROLE": _arn("MetaflowStepFunctionsRole"),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": _arn("MetaflowEventsRole"),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": TABLE,
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}",
    "METAFLOW_SFN_STATE_MACHINE_PREFIX": "prod",
}


def typed(stack: Stack, commands: tuple[str, ...]) -> None:
    """Run `commands` against the sandbox; one that fails raises, with what it said."""
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(stack.folder),
        "AWS_ENDPOINT_URL": stack.server.endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input="\n".join(commands),
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
