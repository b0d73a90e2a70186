"""A strict DynamoDB. What AWS says of each: `mfinfra.sandbox.corrections.dynamodb`."""

import pytest
from looks import LATE, looks_until, refusal, refused

from mfinfra.sandbox.corrections import clock

TABLE = {"TableName": "splits"}
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/splits"
PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
PITR = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
POLLS = 2


@pytest.fixture
def dynamodb(running, client_of):
    running.reset(transition_polls=POLLS, late_by=LATE)
    return client_of("dynamodb")


@pytest.fixture
def table(dynamodb):
    create(dynamodb)
    settle(dynamodb)
    return dynamodb


def create(dynamodb, **more):
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    types = [{"AttributeName": "id", "AttributeType": "S"}]
    return dynamodb.create_table(**TABLE, KeySchema=key, AttributeDefinitions=types, **{**ON_DEMAND, **more})


def settle(dynamodb):
    looks_until("ResourceNotFoundException", dynamodb.describe_table, **TABLE)
    while status(dynamodb) != "ACTIVE":
        pass


def status(dynamodb):
    return dynamodb.describe_table(**TABLE)["Table"]["TableStatus"]


def update(dynamodb, **changes):
    dynamodb.update_table(**TABLE, **changes)
    settle(dynamodb)


def ttl(attribute="ttl", *, on=True):
    return {**TABLE, "TimeToLiveSpecification": {"Enabled": on, "AttributeName": attribute}}


def busy(doing):
    return f"ResourceInUseException: Attempt to change a resource which is still in use: Table is being {doing}: splits"


def test_a_new_table_is_not_found_for_a_look_and_creating_for_some(dynamodb):
    create(dynamodb)
    said = refusal(dynamodb.describe_table, **TABLE)
    assert said == "ResourceNotFoundException: Requested resource not found: Table: splits not found"
    assert [status(dynamodb) for _ in range(POLLS + 1)] == ["CREATING", "CREATING", "ACTIVE"]


@pytest.mark.parametrize("doing", ["created", "updated", "deleted"])
def test_a_busy_table_takes_no_writes_and_says_what_it_is_busy_with(dynamodb, doing):
    create(dynamodb)
    if doing != "created":
        settle(dynamodb)
        dynamodb.update_table(**TABLE, DeletionProtectionEnabled=False)
    if doing == "deleted":
        settle(dynamodb)
        dynamodb.delete_table(**TABLE)
        assert refusal(create, dynamodb=dynamodb) == busy(doing)
    else:
        assert refusal(dynamodb.delete_table, **TABLE) == busy(doing)
    assert refusal(dynamodb.update_table, **TABLE, DeletionProtectionEnabled=True) == busy(doing)
    assert refusal(dynamodb.update_time_to_live, **ttl()) == busy(doing)


def test_a_deleted_table_is_deleting_for_some_looks_and_its_name_is_free_then(table):
    table.delete_table(**TABLE)
    assert table.delete_table(**TABLE)["TableDescription"]["TableStatus"] == "DELETING"
    assert [status(table) for _ in range(POLLS)] == ["DELETING"] * POLLS
    assert refused(table.describe_table, **TABLE) == "ResourceNotFoundException"
    create(table)


def test_no_time_that_passes_turns_a_status(dynamodb, monkeypatch):
    create(dynamodb)
    monkeypatch.setattr("mfinfra.sandbox.corrections.turning.time.monotonic", lambda: 1e12)
    looks_until("ResourceNotFoundException", dynamodb.describe_table, **TABLE)
    assert status(dynamodb) == "CREATING"


def test_time_to_live_changes_once_an_hour(table):
    table.update_time_to_live(**ttl())
    too_soon = "ValidationException: Time to live has been modified multiple times within a fixed interval"
    for again in (ttl(on=False), ttl(), ttl("other")):
        assert refusal(table.update_time_to_live, **again) == too_soon
    clock.advance(clock.HOUR - 60)
    assert refusal(table.update_time_to_live, **ttl(on=False)) == too_soon
    clock.advance(120)
    assert refusal(table.update_time_to_live, **ttl()) == "ValidationException: TimeToLive is already enabled"
    other = "TimeToLive is active on a different AttributeName: current AttributeName is ttl"
    assert refusal(table.update_time_to_live, **ttl("other")) == f"ValidationException: {other}"
    table.update_time_to_live(**ttl(on=False))
    assert refusal(table.update_time_to_live, **ttl("other")) == too_soon


def test_what_was_never_on_is_disabled_already(table):
    said = refusal(table.update_time_to_live, **ttl(on=False))
    assert said == "ValidationException: TimeToLive is already disabled"


MIXED = {
    "class": (
        {"TableClass": "STANDARD", "DeletionProtectionEnabled": True},
        "TableClass modification must be the only",
    ),
    "stream": (
        {**PROVISIONED, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        "You cannot modify stream status while updating table IOPS",
    ),
    "encryption": ({**PROVISIONED, "SSESpecification": {"Enabled": True}}, "capacity, encryption"),
    "index": (
        {**PROVISIONED, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "one"}}]},
        "capacity, index",
    ),
}


@pytest.mark.parametrize(("changes", "text"), MIXED.values(), ids=MIXED)
def test_one_call_takes_one_kind_of_change(table, changes, text):
    said = refusal(table.update_table, **TABLE, **changes)
    assert said.startswith("ValidationException: One or more parameter values were invalid: ")
    assert text in said
    assert status(table) == "ACTIVE"


def test_one_index_is_made_or_deleted_at_a_time(table):
    two = [{"Delete": {"IndexName": name}} for name in ("one", "two")]
    said = refusal(table.update_table, **TABLE, GlobalSecondaryIndexUpdates=two)
    limit = "Only 1 online index can be created or deleted simultaneously per table"
    assert said == f"LimitExceededException: Subscriber limit exceeded: {limit}"


def test_the_same_throughput_is_no_change(dynamodb):
    create(dynamodb, **PROVISIONED)
    settle(dynamodb)
    said = refusal(dynamodb.update_table, **TABLE, **PROVISIONED)
    assert said.startswith("ValidationException: The provisioned throughput for the table will not change.")
    assert "Requested WriteCapacityUnits: 5." in said


@pytest.mark.slow
def test_a_table_is_switched_to_on_demand_four_times_a_day(table):
    for _ in range(4):
        update(table, **PROVISIONED)
        update(table, **ON_DEMAND)
    update(table, **PROVISIONED)
    said = refusal(table.update_table, **TABLE, **ON_DEMAND)
    assert said.startswith(
        "LimitExceededException: Subscriber limit exceeded: Update to PayPerRequest mode are limited"
    )
    clock.advance(clock.DAY)
    update(table, **ON_DEMAND)


def test_backups_are_being_enabled_for_some_looks_after_a_table_is_active(table):
    said = refusal(table.update_continuous_backups, **TABLE, **PITR)
    assert said.startswith("ContinuousBackupsUnavailableException: Backups are being enabled for the table: splits")
    code = "ContinuousBackupsUnavailableException"
    assert looks_until(code, table.update_continuous_backups, **TABLE, **PITR) == LATE - 1


def test_a_protected_table_is_not_deleted(table):
    update(table, DeletionProtectionEnabled=True)
    text = (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    )
    assert refusal(table.delete_table, **TABLE) == f"ValidationException: {text}"
    update(table, DeletionProtectionEnabled=False)
    table.delete_table(**TABLE)


def test_new_tags_are_listed_after_a_look(table):
    table.tag_resource(ResourceArn=ARN, Tags=[{"Key": "a", "Value": "b"}])
    assert [table.list_tags_of_resource(ResourceArn=ARN)["Tags"] for _ in range(2)] == [
        [],
        [{"Key": "a", "Value": "b"}],
    ]
    table.untag_resource(ResourceArn=ARN, TagKeys=["a"])
    assert [len(table.list_tags_of_resource(ResourceArn=ARN)["Tags"]) for _ in range(2)] == [1, 0]
