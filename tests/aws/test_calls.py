"""One call carried out by a real botocore client whose answers are stubbed."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError
from botocore.session import Session
from botocore.stub import Stubber

from mfinfra.aws import calls
from mfinfra.errors import AccessDenied, AwsError, Unreachable, UserError
from mfinfra.model import Address, Call, Ref

ROLE = {"Path": "/", "RoleName": "r", "RoleId": "A" * 16, "Arn": "arn:aws:iam::123456789012:role/r", "CreateDate": 0}
QUESTION = Call("iam", "GetRole", {"RoleName": "r"})


@pytest.fixture(scope="module")
def made():
    session = Session()
    session.set_credentials("key", "secret")
    return {name: session.create_client(name, region_name="us-east-1") for name in ("iam", "logs", "ec2")}


@pytest.fixture
def stubbed(made):
    """`stubbed(service)` is the client and its stub."""
    stubs = []

    def stub(service):
        stubs.append(Stubber(made[service]))
        stubs[-1].activate()
        return made[service], stubs[-1]

    yield stub
    for each in stubs:
        each.deactivate()


def refused(stubbed, call, code, message="no", status=400):
    client, stub = stubbed(call.service)
    operation = {"GetRole": "get_role", "DescribeLogGroups": "describe_log_groups"}[call.operation]
    stub.add_client_error(operation, code, message, status, response_meta={"RequestId": "r-1"})
    return calls.perform(client, call)


def test_an_answer_is_its_members_and_the_request_id(stubbed):
    client, stub = stubbed("iam")
    metadata = {"RequestId": "r-1", "HTTPStatusCode": 200}
    stub.add_response("get_role", {"Role": ROLE, "ResponseMetadata": metadata}, {"RoleName": "r"})
    answer = calls.perform(client, QUESTION)

    assert answer == calls.Answer({"Role": ROLE}, "r-1")


def test_promise_14_what_comes_back_is_inert(stubbed):
    client, stub = stubbed("iam")
    stub.add_response("get_role", {"Role": {**ROLE, "Description": "\x1b[2J\u202e"}})

    assert calls.perform(client, QUESTION).document["Role"]["Description"] == "\\u001b[2J\\u202e"


def test_all_pages_are_read_and_joined(stubbed):
    client, stub = stubbed("logs")
    asked = {"logGroupIdentifiers": ["a", "b"]}
    stub.add_response("describe_log_groups", {"logGroups": [{"logGroupName": "a"}], "nextToken": "t"}, asked)
    stub.add_response("describe_log_groups", {"logGroups": [{"logGroupName": "b"}]}, {**asked, "nextToken": "t"})
    answer = calls.perform(client, Call("logs", "DescribeLogGroups", asked, paginate=True))

    assert answer.document == {"logGroups": [{"logGroupName": "a"}, {"logGroupName": "b"}]}
    stub.assert_no_pending_responses()


def test_an_operation_that_has_no_pages_is_asked_once_even_so(stubbed):
    client, stub = stubbed("iam")
    stub.add_response("get_role", {"Role": ROLE})

    assert calls.perform(client, Call("iam", "GetRole", {"RoleName": "r"}, paginate=True)).document == {"Role": ROLE}


@pytest.mark.parametrize(
    ("expected", "code", "message", "document"),
    [
        ({"absent": ("NoSuchEntity",)}, "NoSuchEntity", "x", None),
        ({"fine": ("NoSuchEntity",)}, "NoSuchEntity", "x", {}),
        ({"absent": ("ClientException: does not exist",)}, "ClientException", "r Does Not Exist.", None),
        ({"fine": ("A", "B: nothing to do")}, "B", "there is nothing to do", {}),
    ],
)
def test_a_code_that_the_call_expects_is_an_answer(expected, code, message, document, stubbed):
    answer = refused(stubbed, Call("iam", "GetRole", {"RoleName": "r"}, **expected), code, message)

    assert answer == calls.Answer(document, "r-1")


@pytest.mark.parametrize(
    ("expected", "code", "message"),
    [
        ((), "NoSuchEntity", "x"),
        (("NoSuchEntity",), "NoSuchEntityException", "x"),
        (("NoSuchEntity",), "Throttling", "NoSuchEntity"),
        (("ClientException: does not exist",), "ClientException", "internal error"),
        (("NoSuchEntity",), "AccessDenied", "x"),
        (("NoSuchEntity",), "ServiceFailure", "x"),
    ],
)
@pytest.mark.parametrize("paginate", [False, True])
def test_promise_15_any_other_error_is_raised(expected, code, message, paginate, stubbed):
    call = Call("logs", "DescribeLogGroups", absent=expected, fine=expected, paginate=paginate)
    with pytest.raises(AwsError) as caught:
        refused(stubbed, call, code, message)

    error = caught.value
    assert (error.service, error.operation, error.aws_code, error.message) == (
        "logs", "DescribeLogGroups", code, message,
    )  # fmt: skip
    assert (error.request_id, error.status) == ("r-1", 400)
    assert all(part in str(error) for part in ("logs:DescribeLogGroups", code, message, "r-1"))


@pytest.mark.parametrize("code", sorted(calls.DENIED))
def test_promise_15_a_denied_read_names_the_missing_permission(code, stubbed):
    with pytest.raises(AccessDenied) as caught:
        refused(stubbed, QUESTION, code, "", 403)

    assert caught.value.hint == "the caller needs the permission `iam:GetRole`"
    assert caught.value.code == "MF3001"
    assert "access denied" in str(caught.value)


@pytest.mark.parametrize("code", sorted(calls.EXPIRED))
def test_expired_credentials_say_what_to_do(code, stubbed):
    with pytest.raises(AwsError) as caught:
        refused(stubbed, QUESTION, code)

    assert caught.value.code == "MF3002"
    assert "log in again" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "Signature expired: 20251130T204723Z is now earlier than 20260119T133514Z (…)"),
        (
            "InvalidSignatureException",
            "Signature not yet current: 20301206T194311Z is still later than 20260105T194814Z",
        ),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ],
)
def test_a_clock_that_is_wrong_is_said_to_be(code, message, stubbed):
    with pytest.raises(AwsError) as caught:
        refused(stubbed, QUESTION, code, message, 403)

    assert "clock" in caught.value.hint
    assert caught.value.code == "MF3000"


def test_promises_13_and_14_an_error_text_is_inert_and_tells_no_secret(stubbed):
    with pytest.raises(AwsError) as caught:
        refused(stubbed, QUESTION, "SignatureDoesNotMatch", "\x1b[31m X-Amz-Security-Token: abc AKIAIOSFODNN7EXAMPLE")

    assert caught.value.message == "\\u001b[31m X-Amz-Security-Token: [redacted] [redacted]"


def unsuccessful(*rows):
    return {"Unsuccessful": [{"ResourceId": "vpce-1", "Error": row} for row in rows]}


DELETE = Call(
    "ec2", "DeleteVpcEndpoints", {"VpcEndpointIds": ["vpce-1"]},
    absent=("InvalidVpcEndpointId.NotFound",), failures="Unsuccessful[].Error",
)  # fmt: skip


def test_a_failure_inside_a_successful_answer_is_a_failure(stubbed):
    client, stub = stubbed("ec2")
    stub.add_response("delete_vpc_endpoints", unsuccessful({"Code": "InvalidParameter", "Message": "no \x1b"}))
    with pytest.raises(AwsError, match="no") as caught:
        calls.perform(client, DELETE)

    assert (caught.value.aws_code, caught.value.message) == ("InvalidParameter", "no \\u001b")


@pytest.mark.parametrize(
    "answer", [{}, unsuccessful(), unsuccessful({"Code": "InvalidVpcEndpointId.NotFound", "Message": "gone"})]
)
def test_no_failure_inside_or_one_that_the_call_expects_is_success(answer, stubbed):
    client, stub = stubbed("ec2")
    stub.add_response("delete_vpc_endpoints", answer)

    assert calls.perform(client, DELETE).document == answer


class Mute:
    """A client that cannot send."""

    def __init__(self, error):
        self.error = error

    def get_role(self, **params):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoCredentialsError(), "MF3003"),
        (CredentialRetrievalError(provider="process", error_msg="x"), "MF3003"),
        (UnauthorizedSSOTokenError(), "MF3002"),
        (SSOTokenLoadError(error_msg="x"), "MF3002"),
        (EndpointConnectionError(endpoint_url="https://iam"), "MF3004"),
        (ConnectTimeoutError(endpoint_url="https://iam"), "MF3004"),
        (ReadTimeoutError(endpoint_url="https://iam"), "MF3004"),
        (ConnectionClosedError(endpoint_url="https://iam"), "MF3004"),
        (ResponseParserError("not XML"), "MF3004"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_promise_15_what_gets_no_answer_is_an_error_that_the_user_can_mend(error, code):
    with pytest.raises(UserError) as caught:
        calls.perform(Mute(error), Call("iam", "GetRole", absent=("NoSuchEntity",), fine=("NoSuchEntity",)))

    assert caught.value.code == code
    assert caught.value.hint
    assert not caught.value.message.endswith(".")


@pytest.mark.parametrize("status", [400, 502])
def test_an_error_that_cannot_be_read_is_no_refusal(status, stubbed):
    """An answer that was cut off, or the page of a proxy: botocore makes a code of its status."""
    with pytest.raises(Unreachable) as caught:
        refused(stubbed, QUESTION, str(status), '{"__type": "ResourceNotF', status)
    assert caught.value.code == "MF3004"


@pytest.mark.parametrize(
    ("metadata", "status", "doubtful"), [({}, 400, False), ({"RetryAttempts": 1}, 400, True), ({}, 500, True)]
)
def test_promise_3_a_refusal_after_another_try_or_a_breakdown_is_doubtful(metadata, status, doubtful, stubbed):
    client, stub = stubbed("iam")
    stub.add_client_error("get_role", "NoSuchEntity", "no", status, response_meta=metadata)
    with pytest.raises(AwsError) as caught:
        calls.perform(client, QUESTION)
    assert caught.value.doubtful == doubtful


def test_a_call_that_botocore_refuses_is_a_bug_of_ours(made):
    with pytest.raises(ParamValidationError):
        calls.perform(made["iam"], Call("iam", "GetRole", {"Wrong": 1}))


def test_a_call_with_an_unfilled_reference_is_never_sent(made):
    with pytest.raises(AssertionError, match=r"before \['role.r.name'\] were known"):
        calls.perform(made["iam"], Call("iam", "GetRole", {"RoleName": Ref(Address("role", "r"), "name")}))
