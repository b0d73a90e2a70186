"""What a plan costs, in requests and round trips, and that it writes nothing. Promise 1."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml
from stack import changed

pytestmark = pytest.mark.slow
ENVIRONMENTS = Path(__file__).parent.parent / "environments"
SANDBOX = ENVIRONMENTS / "sandbox.yaml"


def test_promise_1_a_plan_of_a_new_a_settled_and_a_changed_stack_writes_nothing(stack):
    stack.plan(SANDBOX)
    assert stack.writes() == []
    stack.apply(SANDBOX)
    before = len(stack.writes())
    stack.plan(SANDBOX)
    changes = yaml.safe_load(SANDBOX.read_text("utf-8"))
    changes["resources"]["compute_environment"]["cpu"]["max_vcpus"] = 512
    del changes["resources"]["endpoint"]["ecr-dkr"]
    assert changed(stack.plan(changes)).keys() == {"compute_environment.cpu", "endpoint.ecr-dkr"}
    stack.plan(SANDBOX, destroy=True)
    assert len(stack.writes()) == before


def test_a_plan_of_the_guides_stack_without_changes_asks_only_what_aws_makes_it_ask(stack):
    """One request per kind where AWS takes many names; one per facet where it does not."""
    stack.apply(SANDBOX)
    stack.operations.clear()
    reviewed = stack.plan(SANDBOX)
    assert changed(reviewed) == {}
    assert Counter(stack.operations) == Counter(
        {
            "resourcegroupstaggingapi.GetResources": 1,
            "batch.DescribeComputeEnvironments": 1,
            "batch.DescribeJobQueues": 1,
            "dynamodb.DescribeContinuousBackups": 1,
            "dynamodb.DescribeTable": 1,
            "dynamodb.DescribeTimeToLive": 1,
            "dynamodb.ListTagsOfResource": 1,
            "ec2.DescribeSecurityGroups": 1,
            "ec2.DescribeVpcEndpoints": 1,
            "ecr.DescribeRepositories": 1,
            "ecr.GetLifecyclePolicy": 1,
            "ecr.GetRepositoryPolicy": 1,
            "ecr.ListTagsForResource": 1,
            "iam.GetAccountAuthorizationDetails": 1,
            "iam.GetInstanceProfile": 1,
            "iam.ListInstanceProfiles": 1,  # one that lost its role is told by no role
            "iam.ListRoles": 1,  # descriptions and session lengths are not among the details
            "logs.DescribeLogGroups": 1,
            "logs.ListTagsForResource": 1,
            "s3.GetBucketEncryption": 1,
            "s3.GetBucketLifecycleConfiguration": 1,
            "s3.GetBucketOwnershipControls": 1,
            "s3.GetBucketPolicy": 1,
            "s3.GetBucketTagging": 1,
            "s3.GetBucketVersioning": 1,
            "s3.GetPublicAccessBlock": 1,
            "s3.HeadBucket": 1,
        }
    )


def test_a_plan_takes_at_most_three_round_trips_after_it_knows_who_it_is(stack):
    assert stack.plan(SANDBOX).plan.survey.rounds == 1
    stack.apply(SANDBOX)
    assert stack.plan(SANDBOX).plan.survey.rounds == 1
    left = stack.plan(ENVIRONMENTS / "sandbox.yaml", destroy=True)
    assert left.plan.survey.rounds <= 3
