"""What keeps one out of AWS: real profiles and token caches, and what STS says; each with the command that mends it."""

from __future__ import annotations

import json
import threading
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import Mock

import botocore.credentials
import botocore.exceptions
import botocore.tokens
import pytest
from botocore.exceptions import ClientError

from mfinfra import carry, preflight
from mfinfra.aws import calls, entry, linked, profiles, session
from mfinfra.errors import AwsError, Refused, UserError
from mfinfra.model import Access, Call, Scope, Settle

SCOPE = Scope("test", "123456789012", "us-east-1")
START = "https://corp.awsapps.com/start"
CONFIG = f"""\
[profile corp]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = admin
[sso-session corp]
sso_start_url = {START}
sso_region = us-east-1
[profile legacy]
sso_start_url = {START}
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = admin
[profile unfinished]
sso_start_url = {START}
sso_account_id = 123456789012
sso_role_name = admin
[profile lost]
sso_session = nowhere
sso_account_id = 123456789012
sso_role_name = admin
[profile process]
credential_process = /bin/false
[profile empty]
region = eu-west-1
[profile half]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
[profile circle]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = other
[profile other]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = circle
[profile alone]
role_arn = arn:aws:iam::123456789012:role/x
[profile "two words"]
region = us-east-1
"""


@pytest.fixture(autouse=True)
def configuration(monkeypatch, tmp_path):
    """The files of a user with many profiles, and no keys in the environment."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    cache = tmp_path / "cache"
    cache.mkdir()
    # botocore looks up where the home is when it is imported.
    monkeypatch.setattr(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", str(cache))
    monkeypatch.setattr(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", str(cache))
    (tmp_path / "config").write_text(CONFIG)
    return tmp_path


def connected(profile=None):
    with pytest.raises(UserError) as caught:
        session.connect(Access(profile=profile), SCOPE)
    assert not caught.value.message.endswith((".", ": "))
    return caught.value


@pytest.mark.parametrize(
    ("profile", "code", "says", "mends"),
    [
        (None, "MF3003", "no AWS credentials were found", "`export AWS_PROFILE=corp`"),
        (
            "empty",
            "MF3003",
            "no AWS credentials were found in the profile `empty`",
            "`aws configure sso --profile empty`",
        ),
        ("two words", "MF3003", "in the profile `two words`", "`aws configure --profile 'two words'`"),
        ("corp", "MF3002", "nobody is logged in to the SSO", "`aws sso login --profile corp`"),
        ("legacy", "MF3002", "nobody is logged in to the SSO", "`aws sso login --profile legacy`"),
        ("unfinished", "MF3003", "sso_region", "`aws configure sso --profile unfinished`"),
        ("lost", "MF3003", '"nowhere"', "`aws configure sso --profile lost`"),
        ("process", "MF3003", "could not be had", "`aws sts get-caller-identity --profile process`"),
        ("half", "MF3003", "aws_secret_access_key", "`aws configure --profile half`"),
        ("circle", "MF3003", "Infinite loop", "`aws configure sso --profile circle`"),
        ("alone", "MF3003", "source_profile", "`aws configure sso --profile alone`"),
        ("crop", "MF3003", "there is no AWS profile `crop`", "`export AWS_PROFILE=corp`"),
    ],
)
def test_a_profile_that_leads_nowhere_names_the_command_that_mends_it(profile, code, says, mends):
    error = connected(profile)
    assert (error.code, error.exit_code) == (code, 1)
    assert says in error.message
    assert mends in error.hint


@pytest.mark.parametrize(("profile", "name"), [("corp", "corp"), ("legacy", START)])
def test_an_sso_session_that_has_expired_names_the_login(profile, name, configuration):
    token = {"startUrl": START, "region": "us-east-1", "accessToken": "x", "expiresAt": "2020-01-01T00:00:00Z"}
    cached = sha1(name.encode()).hexdigest()
    (configuration / "cache" / f"{cached}.json").write_text(json.dumps(token))
    error = connected(profile)
    assert error.code == "MF3002"
    assert error.message == f"the SSO session of the AWS profile `{profile}` has expired"
    assert error.hint.startswith(f"`aws sso login --profile {profile}`")


def test_the_profile_of_the_environment_is_the_one_that_is_named(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "corp")
    assert "`aws sso login --profile corp`" in connected().hint


def test_a_profile_of_the_environment_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "corb")
    error = connected()
    assert error.message == "there is no AWS profile `corb`"
    assert "`export AWS_PROFILE=corp`" in error.hint


def test_without_any_profile_the_commands_that_make_one_are_named(configuration):
    (configuration / "config").unlink()
    error = connected()
    assert error.message == "no AWS credentials were found"
    assert all(command in error.hint for command in ("`aws configure sso`", "`aws configure`"))
    assert "`aws configure list-profiles` shows" in connected("nobody").hint


def test_a_configuration_that_cannot_be_read_is_named(configuration):
    (configuration / "config").write_text("[profile x\n")
    error = connected()
    assert str(configuration / "config") in error.message
    assert profiles.names() == []


@pytest.mark.parametrize(
    ("environ", "profile", "region"),
    [
        ({}, None, None),
        ({}, "empty", "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, None, "eu-north-1"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-1"}, "empty", "eu-north-1"),
    ],
)
def test_the_region_is_that_of_the_environment_or_of_the_profile(environ, profile, region, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert profiles.region(Access(profile=profile)) == region


def test_without_a_region_one_cannot_enter_and_is_told_how_to_name_one():
    with pytest.raises(UserError, match="no AWS region is known") as caught:
        session.enter(Access(profile="corp"), None, "init")
    assert "`export AWS_REGION=us-east-1`" in caught.value.hint
    assert "`aws configure set region us-east-1 --profile corp`" in caught.value.hint


def error_of(code, message, operation, status=403):
    metadata = {"HTTPStatusCode": status, "RequestId": "r"}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, operation)


class Refusing:
    """A client whose call ends in an error."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        def send(**_):
            raise self.error

        return send


def refused(call, error, profile="corp"):
    using = Mock(profile_name=profile, region_name="us-east-1", available_profiles=["corp"])
    using.get_available_partitions.return_value = ["aws"]
    using.get_available_regions.return_value = ["us-east-1", "us-west-2"]
    with entry.by(using), pytest.raises(UserError) as caught:
        calls.perform(Refusing(error), call)
    return caught.value


WHO = Call("sts", "GetCallerIdentity")
ROLE = Call("iam", "GetRole", absent=("NoSuchEntity", "AccessDenied"), fine=("ExpiredToken",))
INVALID = "The security token included in the request is invalid."


@pytest.mark.parametrize(
    ("call", "said", "operation", "ours", "mends"),
    [
        (WHO, ("InvalidClientTokenId", INVALID), "", "MF3003", "`aws configure list --profile corp`"),
        (WHO, ("InvalidClientTokenId", INVALID), "", "MF3003", "`aws account enable-region --region-name us-east-1`"),
        (ROLE, ("InvalidClientTokenId", INVALID), "", "MF3003", "`aws configure list --profile corp`"),
        (Call("s3", "ListObjectsV2"), ("InvalidAccessKeyId", "x"), "", "MF3003", "`aws configure list --profile corp`"),
        (
            Call("ec2", "DescribeVpcs"),
            ("AuthFailure", "AWS was not able to validate the provided access credentials"),
            "",
            "MF3003",
            "`aws configure list",
        ),
        (
            WHO,
            ("SignatureDoesNotMatch", "The request signature we calculated does not match"),
            "",
            "MF3003",
            "`aws configure --profile corp`",
        ),
        (
            WHO,
            ("SignatureDoesNotMatch", "Signature expired: 2020 is now earlier than 2026"),
            "",
            "MF3000",
            "the clock of this machine",
        ),
        (
            WHO,
            ("ExpiredToken", "The security token included in the request is expired"),
            "",
            "MF3002",
            "`aws sso login --profile corp`",
        ),
        (WHO, ("AccessDenied", "explicit deny in a service control policy"), "", "MF3001", "a service control policy"),
        (
            WHO,
            ("AccessDenied", "explicit deny in a VPC endpoint policy"),
            "",
            "MF3001",
            "`aws sts get-caller-identity --profile corp`",
        ),
        (
            Call("batch", "DescribeJobQueues"),
            ("SubscriptionRequiredException", "x"),
            "",
            "MF3003",
            "a means of payment",
        ),
        (
            ROLE,
            ("AccessDenied", "User x is not authorized to perform sts:AssumeRole"),
            "AssumeRole",
            "MF3003",
            "trust policy",
        ),
        (
            ROLE,
            ("AccessDenied", "Not authorized"),
            "AssumeRoleWithWebIdentity",
            "MF3003",
            "`sts:AssumeRoleWithWebIdentity`",
        ),
        (
            ROLE,
            ("ForbiddenException", "No access"),
            "GetRoleCredentials",
            "MF3003",
            "`aws configure sso --profile corp`",
        ),
        (ROLE, ("ExpiredToken", "expired"), "AssumeRole", "MF3002", "`aws sso login --profile corp`"),
    ],
)
def test_what_aws_says_of_who_asks_names_what_mends_it(call, said, operation, ours, mends):
    error = refused(call, error_of(*said, operation or call.operation))
    assert error.code == ours
    assert mends in error.hint
    assert isinstance(error, AwsError)
    assert error.operation == (operation or call.operation)


def test_a_refusal_of_the_credentials_is_never_an_answer_to_the_call():
    """What the call takes for "there is none" is said by another operation."""
    assert refused(ROLE, error_of("AccessDenied", "x", "AssumeRole")).code == "MF3003"
    assert calls.perform(Refusing(error_of("AccessDenied", "x", "GetRole")), ROLE).document is None


def test_a_region_that_is_not_reached_may_be_mistyped():
    error = botocore.exceptions.EndpointConnectionError(endpoint_url="https://sts.us-esat-1.amazonaws.com")
    using = Mock(region_name="us-esat-1")
    using.get_available_partitions.return_value = ["aws"]
    using.get_available_regions.return_value = ["us-east-1", "us-west-2"]
    with entry.by(using):
        raised = calls.unreachable(WHO, error)
    assert (raised.code, raised.hint) == ("MF3004", "`us-esat-1` may be no region: did you mean `us-east-1`?")


@pytest.mark.parametrize(
    ("error", "code", "mends"),
    [
        (botocore.exceptions.LoginTokenLoadError(error_msg="x"), "MF3002", "`aws login --profile corp`"),
        (botocore.exceptions.LoginRefreshRequired(), "MF3002", "`aws login --profile corp`"),
        (botocore.exceptions.LoginInsufficientPermissions(), "MF3003", "`signin:CreateOAuth2Token`"),
        (botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="x"), "MF3002", "`aws sso login"),
        (botocore.exceptions.MissingDependencyException(msg="crt"), "MF3003", "`pip install 'botocore[crt]'`"),
        (botocore.exceptions.RefreshWithMFAUnsupportedError(), "MF3002", "asks for it"),
        (botocore.exceptions.MetadataRetrievalError(error_msg="x"), "MF3003", "get-caller-identity"),
        (botocore.exceptions.ConfigNotFound(path="x"), "MF3003", "`aws configure"),
        (botocore.exceptions.NoRegionError(), "MF3003", "`export AWS_REGION=us-east-1`"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_way_in_that_botocore_knows_has_its_words(error, code, mends):
    raised = refused(WHO, error)
    assert raised.code == code
    assert mends in raised.hint


def test_the_names_in_the_table_are_exceptions_of_botocore():
    named = {name for row in entry.TABLE for name in row.names}
    assert named <= {*dir(botocore.exceptions)}


ON_RESOURCE = "not authorized to perform: iam:CreateServiceLinkedRole on resource: arn:aws:iam::1:role/aws-service-role"
SPOT = "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances."
UNLINKED = (
    (f"{ON_RESOURCE}/batch.amazonaws.com/AWSServiceRoleForBatch", "batch"),
    ("not authorized to perform: iam:CreateServiceLinkedRole", "batch"),
    ("Unable to assume the service linked role. Please verify that the ECS service linked role exists.", "ecs"),
    (SPOT, "spot"),
    (f"{ON_RESOURCE}/spotfleet.amazonaws.com/AWSServiceRoleForEC2SpotFleet", "spotfleet"),
    ("The role AWSServiceRoleForBatch does not exist", "batch"),
)


@pytest.mark.parametrize(("message", "service"), UNLINKED, ids=lambda text: text[:20])
@pytest.mark.parametrize("code", ["ClientException", "AccessDeniedException"])
def test_a_service_linked_role_that_is_missing_names_the_command_that_makes_it(message, service, code):
    error = refused(Call("batch", "CreateComputeEnvironment"), error_of(code, message, "CreateComputeEnvironment", 400))
    assert f"`aws iam create-service-linked-role --aws-service-name {service}.amazonaws.com`" in error.hint


@pytest.mark.parametrize("message", ["not authorized to perform: iam:GetRole", "the role x does not exist", ""])
def test_another_role_is_no_service_linked_one(message):
    assert linked.hint(message) is None


@pytest.mark.parametrize(
    ("action", "told"), [("iam:CreateServiceLinkedRole", True), ("iam:CreateRole", False)], ids=["linked", "another"]
)
def test_a_preflight_that_finds_no_right_to_make_the_linked_role_names_the_command(action, told):
    role = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    with pytest.raises(Refused) as caught:
        preflight.refuse(preflight.Preflight((preflight.Denied(action, role),)), "arn:aws:iam::123456789012:user/u")
    assert ("create-service-linked-role --aws-service-name batch.amazonaws.com`" in caught.value.hint) is told


def test_a_wait_that_ends_for_want_of_a_linked_role_names_the_command():
    question = Call("batch", "DescribeComputeEnvironments")
    settle = Settle(question, "status", "waiting", ("VALID",), ("INVALID",), reason="r")
    error = carry.Carrier._bad(None, settle, "INVALID", {"r": UNLINKED[2][0]})
    assert "`aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`" in error.hint


class Sts(BaseHTTPRequestHandler):
    """Says who asks: an account of the server's."""

    def do_POST(self):
        account = self.server.account
        who = f"arn:{self.server.partition}:iam::{account}:user/u"
        answer = f"<R><GetCallerIdentityResult><Arn>{who}</Arn><Account>{account}</Account>"
        answer += "<UserId>x</UserId></GetCallerIdentityResult></R>"
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture
def sts(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with ThreadingHTTPServer(("127.0.0.1", 0), Sts) as server:
        server.account, server.partition = "210987654321", "aws"
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_wrong_account_names_the_profile_that_is_of_the_right_one(sts):
    with pytest.raises(Refused) as caught:
        session.connect(Access(), SCOPE)
    assert (caught.value.code, caught.value.exit_code) == ("MF4001", 3)
    assert "`export AWS_PROFILE=alone`" in caught.value.hint


def test_the_wrong_account_without_such_a_profile_says_how_to_choose(sts, configuration):
    (configuration / "config").write_text("")
    with pytest.raises(Refused) as caught:
        session.connect(Access(), SCOPE)
    assert "`export AWS_PROFILE=NAME`" in caught.value.hint


def test_one_enters_whatever_account_the_credentials_are_of(sts):
    found = session.enter(Access(), "eu-west-1", "dev")
    assert found.scope == Scope("dev", "210987654321", "eu-west-1")
    assert found.caller == "arn:aws:iam::210987654321:user/u"


def test_one_enters_no_region_of_another_partition(sts):
    sts.partition = "aws-us-gov"
    with pytest.raises(Refused, match="partition `aws-us-gov`") as caught:
        session.enter(Access(), "eu-west-1", "dev")
    assert "`--region`" in caught.value.hint
