"""Every refusal that the proxy makes up, as botocore's own parsers read it."""

from __future__ import annotations

import http.client

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from mfinfra.sandbox import network
from mfinfra.sandbox.faults import BROKEN, DENIED, EXPIRED, THROTTLED, UNAVAILABLE, Rule, Script, refused

pytestmark = pytest.mark.slow

CALLS = {
    "batch": ("DescribeJobQueues", {}),
    "dynamodb": ("DescribeTable", {"TableName": "t"}),
    "ec2": ("DescribeVpcEndpoints", {}),
    "ecr": ("DescribeRepositories", {}),
    "ecs": ("ListClusters", {}),
    "iam": ("ListRoles", {}),
    "kms": ("ListKeys", {}),
    "logs": ("DescribeLogGroups", {}),
    "resourcegroupstaggingapi": ("GetResources", {}),
    "s3": ("GetBucketPolicy", {"Bucket": "some-bucket"}),
    "sts": ("GetCallerIdentity", {}),
}
THROTTLES = {
    "batch": ("TooManyRequestsException", 429),
    "dynamodb": ("ThrottlingException", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "ecr": ("ThrottlingException", 400),
    "ecs": ("ThrottlingException", 400),
    "iam": ("Throttling", 400),
    "kms": ("ThrottlingException", 400),
    "logs": ("ThrottlingException", 400),
    "resourcegroupstaggingapi": ("ThrottledException", 400),
    "s3": ("SlowDown", 503),
    "sts": ("Throttling", 400),
}
DENIALS = {
    "batch": ("AccessDeniedException", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "iam": ("AccessDenied", 403),
    "s3": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
}
EXPIRIES = {
    "batch": ("ExpiredTokenException", 403),
    "ec2": ("RequestExpired", 400),
    "iam": ("ExpiredToken", 403),
    "s3": ("ExpiredToken", 400),
    "sts": ("ExpiredToken", 403),
}
FAILURES = {
    "batch": "ServerException",
    "dynamodb": "InternalServerError",
    "ec2": "InternalError",
    "ecr": "ServerException",
    "ecs": "ServerException",
    "iam": "ServiceFailure",
    "kms": "KMSInternalException",
    "logs": "InternalFailure",
    "resourcegroupstaggingapi": "InternalServiceException",
    "s3": "InternalError",
    "sts": "InternalFailure",
}


def client(embedded, service):
    return boto3.client(
        service,
        endpoint_url=embedded.endpoint,
        region_name=network.REGION,
        aws_access_key_id=network.ACCESS_KEY_ID,
        aws_secret_access_key=network.SECRET_ACCESS_KEY,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="module")
def clients(embedded):
    made = {service: client(embedded, service) for service in CALLS}
    yield made
    for each in made.values():
        each.close()


def outcome(embedded, clients, service, fault, call=None):
    """Code, status and message of the error in which one request ends."""
    operation, parameters = call or CALLS[service]
    embedded.reset()
    embedded.faults = script = Script(Rule(f"{service}.{operation}", fault))
    with pytest.raises(ClientError) as caught:
        getattr(clients[service], xform_name(operation))(**parameters)
    assert [(event.name, event.fault) for event in script.log] == [(f"{service}.{operation}", fault.name)]
    assert script.log[0].status is None, "it was not carried out"
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@pytest.mark.parametrize("service", CALLS)
def test_a_throttle_is_worded_as_the_service_words_it(embedded, clients, service):
    code, status, message = outcome(embedded, clients, service, THROTTLED)
    assert (code, status) == THROTTLES[service]
    assert message


def test_dynamodb_throttles_its_items_with_a_code_of_their_own(embedded, clients):
    call = ("GetItem", {"TableName": "t", "Key": {"k": {"S": "v"}}})
    code, status, message = outcome(embedded, clients, "dynamodb", THROTTLED, call)
    assert (code, status) == ("ProvisionedThroughputExceededException", 400)
    assert message.startswith("The level of configured provisioned throughput")


@pytest.mark.parametrize("service", CALLS)
def test_a_denial_is_worded_as_the_service_words_it_and_names_the_action(embedded, clients, service):
    code, status, message = outcome(embedded, clients, service, DENIED)
    assert (code, status) == DENIALS.get(service, ("AccessDeniedException", 400))
    prefix = {"resourcegroupstaggingapi": "tag"}.get(service, service)
    assert f"is not authorized to perform: {prefix}:{CALLS[service][0]}" in message


@pytest.mark.parametrize("service", CALLS)
def test_credentials_expire_as_the_service_words_it(embedded, clients, service):
    code, status, message = outcome(embedded, clients, service, EXPIRED)
    assert (code, status) == EXPIRIES.get(service, ("ExpiredTokenException", 400))
    assert "expired" in message


@pytest.mark.parametrize("service", CALLS)
def test_a_failure_within_has_the_code_of_the_service(embedded, clients, service):
    assert outcome(embedded, clients, service, BROKEN)[:2] == (FAILURES[service], 500)
    code, status, message = outcome(embedded, clients, service, UNAVAILABLE)
    assert status == 503
    assert "navailable" in code
    assert message


@pytest.mark.parametrize("service", CALLS)
def test_any_refusal_reaches_the_client_letter_by_letter(embedded, clients, service):
    said = outcome(embedded, clients, service, refused("SomeCode", 'a <b> & "c" é d', 409))
    assert said == ("SomeCode", 409, 'a <b> & "c" é d')


@pytest.mark.parametrize("service", CALLS)
def test_a_code_of_the_model_is_raised_as_the_models_exception(embedded, clients, service):
    """A code that botocore's model has must be the wire code, and not the name of the class."""
    for fault in (THROTTLED, BROKEN, UNAVAILABLE, DENIED, EXPIRED):
        code = outcome(embedded, clients, service, fault)[0]
        shapes = clients[service].meta.service_model.error_shapes
        wire = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
        names = {shape.name for shape in shapes} - wire
        assert code not in names, f"{code} is a class of botocore, {service} says another word"


def test_a_head_is_refused_with_a_status_alone(embedded, clients):
    said = outcome(embedded, clients, "s3", DENIED, ("HeadBucket", {"Bucket": "some-bucket"}))
    assert said == ("403", 403, "Forbidden")


def test_every_answer_is_one_of_http_and_keeps_the_connection(embedded):
    embedded.reset()
    embedded.faults = Script(Rule("*", THROTTLED, times=None))
    address = embedded.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address)
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.status == 400
        assert b"<Code>Throttling</Code>" in answer.read()
    connection.close()
    embedded.faults = None
