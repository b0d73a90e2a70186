"""A strict ECR. What AWS says of each: `mfinfra.sandbox.corrections.ecr`."""

import json

import pytest
from looks import LATE, looks_until, refusal, refused, trust

NAME = {"repositoryName": "images"}
ARN = "arn:aws:ecr:us-east-1:123456789012:repository/images"
ROLE = "arn:aws:iam::123456789012:role/puller"
MISSING = "RepositoryNotFoundException"


@pytest.fixture
def ecr(running, client_of):
    running.reset(transition_polls=2, late_by=LATE)
    client_of("ecr").create_repository(**NAME)
    return client_of("ecr")


def policy_for(principal):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "ecr:BatchGetImage"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal_of(ecr):
    text = ecr.get_repository_policy(**NAME)["policyText"]
    return json.loads(text)["Statement"][0]["Principal"]["AWS"]


def test_each_operation_misses_a_new_repository_once(ecr):
    said = refusal(ecr.describe_repositories, repositoryNames=["images"])
    text = "The repository with name 'images' does not exist in the registry with id '123456789012'"
    assert said == f"{MISSING}: {text}"
    assert ecr.describe_repositories(repositoryNames=["images"])["repositories"]
    assert looks_until(MISSING, ecr.list_tags_for_resource, resourceArn=ARN) == 1
    assert looks_until(MISSING, ecr.put_image_tag_mutability, **NAME, imageTagMutability="IMMUTABLE") == 1


def test_a_policy_wants_a_principal_that_is_known_and_keeps_the_id_of_one_that_goes(ecr, client_of):
    iam, put = client_of("iam"), {**NAME, "policyText": policy_for(ROLE)}
    assert refused(ecr.set_repository_policy, **put) == MISSING
    absent = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'"
    assert refusal(ecr.set_repository_policy, **put) == f"InvalidParameterException: {absent}"
    made = iam.create_role(RoleName="puller", AssumeRolePolicyDocument=trust())["Role"]
    assert looks_until("InvalidParameterException", ecr.set_repository_policy, **put) == LATE
    assert looks_until(MISSING, ecr.get_repository_policy, **NAME) == 1
    assert principal_of(ecr) == ROLE
    iam.delete_role(RoleName="puller")
    assert principal_of(ecr) == made["RoleId"]


def test_what_is_no_policy_is_said_to_be_none(ecr):
    looks_until(MISSING, ecr.describe_repositories, repositoryNames=["images"])
    assert refused(ecr.set_repository_policy, **NAME, policyText="{}") == MISSING
    said = refusal(ecr.set_repository_policy, **NAME, policyText="{}")
    assert said.endswith("failed to satisfy constraint: 'Invalid repository policy provided'")
