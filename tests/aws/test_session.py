"""The right account, the right endpoint, and a sandbox that knows nothing of the user's."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import Mock

import pytest
from botocore.exceptions import CredentialRetrievalError

from mfinfra.aws import session
from mfinfra.aws.calls import Answer
from mfinfra.aws.clock import Clock
from mfinfra.aws.session import Aws
from mfinfra.errors import Refused, UserError
from mfinfra.model import Access, Call, Scope

SCOPE = Scope("test", "123456789012", "us-east-1")
CHINA = Scope("test", "123456789012", "cn-north-1")
USER = "arn:aws:iam::123456789012:user/u"
LOG_GROUPS = Call("logs", "DescribeLogGroups", paginate=True)


class Emulator(BaseHTTPRequestHandler):
    """Answers STS and Logs; what it was asked stands in its server's `asked`."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.headers.get("X-Amz-Target") or body, dict(self.headers)))
        if self.headers.get("X-Amz-Target"):
            answer = json.dumps({"logGroups": []})
        else:
            account = self.server.account
            answer = f"<R><GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/u</Arn><Account>{account}</Account>"
            answer += "<UserId>x</UserId></GetCallerIdentityResult><AssumeRoleResult><Credentials><AccessKeyId>ASSUMED"
            answer += "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
            answer += "2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></R>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *args):
        """Nothing: a test reads `asked`."""


@pytest.fixture
def emulator():
    with ThreadingHTTPServer(("127.0.0.1", 0), Emulator) as server:
        server.account, server.asked = "123456789012", []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def environ(monkeypatch, tmp_path):
    """The variables of a user with keys, and no files."""
    for name in session.foreign_endpoints():
        monkeypatch.delenv(name)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "USERS", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return monkeypatch


def asked(emulator):
    return [what.partition("&")[0] for what, _ in emulator.asked]


def key_used(emulator, index=-1):
    return emulator.asked[index][1]["Authorization"].partition("Credential=")[2].partition("/")[0]


def test_promise_9_who_we_are_is_the_first_question(emulator):
    aws = session.connect(Access(endpoint=emulator.url), SCOPE)
    aws.ask(LOG_GROUPS)

    assert asked(emulator) == ["Action=GetCallerIdentity", "Logs_20140328.DescribeLogGroups"]
    assert aws.caller == USER


@pytest.mark.parametrize(
    ("scope", "account", "words", "setting"),
    [
        (SCOPE, "210987654321", ["210987654321", "123456789012"], "`account:`"),
        (CHINA, "123456789012", ["`aws`", "`aws-cn`"], "`region:`"),
    ],
    ids=["another account", "another partition"],
)
def test_promise_9_another_account_or_partition_is_refused_first(scope, account, words, setting, emulator):
    emulator.account = account
    with pytest.raises(Refused) as caught:
        session.connect(Access(endpoint=emulator.url), scope)

    assert (caught.value.exit_code, caught.value.code) == (3, "MF4001")
    assert all(word in caught.value.message for word in words)
    assert setting in caught.value.hint
    assert asked(emulator) == ["Action=GetCallerIdentity"]


ENDPOINT = "http://127.0.0.1:4566"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"])
def test_promise_9_an_endpoint_that_only_the_environment_names_is_refused_for_writes(name, monkeypatch):
    monkeypatch.setenv(name, ENDPOINT)
    with pytest.raises(Refused) as caught:
        session.guard_endpoints(Access())

    assert (caught.value.exit_code, caught.value.code) == (3, "MF4004")
    assert name in caught.value.message
    assert ENDPOINT in caught.value.message


@pytest.mark.parametrize(
    ("access", "environ"),
    [
        (Access(), {}),
        (Access(), {"AWS_ENDPOINT_URL": ""}),
        (Access(), {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"}),
        (Access(endpoint=ENDPOINT), {"AWS_ENDPOINT_URL": ENDPOINT}),
        (Access(endpoint="sandbox"), {"AWS_ENDPOINT_URL": ENDPOINT}),
    ],
    ids=["none", "empty", "ignored", "the file's own", "the sandbox"],
)
def test_an_endpoint_that_changes_nothing_is_no_obstacle(access, environ):
    session.guard_endpoints(access, environ)


@pytest.mark.parametrize(("said", "told"), [("true", []), ("TRUE", []), ("", ["AWS_ENDPOINT_URL_S3"])])
def test_what_boto3_ignores_is_not_warned_of(said, told):
    environ = {"AWS_ENDPOINT_URL_S3": ENDPOINT, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": said}

    assert list(session.foreign_endpoints(environ)) == told


def test_the_file_names_the_endpoint_and_the_environment_does_not(emulator, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LOGS", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    session.connect(Access(endpoint=emulator.url), SCOPE).ask(LOG_GROUPS)

    assert len(emulator.asked) == 2


def test_a_role_is_assumed_at_the_file_s_endpoint_and_used_from_then_on(emulator, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    role = {"arn": "arn:aws:iam::123456789012:role/r", "external_id": "e-1"}
    session.connect(Access(endpoint=emulator.url, assume_role=role), SCOPE).ask(LOG_GROUPS)

    assert asked(emulator)[:2] == ["Action=AssumeRole", "Action=GetCallerIdentity"]
    assert "ExternalId=e-1" in emulator.asked[0][0]
    assert [key_used(emulator, index) for index in range(3)] == ["USERS", "ASSUMED", "ASSUMED"]


def test_two_runs_are_the_same_caller_so_that_their_plans_are_equal(emulator):
    access = Access(endpoint=emulator.url, assume_role={"arn": "arn:aws:iam::123456789012:role/r"})
    for _ in range(2):
        session.connect(access, Scope("e" * 100, "123456789012", "us-east-1"))

    assert emulator.asked[0][0] == emulator.asked[2][0]
    name = emulator.asked[0][0].partition("RoleSessionName=")[2].partition("&")[0]
    assert len(name) == 64


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1:4566", "http://example.com", "HTTP://example.com", "http://127.0.0.1.nip.io"]
)
def test_promise_9_plain_http_beyond_this_machine_is_refused(url):
    with pytest.raises(Refused) as caught:
        session.connect(Access(endpoint=url), SCOPE)

    assert (caught.value.exit_code, caught.value.code) == (3, "MF4005")


@pytest.mark.parametrize(
    ("url", "pace"),
    [("http://localhost:4566", session.SANDBOX_PACE), ("http://[::1]:4566", session.SANDBOX_PACE), ("https://x", 1.0)],
)
def test_pauses_are_shortened_on_this_machine_only(url, pace, monkeypatch):
    monkeypatch.setattr(session, "perform", lambda client, call: Answer({"Arn": USER, "Account": SCOPE.account}))
    aws = session.connect(Access(endpoint=url), SCOPE)

    assert (aws.endpoint, aws.clock.pace) == (url, pace)


@pytest.fixture
def traps(monkeypatch, tmp_path):
    """Everything of the user's that could lead a sandbox run astray."""
    (tmp_path / "config").write_text("[profile p]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:1\n[broken")
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = FILES\naws_secret_access_key = x\n")
    for name, value in {
        "AWS_PROFILE": "missing", "AWS_DEFAULT_PROFILE": "missing", "AWS_ACCESS_KEY_ID": "USERS",
        "AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1",
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_MAX_ATTEMPTS": "nonsense",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def test_promise_9_a_sandbox_session_knows_nothing_of_the_user_s(emulator, traps):
    aws = Aws(session.isolated_session("FAKE", "fake"), SCOPE, emulator.url, sandbox=True)
    aws.ask(LOG_GROUPS)
    ((_, headers),) = emulator.asked

    assert "Credential=FAKE/" in headers["Authorization"]
    assert "/us-east-1/logs/" in headers["Authorization"]
    assert "X-Amz-Security-Token" not in headers


def test_a_profile_that_is_not_there_is_the_user_s_to_mend():
    with pytest.raises(UserError, match="nobody") as caught:
        session.connect(Access(profile="nobody"), SCOPE)

    assert (caught.value.code, caught.value.exit_code) == ("MF3003", 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CredentialRetrievalError(provider="process", error_msg="x"), "MF3003"),
        (ValueError("Invalid endpoint: x"), "MF3004"),
    ],
)
def test_promise_15_a_client_that_cannot_be_made_is_an_error_that_the_user_can_mend(error, code):
    class Broken:
        def client(self, *args, **others):
            raise error

    with pytest.raises(UserError) as caught:
        Aws(Broken(), SCOPE).ask(LOG_GROUPS)

    assert caught.value.code == code


def test_a_client_is_made_once_for_all_threads():
    made = []

    class Counted:
        def client(self, service, **others):
            made.append((service, others["region_name"]))
            return Mock()

    aws = Aws(Counted(), SCOPE, clock=Clock())
    threads = [threading.Thread(target=aws.client, args=(name,)) for name in ("s3", "iam") * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(made) == [("iam", "us-east-1"), ("s3", "us-east-1")]


def aws_of(tmp_path, monkeypatch, config):
    (tmp_path / "config").write_text(config, "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    made = session.Aws(session._session(Access(), SCOPE), SCOPE)
    made.client("sts"), made.client("s3")
    return made


def test_promise_9_an_endpoint_in_the_profile_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    aws = aws_of(tmp_path, monkeypatch, "[default]\nendpoint_url = http://127.0.0.1:9\n")
    with pytest.raises(Refused, match=r"sends `s3` to `http://127\.0\.0\.1:9`"):
        session.guard_destination(aws)


def test_promise_9_where_is_going_to_be_written_nothing_is_sent_to_an_endpoint_of_the_profile(
    emulator, tmp_path, monkeypatch
):
    (tmp_path / "config").write_text(f"[default]\nendpoint_url = {emulator.url}\n", "utf-8")
    session.connect(Access(), SCOPE)
    emulator.asked.clear()
    with pytest.raises(Refused, match="sends `sts` to") as caught:
        session.connect(Access(), SCOPE, writes=True)

    assert (caught.value.code, emulator.asked) == ("MF4004", [])
    assert "`endpoint_url`" in caught.value.hint


def test_promise_9_awss_own_endpoints_are_no_strange_destination(tmp_path, monkeypatch):
    aws = aws_of(tmp_path, monkeypatch, "[default]\nuse_dualstack_endpoint = true\n")
    assert all(url.endswith((".amazonaws.com", ".api.aws")) for url in aws.destinations().values())
    session.guard_destination(aws)
