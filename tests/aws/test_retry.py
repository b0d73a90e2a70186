"""Refusals that pass by themselves: every row can be met, and nothing else is tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pytest
from botocore.session import get_session

from mfinfra.aws import calls, retry
from mfinfra.errors import AccessDenied, AwsError, UserError

# What AWS says in the cases that a row tells apart by its text
MESSAGES = {
    "Invalid principal": 'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/r"',
    "The role with name": "The role with name r cannot be found.",
    "being": "Attempt to change a resource which is still in use: Table is being created: t",
    "in use": "Attempt to change a resource which is still in use",
    "simultaneously": "Too many operations: at most 500 tables can be created simultaneously",
    "conflicting DNS domain": "private-dns-enabled cannot be set because there is already a conflicting DNS domain",
    "JobQueue relationship": "Cannot delete, found existing JobQueue relationship",
    "resource is being modified": "Cannot update, resource is being modified.",
    "Principal not found": "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
    "Invalid repository policy": "Invalid repository policy provided",
    "is not valid": "arn:aws:batch:us-east-1:123456789012:compute-environment/c is not VALID",
}
# A service whose `*` rows are asked with one of its operations
ANY = {"iam": "PutRolePolicy", "s3": "PutBucketPolicy", "dynamodb": "UpdateTable", "logs": "TagResource",
       "ecr": "TagResource", "ec2": "CreateTags", "batch": "UpdateJobQueue"}  # fmt: skip


def name_of(row):
    return f"{row.service}:{row.operation}:{row.code}:{row.text}"


def operation_of(row):
    return ANY[row.service] if row.operation == "*" else row.operation


@cache
def operations(service):
    return get_session().get_service_model(service).operation_names


@dataclass
class Watch:
    """A clock that only counts; `stop_after` is the pause during which the run is stopped."""

    time: float = 0.0
    stop_after: int = 10**6
    slept: list[float] = field(default_factory=list)

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
        return len(self.slept) >= self.stop_after


def refusal(row, message=None):
    message = MESSAGES[row.text] if row.text and message is None else message or "no"
    return AwsError(message, service=row.service, operation=operation_of(row), aws_code=row.code)


def persisted(error, after=10**9, **clock):
    """The answer or the error after `after` refusals, the clock, and what was told."""
    watch, told, tries = Watch(**clock), [], 0

    def send():
        nonlocal tries
        tries += 1
        if tries <= after:
            raise error
        return calls.Answer({"tries": tries})

    try:
        outcome = calls.persist(send, watch, lambda why, seconds: told.append((why, seconds)))
    except UserError as raised:
        outcome = raised
    return outcome, watch, told


@pytest.mark.parametrize("row", retry.TABLE, ids=name_of)
def test_every_row_is_met_by_what_aws_says_and_speaks_of_an_operation_that_exists(row):
    error = refusal(row)

    assert retry.row_for(error.service, error.operation, error.aws_code, error.message) == row
    assert operation_of(row) in operations(row.service)
    assert row.source.startswith("https://")
    assert row.why[0].isupper()
    assert not row.why.endswith(".")


@pytest.mark.parametrize("row", retry.TABLE, ids=name_of)
def test_promise_11_a_refusal_that_passes_is_waited_for_with_its_reason(row):
    outcome, watch, told = persisted(refusal(row), after=3)

    assert outcome == calls.Answer({"tries": 4})
    assert told == [(row.why, 0.0), (row.why, watch.slept[0]), (row.why, sum(watch.slept[:2]))]


@pytest.mark.parametrize("row", retry.TABLE, ids=name_of)
def test_a_refusal_that_does_not_pass_is_raised_when_its_window_is_over(row):
    error = refusal(row)
    outcome, watch, _ = persisted(error)

    assert outcome is error
    assert watch.time == pytest.approx(row.window)


@pytest.mark.parametrize(
    ("service", "operation", "code", "message"),
    [
        ("iam", "CreateRole", "EntityAlreadyExists", "Role with name r already exists."),
        ("iam", "CreateRole", "MalformedPolicyDocument", "Syntax errors in policy."),
        ("iam", "DeletePolicy", "DeleteConflict", "Cannot delete a policy attached to entities."),
        ("iam", "AttachRolePolicy", "NoSuchEntity", "Policy arn:aws:iam::aws:policy/X does not exist."),
        ("s3", "PutBucketPolicy", "MalformedPolicy", "Policies must be valid JSON"),
        ("dynamodb", "CreateTable", "ResourceInUseException", "Table already exists: t"),
        ("dynamodb", "UpdateTimeToLive", "ValidationException", "Time to live has been modified multiple times"),
        ("batch", "CreateJobQueue", "ClientException", "Invalid parameter: jobQueueName"),
        ("batch", "CreateJobQueue", "ClientException", "The scheduling policy ARN is invalid"),
        ("batch", "CreateJobQueue", "ClientException", "Object already exists"),
        ("batch", "DeleteComputeEnvironment", "ClientException", "Cannot delete, state must be DISABLED"),
        ("ec2", "CreateVpcEndpoint", "InvalidParameter", "The service name is not right"),
        ("logs", "PutRetentionPolicy", "LimitExceededException", "Resource limit exceeded."),
        ("sts", "GetCallerIdentity", "ExpiredToken", "expired"),
    ],
)  # fmt: skip
def test_what_does_not_pass_by_itself_is_not_tried_again(service, operation, code, message):
    error = AwsError(message, service=service, operation=operation, aws_code=code)
    outcome, watch, told = persisted(error)

    assert outcome is error
    assert (watch.slept, told) == ([], [])


@pytest.mark.parametrize(
    "error",
    [
        AccessDenied("no", service="s3", operation="PutBucketPolicy", aws_code="AccessDenied"),
        UserError("no credentials"),
    ],
)
def test_what_is_no_refusal_to_wait_for_is_raised_at_once(error):
    outcome, watch, _ = persisted(error)

    assert outcome is error
    assert watch.slept == []


def test_promise_12_a_stopped_run_does_not_wait_for_the_rest_of_the_window():
    error = refusal(retry.TABLE[0])
    outcome, watch, _ = persisted(error, stop_after=2)

    assert outcome is error
    assert len(watch.slept) == 2


@pytest.mark.parametrize("window", [0.5, 1.0, 60.0, retry.PROPAGATION, 1200.0])
def test_pauses_begin_short_grow_to_ten_seconds_and_fill_the_window(window):
    pauses = retry.pauses(window)

    assert sum(pauses) == pytest.approx(window)
    assert pauses[0] == min(1.0, window)
    assert max(pauses) <= 10
    assert pauses[:-1] == sorted(pauses[:-1])


def test_rows_differ():
    assert len({name_of(row) for row in retry.TABLE}) == len(retry.TABLE)
