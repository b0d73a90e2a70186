"""A strict CloudWatch Logs. What AWS says of each: `mfinfra.sandbox.corrections.logs.late`."""

import pytest
from looks import LATE, looks_until, refusal

NAME = {"logGroupName": "/metaflow/jobs"}
ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/metaflow/jobs"
MISSING, ABORTED = "ResourceNotFoundException", "OperationAbortedException"
TAGS = {"resourceArn": ARN, "tags": {"a": "b"}}


@pytest.fixture
def logs(running, client_of):
    running.reset(transition_polls=2, late_by=LATE)
    client_of("logs").create_log_group(**NAME)
    return client_of("logs")


@pytest.fixture
def group(logs):
    """A group that everything knows by now."""
    looks_until(MISSING, logs.delete_retention_policy, **NAME)
    logs.describe_log_groups()
    for days in (30, 60):
        looks_until(MISSING, logs.put_retention_policy, **NAME, retentionInDays=days)
        logs.describe_log_groups()
    for call, params in ((logs.tag_resource, TAGS), (logs.list_tags_for_resource, {"resourceArn": ARN})):
        looks_until(MISSING, call, **params)
    assert retention(logs) == 60
    return logs


def retention(logs):
    return logs.describe_log_groups()["logGroups"][0].get("retentionInDays")


def test_each_operation_misses_a_new_group_once(logs):
    said = refusal(logs.put_retention_policy, **NAME, retentionInDays=30)
    assert said == f"{MISSING}: The specified log group does not exist."
    logs.put_retention_policy(**NAME, retentionInDays=30)
    assert looks_until(MISSING, logs.list_tags_for_resource, resourceArn=ARN) == 1
    assert looks_until(MISSING, logs.tag_resource, **TAGS) == 1
    assert logs.describe_log_groups()["logGroups"]


def test_the_second_of_two_writes_at_once_is_aborted_and_a_look_stands_between_others(group):
    group.put_retention_policy(**NAME, retentionInDays=90)
    text = "A conflicting operation is currently in progress against this resource. Please try again."
    assert refusal(group.delete_retention_policy, **NAME) == f"{ABORTED}: {text}"
    assert looks_until(ABORTED, group.put_retention_policy, **NAME, retentionInDays=60) == 0
    assert looks_until(ABORTED, group.tag_resource, **TAGS) == 0
    group.describe_log_groups()
    assert looks_until(ABORTED, group.put_retention_policy, **NAME, retentionInDays=30) == 0
    assert looks_until(ABORTED, group.delete_log_group, **NAME) == 1


def test_retention_reads_as_it_was_for_a_look(group):
    group.put_retention_policy(**NAME, retentionInDays=90)
    assert [retention(group), retention(group)] == [60, 90]
    group.delete_retention_policy(**NAME)
    assert [retention(group), retention(group)] == [90, None]


def test_a_name_is_free_some_looks_after_its_group_was_deleted(logs):
    logs.delete_log_group(**NAME)
    assert looks_until(ABORTED, logs.create_log_group, **NAME) == LATE
