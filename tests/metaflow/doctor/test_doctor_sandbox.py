"""What doctor says of the sandbox's own environment, whole and broken: the same requests as to AWS."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from doctor_world import told

from mfinfra import checking, desired
from mfinfra.metaflow.doctor import causes
from mfinfra.metaflow.doctor.case import Case
from mfinfra.model import Verdict
from mfinfra.sandbox import network

pytestmark = pytest.mark.slow
FILE = Path(__file__).parents[3] / "environments" / "sandbox.yaml"
FAILED = Verdict.FAILED


@pytest.fixture
def whole(stack):
    """The environment of the sandbox, just applied: nobody has pushed an image."""
    stack.apply(FILE)
    return stack


def diagnosed(stack):
    reading = desired.read(FILE)
    before = len(stack.writes())
    found = list(checking.run(stack.connect(reading), causes.checks(Case(reading.environment, time.time()))))
    assert stack.writes()[before:] == [], "doctor only reads"
    return found


def test_the_sandbox_as_it_is_first_applied_is_healthy_and_needs_no_image(whole):
    found = diagnosed(whole)
    assert told(found) == {}, [each for one in found for each in one.findings]
    assert [each.verdict for one in found if one.check.id == "image.pull" for each in one.findings] == [Verdict.SKIPPED]


def test_without_a_way_out_the_services_without_an_endpoint_are_named(whole):
    whole.client("ec2").delete_route(RouteTableId=network.PRIVATE_ROUTE_TABLE, DestinationCidrBlock="0.0.0.0/0")
    found = [each for one in diagnosed(whole) for each in one.findings if each.code == "MF5380"]
    assert "`ecs`, `ecs-agent`, `ecs-telemetry`, `logs`, `dynamodb`, `secretsmanager`" in found[0].message
    assert f"{network.PRIVATE_SUBNET_A} → {network.PRIVATE_ROUTE_TABLE} → no default route" in found[0].evidence


def test_several_things_broken_at_once_are_each_named(whole):
    iam, batch, ec2 = (whole.client(name) for name in ("iam", "batch", "ec2"))
    iam.remove_role_from_instance_profile(InstanceProfileName="ecsInstanceRole", RoleName="ecsInstanceRole")
    iam.update_assume_role_policy(
        RoleName="MetaflowBatchRole",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": "lambda.amazonaws.com"}}]}',
    )
    batch.update_job_queue(jobQueue="metaflow-job-queue", state="DISABLED")
    endpoints = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["metaflow-endpoints"]}])
    group = endpoints["SecurityGroups"][0]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    whole.client("ecr").delete_repository(repositoryName="metaflow/my-image")
    assert told(diagnosed(whole)) == {
        "MF5411": FAILED,
        "MF5416": FAILED,
        "MF5361": FAILED,
        "MF5391": FAILED,
        "MF5431": FAILED,
    }


def test_before_the_first_apply_everything_is_said_to_be_missing(stack):
    codes = told(diagnosed(stack))
    assert {"MF5360", "MF5366", "MF5415"} <= codes.keys()
