"""The IAM actions of calls: names are checked against botocore, each exception is listed here under AWS's name."""

from __future__ import annotations

from functools import cache

import pytest
import written_calls
from botocore.session import get_session

from mfinfra import permissions
from mfinfra.model import Address, Call, Ref

# Actions that have no operation of their own name
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
WITHOUT_OPERATION = {
    "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:ListAllMyBuckets",
    "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration", "s3:GetBucketPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration",
    "s3:DeleteObjectVersion", "s3:TagResource", "s3:GetBucketObjectLockConfiguration", "iam:PassRole",
}  # fmt: skip
# S3 operations whose action has another name, and which we may come to call
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
RENAMED = {
    "HeadObject": "s3:GetObject",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "HeadBucket": "s3:ListBucket",
    "DeleteObjects": "s3:DeleteObject",
    "DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "DeleteBucketTagging": "s3:PutBucketTagging",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}
KEY = Address("key", "k")
CLIENTS = {prefix: client for client, prefix in permissions.PREFIX.items()}


@cache
def model(service):
    return get_session().get_service_model(service)


def operations(service):
    return set(model(service).operation_names)


def exists(action):
    prefix, _, name = action.partition(":")
    return action in WITHOUT_OPERATION or name in operations(CLIENTS.get(prefix, prefix))


@pytest.mark.parametrize(("service", "operation"), sorted(written_calls.pairs()))
def test_every_call_in_the_code_needs_an_action_that_exists(service, operation):
    assert operation in operations(service)
    assert exists(permissions.action_of(service, operation))


@pytest.mark.parametrize(("service", "operation"), sorted(permissions.ACTION))
def test_every_exception_is_of_an_operation_that_exists_and_names_an_action_that_does(service, operation):
    action = permissions.ACTION[service, operation]

    assert operation in operations(service)
    assert exists(action)
    assert action != f"{service}:{operation}", "this is no exception"


@pytest.mark.parametrize(("service", "operation", "parameter"), sorted(permissions.ALSO))
def test_every_further_action_hangs_on_a_parameter_that_exists(service, operation, parameter):
    shape = model(service).operation_model(operation).input_shape

    for name in parameter.split("."):
        assert name in shape.members
        shape = shape.members[name]
    assert all(exists(action) for action in permissions.ALSO[service, operation, parameter])


@pytest.mark.parametrize(("operation", "action"), sorted(RENAMED.items()))
def test_an_operation_of_s3_has_the_action_that_s3_documents(operation, action):
    assert operation in operations("s3")
    assert permissions.action_of("s3", operation) == action


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
        ("stepfunctions", "ListStateMachines", "states:ListStateMachines"),
        ("iam", "GetRole", "iam:GetRole"),
        ("batch", "DescribeJobQueues", "batch:DescribeJobQueues"),
    ],
)
def test_the_prefix_of_an_action_may_be_another_than_the_client_s_name(service, operation, action):
    assert permissions.action_of(service, operation) == action


def test_the_actions_of_calls_are_sorted_and_each_there_once():
    calls = [
        Call("iam", "CreateRole", {"RoleName": "r", "Tags": []}),
        Call("s3", "PutBucketEncryption", {"Bucket": "b"}),
        Call("iam", "CreateRole", {"RoleName": "q"}),
    ]

    assert permissions.actions(calls) == ("iam:CreateRole", "iam:TagRole", "s3:PutEncryptionConfiguration")


@pytest.mark.parametrize(("on", "more"), [(True, ("route53:AssociateVPCWithHostedZone",)), (False, ())])
def test_a_switch_that_is_off_needs_no_further_action(on, more):
    assert permissions.actions([Call("ec2", "ModifyVpcEndpoint", {"PrivateDnsEnabled": on})]) == (
        "ec2:ModifyVpcEndpoint",
        *more,
    )


@pytest.mark.parametrize(
    ("call", "more"),
    [
        (
            Call("batch", "UpdateComputeEnvironment", {"computeResources": {"maxvCpus": 1, "instanceRole": "r"}}),
            {"iam:PassRole"},
        ),
        (Call("batch", "UpdateComputeEnvironment", {"computeResources": {"maxvCpus": 1}}), set()),
        (
            Call("dynamodb", "CreateTable", {"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "k"}}),
            {"kms:CreateGrant", "kms:DescribeKey"},
        ),
        (
            Call("dynamodb", "UpdateTable", {"SSESpecification": {"Enabled": True, "KMSMasterKeyId": Ref(KEY, "arn")}}),
            {"kms:CreateGrant", "kms:DescribeKey"},
        ),
        (Call("dynamodb", "UpdateTable", {"SSESpecification": {"Enabled": False}}), set()),
        (
            Call("ecr", "CreateRepository", {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "k"}}),
            {"kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"},
        ),
        (Call("ecr", "CreateRepository", {"encryptionConfiguration": {"encryptionType": "KMS"}}), set()),
    ],
    ids=lambda value: str(value) if isinstance(value, Call) else None,
)
def test_what_is_said_inside_of_a_parameter_may_need_further_actions(call, more):
    assert set(permissions.actions([call])) == {permissions.action_of(call.service, call.operation), *more}


def test_no_calls_need_nothing():
    assert permissions.actions([]) == ()
