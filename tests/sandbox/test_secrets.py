"""Secrets Manager as AWS has it where moto has it otherwise."""

import pytest
from botocore.exceptions import ClientError

NAME = "team/database"
TAGS = [{"Key": "team", "Value": "ml"}]


@pytest.fixture
def secrets(sandbox, client_of):
    return client_of("secretsmanager")


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_the_name_of_a_secret_that_is_to_be_deleted_is_taken(secrets):
    secrets.create_secret(Name=NAME)
    refused("ResourceExistsException", secrets.create_secret, Name=NAME)
    secrets.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    told = refused("InvalidRequestException", secrets.create_secret, Name=NAME)
    assert told.endswith("a secret with this name is already scheduled for deletion.")
    assert secrets.describe_secret(SecretId=NAME)["DeletedDate"]
    refused("InvalidRequestException", secrets.update_secret, SecretId=NAME, Description="x")
    refused("InvalidRequestException", secrets.tag_resource, SecretId=NAME, Tags=TAGS)
    secrets.restore_secret(SecretId=NAME)
    assert "DeletedDate" not in secrets.describe_secret(SecretId=NAME)


def test_a_name_out_of_form_is_refused(secrets):
    refused("ValidationException", secrets.create_secret, Name="a b")


def test_description_and_key_change_and_value_versions_and_tags_stay(secrets):
    secrets.create_secret(Name=NAME, SecretString="s", Description="old", Tags=TAGS)
    before = secrets.describe_secret(SecretId=NAME)
    secrets.update_secret(SecretId=NAME, Description="new", KmsKeyId="alias/mine")
    after = secrets.describe_secret(SecretId=NAME)
    assert (after["Description"], after["KmsKeyId"], after["Tags"]) == ("new", "alias/mine", TAGS)
    assert after["VersionIdsToStages"] == before["VersionIdsToStages"]
    secrets.update_secret(SecretId=before["ARN"], Description="", KmsKeyId="")
    assert {"Description", "KmsKeyId"}.isdisjoint(secrets.describe_secret(SecretId=NAME))
    assert secrets.get_secret_value(SecretId=NAME)["SecretString"] == "s"


def test_a_strict_sandbox_knows_a_new_secret_late(running, secrets):
    running.reset(transition_polls=0, late_by=1)
    secrets.create_secret(Name=NAME)
    refused("ResourceNotFoundException", secrets.describe_secret, SecretId=NAME)
    assert secrets.describe_secret(SecretId=NAME)["Name"] == NAME
