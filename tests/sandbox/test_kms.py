"""KMS as AWS has it where moto has it otherwise."""

import json

import pytest
from botocore.exceptions import ClientError

ROOT = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
PENDING = (
    ("enable_key", {}),
    ("disable_key", {}),
    ("enable_key_rotation", {}),
    ("update_key_description", {"Description": "x"}),
    ("tag_resource", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
    ("schedule_key_deletion", {}),
)


@pytest.fixture
def kms(sandbox, client_of):
    return client_of("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_a_key_is_for_encryption_where_nobody_says_otherwise(key):
    assert (key["KeyUsage"], key["KeySpec"], key["KeyState"]) == ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Enabled")


@pytest.mark.parametrize(
    "statements",
    [
        [{**ROOT, "Action": "kms:Decrypt"}],
        [{**ROOT, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}}],
        [ROOT, {**ROOT, "Effect": "Deny", "Action": ["kms:Put*"]}],
        [{**ROOT, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ml"}}}],
    ],
    ids=["too little", "somebody else", "denied again", "under a condition"],
)
def test_a_policy_that_locks_its_author_out_is_not_taken(kms, key, statements):
    told = refused(
        "MalformedPolicyDocumentException",
        kms.put_key_policy,
        KeyId=key["KeyId"],
        PolicyName="default",
        Policy=policy(*statements),
    )
    assert told == "The new key policy will not allow you to update the key policy in the future."
    refused("MalformedPolicyDocumentException", kms.create_key, Policy=policy(*statements))


def test_a_policy_that_denies_only_something_else_is_taken(kms, key):
    document = policy(ROOT, {**ROOT, "Effect": "Deny", "Action": "kms:DisableKey"})
    kms.put_key_policy(KeyId=key["Arn"], PolicyName="default", Policy=document)
    assert kms.get_key_policy(KeyId=key["Arn"], PolicyName="default")["Policy"] == document


def test_a_principal_that_is_not_there_is_not_taken(kms):
    ghost = {**ROOT, "Principal": {"AWS": "arn:aws:iam::123456789012:role/ghost"}, "Action": "kms:Decrypt"}
    told = refused("MalformedPolicyDocumentException", kms.create_key, Policy=policy(ROOT, ghost))
    assert told == "Policy contains a statement with one or more invalid principals."


@pytest.mark.parametrize(("operation", "more"), PENDING, ids=[name for name, _ in PENDING])
def test_a_key_that_is_to_be_deleted_takes_nothing_but_its_life_back(kms, key, operation, more):
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    told = refused("KMSInvalidStateException", getattr(kms, operation), KeyId=key["KeyId"], **more)
    assert told == f"{key['Arn']} is pending deletion."
    refused("KMSInvalidStateException", kms.create_alias, AliasName="alias/a", TargetKeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key["Arn"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"


def test_what_is_not_to_be_deleted_cannot_be_taken_back(kms, key):
    refused("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=key["KeyId"])


def test_a_disabled_key_is_not_rotated(kms, key):
    kms.disable_key(KeyId=key["Arn"])
    refused("DisabledException", kms.enable_key_rotation, KeyId=key["KeyId"])
    kms.enable_key(KeyId=key["Arn"])
    kms.enable_key_rotation(KeyId=key["Arn"])
    assert kms.get_key_rotation_status(KeyId=key["Arn"])["KeyRotationEnabled"] is True


def test_a_strict_sandbox_knows_a_new_key_late(running, kms):
    running.reset(transition_polls=0, late_by=1)
    number = kms.create_key()["KeyMetadata"]["KeyId"]
    refused("NotFoundException", kms.create_alias, AliasName="alias/a", TargetKeyId=number)
    kms.create_alias(AliasName="alias/a", TargetKeyId=number)
    refused("NotFoundException", kms.enable_key_rotation, KeyId=number)
    kms.enable_key_rotation(KeyId=number)
