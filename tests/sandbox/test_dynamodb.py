import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.corrections.dynamodb import ttl as corrections

KEY = [{"AttributeName": "lock", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "lock", "AttributeType": "S"}]


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def create(dynamodb, **more):
    params = {"BillingMode": "PAY_PER_REQUEST", **more}
    return dynamodb.create_table(TableName="locks", KeySchema=KEY, AttributeDefinitions=ATTRIBUTES, **params)


def status(dynamodb):
    return dynamodb.describe_table(TableName="locks")["Table"]["TableStatus"]


@pytest.fixture
def dynamodb(sandbox, client_of):
    return client_of("dynamodb")


@pytest.fixture
def slow_dynamodb(slow_sandbox, client_of):
    return client_of("dynamodb")


@pytest.fixture
def table(dynamodb):
    create(dynamodb)
    return dynamodb


def test_a_table_is_creating_then_active_then_updating_then_deleting(slow_dynamodb):
    table = slow_dynamodb
    assert create(table)["TableDescription"]["TableStatus"] == "CREATING"
    refused("ResourceInUseException", table.update_table, TableName="locks", DeletionProtectionEnabled=True)
    refused("ResourceInUseException", table.delete_table, TableName="locks")
    ttl = {"Enabled": True, "AttributeName": "ttl"}
    refused("ResourceInUseException", table.update_time_to_live, TableName="locks", TimeToLiveSpecification=ttl)
    pitr = {"PointInTimeRecoveryEnabled": True}
    refused(
        "ContinuousBackupsUnavailableException",
        table.update_continuous_backups,
        TableName="locks",
        PointInTimeRecoverySpecification=pitr,
    )
    assert [status(table), status(table)] == ["CREATING", "ACTIVE"]
    table.update_continuous_backups(TableName="locks", PointInTimeRecoverySpecification=pitr)
    table.update_table(TableName="locks", DeletionProtectionEnabled=True)
    assert [status(table), status(table)] == ["UPDATING", "ACTIVE"]
    table.update_table(TableName="locks", DeletionProtectionEnabled=False)
    assert [status(table), status(table)] == ["UPDATING", "ACTIVE"]
    assert table.delete_table(TableName="locks")["TableDescription"]["TableStatus"] == "DELETING"
    with pytest.raises(ClientError, match="ResourceInUseException"):
        create(table)
    assert table.list_tables()["TableNames"] == ["locks"]
    assert status(table) == "DELETING"
    refused("ResourceNotFoundException", table.describe_table, TableName="locks")
    assert table.list_tables()["TableNames"] == []


def test_a_protected_table_is_not_deleted(table):
    table.update_table(TableName="locks", DeletionProtectionEnabled=True)
    refused("ValidationException", table.delete_table, TableName="locks")
    assert status(table) == "ACTIVE"


def test_only_a_table_that_was_on_demand_has_a_billing_summary(dynamodb):
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    create(dynamodb, BillingMode="PROVISIONED", ProvisionedThroughput=units)
    assert "BillingModeSummary" not in dynamodb.describe_table(TableName="locks")["Table"]
    dynamodb.update_table(TableName="locks", BillingMode="PAY_PER_REQUEST")
    said = dynamodb.describe_table(TableName="locks")["Table"]["BillingModeSummary"]
    assert said["BillingMode"] == "PAY_PER_REQUEST"
    assert said["LastUpdateToPayPerRequestDateTime"]
    dynamodb.update_table(TableName="locks", BillingMode="PROVISIONED", ProvisionedThroughput=units)
    said = dynamodb.describe_table(TableName="locks")["Table"]["BillingModeSummary"]
    assert said["BillingMode"] == "PROVISIONED"


def test_the_same_throughput_again_is_refused(dynamodb):
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    create(dynamodb, BillingMode="PROVISIONED", ProvisionedThroughput=units)
    refused("ValidationException", dynamodb.update_table, TableName="locks", ProvisionedThroughput=units)


def test_class_and_encryption_change(table, client_of):
    table.update_table(TableName="locks", TableClass="STANDARD_INFREQUENT_ACCESS")
    key = client_of("kms").create_key()["KeyMetadata"]["Arn"]
    table.update_table(TableName="locks", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    said = table.describe_table(TableName="locks")["Table"]
    assert said["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert said["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    table.update_table(TableName="locks", SSESpecification={"Enabled": False})
    assert "SSEDescription" not in table.describe_table(TableName="locks")["Table"]
    ghost = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "00000000-0000-0000-0000-000000000000"}
    refused("ValidationException", table.update_table, TableName="locks", SSESpecification=ghost)
    refused(
        "ValidationException",
        table.update_table,
        TableName="locks",
        TableClass="STANDARD",
        DeletionProtectionEnabled=True,
    )


def test_time_to_live_is_switched_once_and_keeps_its_attribute(table):
    change = table.update_time_to_live
    on, off = {"Enabled": True, "AttributeName": "ttl"}, {"Enabled": False, "AttributeName": "ttl"}
    assert "already disabled" in refused("ValidationException", change, TableName="locks", TimeToLiveSpecification=off)
    change(TableName="locks", TimeToLiveSpecification=on)
    said = table.describe_time_to_live(TableName="locks")["TimeToLiveDescription"]
    assert said == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert "already enabled" in refused("ValidationException", change, TableName="locks", TimeToLiveSpecification=on)
    other = {"Enabled": True, "AttributeName": "expires"}
    text = refused("ValidationException", change, TableName="locks", TimeToLiveSpecification=other)
    assert "current AttributeName is ttl" in text
    change(TableName="locks", TimeToLiveSpecification=off)
    said = table.describe_time_to_live(TableName="locks")["TimeToLiveDescription"]
    assert said == {"TimeToLiveStatus": "DISABLED"}


def test_time_to_live_is_enabling_first(slow_dynamodb):
    create(slow_dynamodb)
    status(slow_dynamodb)
    ttl = {"Enabled": True, "AttributeName": "ttl"}
    slow_dynamodb.update_time_to_live(TableName="locks", TimeToLiveSpecification=ttl)
    said = [slow_dynamodb.describe_time_to_live(TableName="locks")["TimeToLiveDescription"] for _ in range(2)]
    assert [each["TimeToLiveStatus"] for each in said] == ["ENABLING", "ENABLED"]


def test_the_hour_of_time_to_live_can_be_switched_on(table, monkeypatch):
    monkeypatch.setattr(corrections, "TTL_WINDOW_SECONDS", 3600)
    on, off = {"Enabled": True, "AttributeName": "ttl"}, {"Enabled": False, "AttributeName": "ttl"}
    table.update_time_to_live(TableName="locks", TimeToLiveSpecification=on)
    text = refused("ValidationException", table.update_time_to_live, TableName="locks", TimeToLiveSpecification=off)
    assert "modified multiple times" in text


def test_items_are_put_and_found(table):
    table.put_item(TableName="locks", Item={"lock": {"S": "a"}})
    assert table.get_item(TableName="locks", Key={"lock": {"S": "a"}})["Item"] == {"lock": {"S": "a"}}


def test_a_table_that_is_not_there_is_not_found(dynamodb):
    code, arn = "ResourceNotFoundException", "arn:aws:dynamodb:us-east-1:123456789012:table/ghost"
    refused(code, dynamodb.describe_time_to_live, TableName="ghost")
    ttl = {"Enabled": True, "AttributeName": "ttl"}
    refused(code, dynamodb.update_time_to_live, TableName="ghost", TimeToLiveSpecification=ttl)
    refused(code, dynamodb.list_tags_of_resource, ResourceArn=arn)
    refused(code, dynamodb.tag_resource, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    refused(code, dynamodb.untag_resource, ResourceArn=arn, TagKeys=["a"])
    refused("TableNotFoundException", dynamodb.describe_continuous_backups, TableName="ghost")
