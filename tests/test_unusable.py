"""Promise 11: apply reports success only for what is usable, and says AWS's own reason where it is not."""

from __future__ import annotations

import json

import pytest
from stack import environment

from mfinfra.model import Failed

pytestmark = pytest.mark.slow
PROFILE = "arn:aws:iam::123456789012:instance-profile/nobody"
REFUSED = environment(
    {
        "security_group": {"batch": {"name": "batch", "vpc": "vpc-00000000000000001"}},
        "compute_environment": {
            "cpu": {
                "name": "cpu",
                "type": "EC2",
                "instance_role": PROFILE,
                "subnets": ["subnet-0000000000000000a"],
                "security_groups": ["security_group.batch"],
            }
        },
    }
)


def failures(stack):
    return [event for event in stack.plan(REFUSED).apply().events() if isinstance(event, Failed)]


def test_promise_11_an_environment_that_ends_invalid_fails_at_once_with_batchs_reason(stack):
    (failed,) = failures(stack)
    assert "Invalid IamInstanceProfile" in failed.error.message
    assert failed.error.aws_code == "INVALID"


def test_promise_11_one_that_is_still_invalid_is_no_success_in_the_next_run(stack):
    failures(stack)
    reviewed = stack.plan(REFUSED)
    (field,) = next(row for row in reviewed.document["resource_changes"] if row["name"] == "cpu")["change"]["fields"]
    assert (field["path"], field["before"], field["after"]) == (["status"], "INVALID", "VALID")
    assert reviewed.document["checks"][0]["status"] == "warn"

    (failed,) = failures(stack)
    assert "Invalid IamInstanceProfile" in failed.error.message


def test_promise_11_a_repaired_environment_is_waited_for_and_used(stack):
    failures(stack)
    iam = stack.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="nobody", AssumeRolePolicyDocument=document)
    iam.create_instance_profile(InstanceProfileName="nobody")
    iam.add_role_to_instance_profile(InstanceProfileName="nobody", RoleName="nobody")
    stack.client("batch").update_compute_environment(computeEnvironment="cpu", computeResources={"maxvCpus": 7})

    stack.apply(REFUSED)
    assert not stack.plan(REFUSED).plan.work
