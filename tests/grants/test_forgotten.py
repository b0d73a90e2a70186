"""Who gives resources up may take our tags off what is ours, and nothing else."""

from __future__ import annotations

import pytest
import requested
from stack import environment

from mfinfra import desired
from mfinfra.evaluate import Request
from mfinfra.grants import needed

RESOURCES = {
    "bucket": {"data": {"name": "data-123456789012"}},
    "log_group": {"flows": {"name": "/flows"}},
    "role": {"instance": {"name": "instance", "preset": "ecs_instance"}},
    "security_group": {"batch": {"name": "batch", "vpc": "vpc-00000000000000001", "description": "instances"}},
}
FILE = environment(RESOURCES, tags={"team": "ml"})
GROUP = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-1"
TAG = f"aws:ResourceTag/{requested.OURS}"
UNTAGS = {"ec2:DeleteTags", "iam:UntagInstanceProfile", "iam:UntagRole", "logs:UntagResource", "s3:PutBucketTagging"}


def actions(statements):
    found = (row["Action"] for row in statements)
    return {action for one in found for action in ([one] if isinstance(one, str) else one)}


@pytest.mark.slow
def test_to_forget_takes_the_untagging_of_what_is_ours_and_no_other_write(stack, recorded):
    stack.apply(FILE)
    recorded.clear()
    reviewed = stack.plan(FILE, forget=frozenset({"all"}))
    stack.carry_out(reviewed)
    told = reviewed.plan.environment

    whole, small = needed.to_forget(told), needed.to_carry_out(told, reviewed.document)
    for statements in (whole, small):
        refused = [
            request
            for service, operation, params in recorded
            if service != "sts"
            for request in requested.of(service, operation, params, "test")
            if not requested.allowed(statements, request)
        ]
        assert refused == []
    reads = ("Get", "List", "Describe", "Simulate")
    assert {name for name in actions(whole) if not name.partition(":")[2].startswith(reads)} == UNTAGS
    assert actions(needed.to_write(told, reviewed.document)) == UNTAGS
    assert requested.allowed(whole, Request("ec2:DeleteTags", GROUP, {TAG: ["test"]}))
    assert not requested.allowed(whole, Request("ec2:DeleteTags", GROUP, {TAG: ["staging"]}))
    assert not requested.allowed(whole, Request("ec2:DeleteTags", GROUP))
    assert not requested.allowed(needed.to_apply(told), Request("ec2:DeleteTags", GROUP, {TAG: ["test"]}))


def test_what_is_protected_may_be_given_up(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text(
        'version: 1\nenvironment: test\naccount: "123456789012"\nregion: us-east-1\n'
        "resources:\n  table: {foreach: {name: foreach, protect: true}}\n"
    )
    assert "dynamodb:UntagResource" in actions(needed.to_forget(desired.read(path).environment))
