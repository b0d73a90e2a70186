"""What passes by itself: every row can be met, and nothing else is tried again.

Of what AWS is known for no row is here: the reads after a create (`GetRole`, `GetInstanceProfile`, what is attached)
are waited for by the role's own settles and by `verify`; "Invalid IAM Instance Profile name" comes as the reason of a
status (`reasons`), for nothing here starts instances; replication of buckets is not managed; by the models no operation
that is used here answers with `EntityTemporarilyUnmodifiable`. Keys and secrets have no kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pytest
from botocore.retries import standard
from botocore.session import get_session

from mfinfra.aws import calls, reasons, retry, there, troubles
from mfinfra.errors import AccessDenied, AwsError, Unreachable, UserError

# What AWS says in the cases that a row tells apart by its text
MESSAGES = {
    "Invalid principal": 'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/r"',
    "The role with name": "The role with name r cannot be found.",
    "Instance Profile": "Instance Profile p cannot be found.",
    "being": "Attempt to change a resource which is still in use: Table is being created: t",
    "in use": "Attempt to change a resource which is still in use",
    "simultaneously": "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously",
    "no identity-based policy allows": "User: u is not authorized to perform: logs:PutRetentionPolicy on resource: g "
    "because no identity-based policy allows the logs:PutRetentionPolicy action",
    "conflicting DNS domain": "private-dns-enabled cannot be set because there is already a conflicting DNS domain",
    "PrivateDnsOnlyForInboundResolverEndpoint": "Gateway endpoint cannot be deleted while Interface endpoint vpce-1 "
    "for the service has PrivateDnsOnlyForInboundResolverEndpoint set to true.",
    "JobQueue relationship": "Cannot delete, found existing JobQueue relationship",
    "queue": "Scheduling policy arn:aws:batch:us-east-1:123456789012:scheduling-policy/p is in use by a job queue",
    "resource is being modified": "Cannot update, resource is being modified.",
    "Principal not found": "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
    "Invalid repository policy": "Invalid repository policy provided",
    "principal": "Policy contains a statement with one or more invalid principals.",
    "pending deletion": "arn:aws:kms:us-east-1:123456789012:key/k1 is pending deletion.",
    "is not allowed to be used": "The specified KMS key does not exist or is not allowed to be used with Arn 'a'",
    "marked for deletion": "You can't perform this operation on the secret because it was marked for deletion.",
    "is not valid": "arn:aws:batch:us-east-1:123456789012:compute-environment/c is not VALID",
}
# Codes that no model has and AWS answers with: of IAM's checks for every service, and DynamoDB's control plane.
UNMODELLED = {("logs", "AccessDeniedException"), ("dynamodb", "ThrottlingException")}


def name_of(row):
    return f"{row.service}:{row.operations[0]}:{row.code}:{row.text}"


@cache
def errors(service, operation):
    """The codes on the wire that botocore's model knows of an operation; raises where there is no such operation."""
    shapes = get_session().get_service_model(service).operation_model(operation).error_shapes
    return {shape.metadata.get("error", {}).get("code") or shape.name for shape in shapes}


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
    return AwsError(message, service=row.service, operation=row.operations[0], aws_code=row.code)


def persisted(error, after=10**9, fresh=lambda: True, **clock):
    """The answer or the error after `after` refusals, the clock, and what was told; `error` may be a list of them."""
    watch, told, tries = Watch(**clock), [], 0
    errors = error if isinstance(error, list) else [error]

    def send():
        nonlocal tries
        tries += 1
        if tries <= after:
            raise errors[min(tries, len(errors)) - 1]
        return calls.Answer({"tries": tries})

    try:
        outcome = retry.persist(send, watch, lambda why, seconds: told.append((why, seconds)), fresh)
    except UserError as raised:
        outcome = raised
    return outcome, watch, told


@pytest.mark.parametrize("row", retry.TABLE, ids=name_of)
def test_every_row_is_met_by_what_aws_says(row):
    for operation in row.operations:
        assert retry.row_for(row.service, operation, row.code, MESSAGES[row.text] if row.text else "no") == row
    assert row.source.startswith("https://")
    assert row.why[0].isupper()
    assert not row.why.endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("row", retry.TABLE, ids=name_of)
def test_every_operation_of_a_row_can_answer_with_its_code_as_far_as_the_models_say(row):
    for operation in row.operations:
        known = errors(row.service, operation)
        if row.service not in {"s3", "ec2"} and (row.service, row.code) not in UNMODELLED:
            assert row.code in known, f"{operation}: {sorted(known)}"


@pytest.mark.parametrize("row", [row for row in retry.TABLE if row.resumed is not None], ids=name_of)
def test_what_this_run_has_not_made_is_waited_for_no_longer_than_a_run_that_was_cut_short_explains(row):
    """A bucket that somebody has deleted, a role that a policy names by mistake: two minutes of hope are too many."""
    outcome, watch, _ = persisted(refusal(row), fresh=lambda: False)

    assert isinstance(outcome, AwsError)
    assert watch.time == pytest.approx(row.resumed)
    assert row.resumed < row.window


@pytest.mark.parametrize("row", retry.TABLE, ids=name_of)
def test_a_deletion_that_finds_nothing_does_not_wait(row):
    deletions = {name for name in row.operations if name.startswith(("Delete", "Remove", "Detach"))}
    missing = row.code.startswith(("NoSuch", "Invalid", "Resource", "Repository", "Table")) and "Not" in row.code
    assert not (missing or row.code.startswith("NoSuch")) or deletions <= {
        # Facets, of which the bucket, group or repository stands: these are no deletions of the thing itself.
        "DeleteBucketPolicy", "DeleteBucketLifecycle", "DeleteRetentionPolicy", "DeleteLifecyclePolicy",
        "DeleteRepositoryPolicy",
    }  # fmt: skip


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
        ("iam", "PutRolePermissionsBoundary", "NoSuchEntity", "Policy arn:aws:iam::aws:policy/X does not exist."),
        ("s3", "PutBucketPolicy", "MalformedPolicy", "Policies must be valid JSON"),
        ("dynamodb", "CreateTable", "ResourceInUseException", "Table already exists: t"),
        ("dynamodb", "UpdateTable", "LimitExceededException", "Subscriber limit exceeded: Update to PayPerRequest"),
        ("dynamodb", "DeleteTable", "ResourceNotFoundException", "Requested resource not found: Table: t not found"),
        ("dynamodb", "UpdateTable", "ValidationException", "Table already has an enabled stream"),
        ("iam", "AttachRolePolicy", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"),
        ("iam", "AddRoleToInstanceProfile", "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerProfile: 1"),
        ("iam", "DeleteRole", "NoSuchEntity", "The role with name r cannot be found."),
        ("s3", "DeleteBucket", "NoSuchBucket", "The specified bucket does not exist"),
        ("s3", "ListObjectVersions", "NoSuchBucket", "The specified bucket does not exist"),
        ("s3", "CreateBucket", "BucketAlreadyOwnedByYou", "yours already"),
        ("ec2", "DeleteSecurityGroup", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist"),
        ("ecr", "DeleteRepository", "RepositoryNotFoundException", "no"),
        ("ecr", "CreateRepository", "LimitExceededException", "The repository quota"),
        ("logs", "CreateLogGroup", "AccessDeniedException", "no identity-based policy allows the logs:CreateLogGroup"),
        ("dynamodb", "UpdateTimeToLive", "ValidationException", "Time to live has been modified multiple times"),
        ("batch", "CreateJobQueue", "ClientException", "Invalid parameter: jobQueueName"),
        ("batch", "CreateJobQueue", "ClientException", "The scheduling policy ARN is invalid"),
        ("batch", "CreateJobQueue", "ClientException", "Object already exists"),
        ("batch", "DeleteComputeEnvironment", "ClientException", "Cannot delete, state must be DISABLED"),
        ("ec2", "CreateVpcEndpoint", "InvalidParameter", "The service name is not right"),
        ("logs", "PutRetentionPolicy", "LimitExceededException", "Resource limit exceeded."),
        ("sts", "GetCallerIdentity", "ExpiredToken", "expired"),
        ("kms", "PutKeyPolicy", "MalformedPolicyDocumentException", "The new key policy will not allow you to update"),
        ("kms", "ScheduleKeyDeletion", "NotFoundException", "Key 'k1' does not exist"),
        ("secretsmanager", "DeleteSecret", "ResourceNotFoundException", "Secrets Manager can't find the secret."),
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


def aws_error(code, status=400, message="no", **more):
    return AwsError(message, service="iam", operation="PutRolePolicy", aws_code=code, status=status, **more)


TROUBLES = [
    *[(aws_error(code), troubles.THROTTLED) for code in sorted(troubles.THROTTLED.codes)],
    *[(aws_error(code, 500), troubles.BROKEN) for code in sorted(troubles.BROKEN.codes)],
    *[(aws_error("Whatever", status), troubles.BROKEN) for status in sorted(troubles.BROKEN.statuses)],
    (aws_error("Whatever", 429), troubles.THROTTLED),
    (Unreachable("no usable answer"), troubles.AWAY),
]


@pytest.mark.parametrize(("error", "row"), TROUBLES, ids=lambda value: getattr(value, "aws_code", ""))
def test_promise_11_what_says_nothing_of_the_request_is_outlasted_within_its_window(error, row):
    outcome, watch, told = persisted(error)
    assert (outcome, watch.time) == (error, pytest.approx(row.window))
    assert {why for why, _ in told} == {row.why}
    assert persisted(error, after=5)[0] == calls.Answer({"tries": 6})


def test_throttles_are_those_that_botocore_knows_but_for_quotas():
    known = {*standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES}
    assert known - troubles.THROTTLED.codes <= {"LimitExceededException", "PriorRequestNotComplete"}
    assert {*standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES} <= troubles.BROKEN.codes
    assert {*standard.TransientRetryableChecker._TRANSIENT_STATUS_CODES} == troubles.BROKEN.statuses
    assert {row.source for row in (troubles.THROTTLED, troubles.BROKEN, troubles.AWAY)} == {troubles.RETRIES}


def test_a_network_that_is_away_for_a_minute_and_a_half_ends_nothing():
    assert troubles.AWAY.window >= 90
    assert sum(retry.pauses(troubles.AWAY.window)[:-3]) >= 90, "and is looked for again soon enough"


def test_one_kind_of_refusal_does_not_use_up_the_window_of_another():
    related = next(row for row in retry.TABLE if row.text == "JobQueue relationship")
    away, refused = Unreachable("no usable answer"), refusal(related)
    outcome, watch, _ = persisted([away] * 10 + [refused])

    assert outcome is refused
    assert watch.time == pytest.approx(sum(retry.pauses(troubles.AWAY.window)[:10]) + related.window)


@pytest.mark.parametrize("row", [row for row in retry.TABLE if row.own], ids=name_of)
def test_promise_3_what_a_lost_write_of_ours_explains_is_looked_at_and_not_waited_for(row):
    refused = refusal(row)
    outcome, watch, _ = persisted([Unreachable("no usable answer"), refused])

    assert (outcome, outcome.doubtful) == (refused, True)
    assert len(watch.slept) == 1


def test_tries_that_take_their_time_are_ended_at_twice_the_window():
    watch = Watch()

    def hangs():
        watch.time += 60
        raise Unreachable("no usable answer")

    with pytest.raises(Unreachable):
        retry.persist(hangs, watch, lambda *_: None)
    assert watch.time < 2 * troubles.AWAY.window + 2 * 60


@pytest.mark.parametrize(
    ("before", "doubtful"),
    [
        ([], False),
        ([Unreachable("no usable answer")], True),
        ([aws_error("InternalError", 500, doubtful=True)], True),
        ([aws_error("Throttling")], False),
        ([aws_error("NoSuchEntity")], False),
        ([aws_error("Throttling", doubtful=True)], True),
    ],
    ids=["the first", "after a lost answer", "after a breakdown", "throttled", "refused", "repeated by botocore"],
)
def test_promise_3_an_error_after_a_try_that_may_have_taken_effect_says_so(before, doubtful):
    outcome, _, _ = persisted([*before, aws_error("EntityAlreadyExists", 409)])
    assert (outcome.aws_code, outcome.doubtful) == ("EntityAlreadyExists", doubtful)


@pytest.mark.parametrize("row", reasons.TABLE, ids=lambda row: row.text)
def test_every_reason_speaks_of_an_operation_and_is_met_whatever_its_case(row):
    assert row.operation in get_session().get_service_model(row.service).operation_names
    found = reasons.passing(row.service, row.operation, row.status, f"CLIENT_ERROR - {row.text.upper()} x")
    assert found is not None
    assert (found.window, row.source[:8]) == (reasons.YOUNG, "https://")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("INVALID", "CLIENT_ERROR - Launch Template UserData is not MIME multipart format"),
        ("INVALID", "CLIENT_ERROR - The subnet ID 'subnet-1' does not exist"),
        ("INVALID", "INTERNAL_ERROR"),
        ("DELETING", "not authorized to perform: sts:AssumeRole"),
    ],
)
def test_a_bad_end_that_no_role_explains_is_one(status, reason):
    assert reasons.passing("batch", "DescribeComputeEnvironments", status, reason) is None


def test_rows_differ():
    assert len({name_of(row) for row in retry.TABLE}) == len(retry.TABLE)


@pytest.mark.slow
@pytest.mark.parametrize(("call", "codes"), there.EXISTS.items(), ids=lambda value: ".".join(value[:2]))
def test_what_says_that_a_thing_is_there_is_an_error_of_its_creation_as_far_as_the_models_say(call, codes):
    service, operation = call
    for code in codes:
        if service not in {"s3", "ec2"}:
            assert code.partition(":")[0] in errors(service, operation)
