"""A read that is refused, breaks down or is cut off tells nothing: above all not that a resource is missing."""

from __future__ import annotations

from itertools import groupby, zip_longest
from pathlib import Path

import pytest
from stack import Stack, changed

from mfinfra.aws import retry
from mfinfra.errors import AccessDenied, UserError
from mfinfra.permissions import action_of
from mfinfra.sandbox.faults import BROKEN, CUT, DENIED, HALF, THROTTLED, Rule, Script

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
READS = (
    "batch.DescribeComputeEnvironments",
    "batch.DescribeJobQueues",
    "dynamodb.DescribeContinuousBackups",
    "dynamodb.DescribeTable",
    "dynamodb.DescribeTimeToLive",
    "dynamodb.ListTagsOfResource",
    "ec2.DescribeSecurityGroups",
    "ec2.DescribeVpcEndpoints",
    "ecr.DescribeRepositories",
    "ecr.GetLifecyclePolicy",
    "ecr.GetRepositoryPolicy",
    "ecr.ListTagsForResource",
    "iam.GetAccountAuthorizationDetails",
    "iam.GetInstanceProfile",
    "iam.ListInstanceProfiles",
    "iam.ListRoles",
    "logs.DescribeLogGroups",
    "logs.ListTagsForResource",
    "resourcegroupstaggingapi.GetResources",
    "s3.GetBucketEncryption",
    "s3.GetBucketLifecycleConfiguration",
    "s3.GetBucketOwnershipControls",
    "s3.GetBucketPolicy",
    "s3.GetBucketTagging",
    "s3.GetBucketVersioning",
    "s3.GetPublicAccessBlock",
    "s3.HeadBucket",
)
BY_SERVICE = [list(operations) for _, operations in groupby(READS, key=lambda name: name.split(".")[0])]
ROUNDS = [tuple(filter(None, operations)) for operations in zip_longest(*BY_SERVICE)]
SAID = {
    # Service, or the one operation whose answers have no body to say more in → what mfinfra tells of it.
    "throttled": {
        "": "failed with `ThrottlingException`",
        "HeadBucket": "failed with `503`",
        "batch": "failed with `TooManyRequestsException`",
        "ec2": "failed with `RequestLimitExceeded`",
        "iam": "failed with `Throttling`",
        "resourcegroupstaggingapi": "failed with `ThrottledException`",
        "s3": "failed with `SlowDown`",
    },
    "broken": {
        "": "failed with `InternalFailure`",
        "HeadBucket": "failed with `500`",
        "batch": "failed with `ServerException`",
        "dynamodb": "failed with `InternalServerError`",
        "ec2": "failed with `InternalError`",
        "ecr": "failed with `ServerException`",
        "iam": "failed with `ServiceFailure`",
        "resourcegroupstaggingapi": "failed with `InternalServiceException`",
        "s3": "failed with `InternalError`",
    },
    "cut": {"": "got no usable answer"},
    "half": {"": "got no usable answer"},
}


@pytest.fixture(scope="module")
def settled(embedded, tmp_path_factory):
    """The guide's stack, applied; no test here may change it."""
    embedded.reset(transition_polls=0)
    stack = Stack(embedded, tmp_path_factory.mktemp("settled"))
    stack.apply(SANDBOX)
    yield stack
    embedded.reset()


@pytest.fixture
def struck(settled, no_back_off, monkeypatch):
    """Applies the stack while each request of some operations meets a fault, and says what is raised."""
    # How long each trouble is waited out is told elsewhere: here it ends after botocore's own tries.
    monkeypatch.setattr(retry, "pauses", lambda _window: [])
    settled.operations.clear()

    def apply(operations, fault):
        settled.server.faults = script = Script(Rule(operations, fault, times=None))
        with pytest.raises(Exception) as caught:  # noqa: PT011  which one it is, each test says
            settled.apply(SANDBOX)
        assert {event.name for event in script.struck} == {*operations.split()}
        assert not any(event.request.writes for event in script.log)
        return caught.value

    yield apply
    settled.server.faults = None


def test_these_are_all_the_reads_of_a_plan(settled):
    settled.operations.clear()
    assert changed(settled.plan(SANDBOX)) == {}
    assert tuple(sorted(set(settled.operations))) == READS


@pytest.mark.parametrize("operation", READS)
def test_a_read_that_is_denied_never_becomes_a_create(struck, operation):
    error = struck(operation, DENIED)
    service, name = operation.split(".")
    assert type(error) is AccessDenied
    assert (error.service, error.operation) == (service, name)
    assert f"`{action_of(service, name)}`" in error.hint


def test_no_read_stands_in_two_rounds_and_all_are_in_one():
    assert sorted(name for operations in ROUNDS for name in operations) == list(READS)


@pytest.mark.parametrize("operations", ROUNDS, ids=lambda names: names[0])
@pytest.mark.parametrize("fault", [THROTTLED, BROKEN, CUT, HALF], ids=lambda fault: fault.name)
def test_a_read_that_fails_for_ever_never_becomes_a_create(struck, fault, operations):
    """One of each service at a time: every one of them is told, none is taken for an answer.

    botocore itself takes half a document of JSON for an empty answer: there is no queue, no table, no tag.
    """
    error = struck(" ".join(operations), fault)
    assert isinstance(error, UserError)
    assert told(error) >= {said(operation, fault) for operation in operations}


def said(operation, fault):
    """How mfinfra begins to tell of it."""
    service, name = operation.split(".")
    words = SAID[fault.name]
    return f"`{service}:{name}` {words.get('HeadBucket' if name == 'HeadBucket' else service) or words['']}"


def told(error):
    """The beginning of each sentence that an error tells."""
    sentences = "\n".join([str(error), error.hint or ""]).replace("also: ", "").splitlines()
    return {sentence.split(": ")[0] for sentence in sentences}
