import json

import pytest
from botocore.exceptions import ClientError

NAME = "/aws/batch/job"


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code


@pytest.fixture
def logs(sandbox, client_of):
    return client_of("logs")


def described(logs, name=NAME):
    return logs.describe_log_groups(logGroupIdentifiers=[name])["logGroups"][0]


def test_a_group_is_described_completely(logs):
    logs.create_log_group(logGroupName=NAME, tags={"a": "1"})
    said = described(logs)
    assert said["arn"] == f"{said['logGroupArn']}:*"
    assert (said["logGroupClass"], said["deletionProtectionEnabled"]) == ("STANDARD", False)
    assert "retentionInDays" not in said
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    assert described(logs, "rare")["logGroupClass"] == "INFREQUENT_ACCESS"


def test_groups_are_found_by_identifier_prefix_and_pattern(logs):
    for name in ("a/one", "a/two", "b/one"):
        logs.create_log_group(logGroupName=name)
    arn = described(logs, "a/two")["logGroupArn"]

    def names(**how):
        return [group["logGroupName"] for group in logs.describe_log_groups(**how)["logGroups"]]

    assert names(logGroupIdentifiers=[arn, "b/one", "ghost"]) == ["a/two", "b/one"]
    assert names(logGroupNamePrefix="a/") == ["a/one", "a/two"]
    assert names(logGroupNamePattern="ONE") == ["a/one", "b/one"]
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["logGroups"]) for page in pages] == [2, 1]


def test_retention_takes_the_days_that_are_offered(logs):
    logs.create_log_group(logGroupName=NAME)
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName=NAME, retentionInDays=31)
    logs.put_retention_policy(logGroupName=NAME, retentionInDays=30)
    assert described(logs)["retentionInDays"] == 30
    logs.delete_retention_policy(logGroupName=NAME)
    assert "retentionInDays" not in described(logs)


def key_policy(group):
    """For https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html ."""
    group = f"arn:aws:logs:us-east-1:123456789012:{group}"
    context = {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}}
    allow = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    statements = [
        {**allow, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {**allow, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Condition": context},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_key_whose_policy_is_for_another_group_is_not_used(logs, client_of):
    key = client_of("kms").create_key(Policy=key_policy("log-group:another"))["KeyMetadata"]["Arn"]
    refused("InvalidParameterException", logs.create_log_group, logGroupName=NAME, kmsKeyId=key)


def test_a_key_is_associated_and_disassociated(logs, client_of):
    kms = client_of("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName=NAME)
    refused("InvalidParameterException", logs.associate_kms_key, logGroupName=NAME, kmsKeyId=key)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(f"log-group:{NAME}"))
    logs.associate_kms_key(logGroupName=NAME, kmsKeyId=key)
    assert described(logs)["kmsKeyId"] == key
    logs.disassociate_kms_key(logGroupName=NAME)
    assert "kmsKeyId" not in described(logs)
    ghost = key[:-12] + "0" * 12
    refused("InvalidParameterException", logs.associate_kms_key, logGroupName=NAME, kmsKeyId=ghost)
    refused("InvalidParameterException", logs.create_log_group, logGroupName="x", kmsKeyId=ghost)
    refused("ResourceNotFoundException", logs.associate_kms_key, logGroupName="ghost", kmsKeyId=key)


def test_a_protected_group_is_not_deleted(logs):
    logs.create_log_group(logGroupName=NAME, deletionProtectionEnabled=True)
    assert described(logs)["deletionProtectionEnabled"] is True
    refused("ValidationException", logs.delete_log_group, logGroupName=NAME)
    logs.put_log_group_deletion_protection(logGroupIdentifier=NAME, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=NAME)
    assert logs.describe_log_groups()["logGroups"] == []


def test_tags_hang_on_the_arn_without_a_star(logs):
    logs.create_log_group(logGroupName=NAME, tags={"a": "1"})
    said = described(logs)
    refused("InvalidParameterException", logs.list_tags_for_resource, resourceArn=said["arn"])
    refused("InvalidParameterException", logs.tag_resource, resourceArn=said["arn"], tags={"b": "2"})
    logs.tag_resource(resourceArn=said["logGroupArn"], tags={"b": "2"})
    assert logs.list_tags_for_resource(resourceArn=said["logGroupArn"])["tags"] == {"a": "1", "b": "2"}


def test_bad_names_are_refused(logs):
    refused("InvalidParameterException", logs.create_log_group, logGroupName="a b!")
    refused("InvalidParameterException", logs.create_log_group, logGroupName="aws/mine")


def test_a_group_that_is_not_there_is_not_found(logs):
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:ghost"
    refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=arn)
    refused("ResourceNotFoundException", logs.tag_resource, resourceArn=arn, tags={"a": "b"})
    refused("ResourceNotFoundException", logs.delete_log_group, logGroupName="ghost")
