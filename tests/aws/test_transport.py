"""What botocore does by itself: few tries, within limits, and none that a quota makes vain."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mfinfra.aws import assumed, session, transport
from mfinfra.aws import clock as clocks
from mfinfra.aws.clock import Clock
from mfinfra.aws.session import Aws
from mfinfra.errors import AccessDenied, AwsError, LostLock, Unreachable
from mfinfra.model import Call, Scope

pytestmark = pytest.mark.slow
SCOPE = Scope("e", "123456789012", "us-east-1")
GROUPS = Call("logs", "DescribeLogGroups")
TABLE = Call("dynamodb", "DeleteTable", {"TableName": "table"})
ROLE = {"arn": "arn:aws:iam::123456789012:role/r"}


class Server(BaseHTTPRequestHandler):
    """Answers with what its server's `answers` hold: a status and a document, or `None` for no answer at all."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        self.server.asked.append((body.partition("&")[0], key))
        if "AssumeRole" in body:
            said = self.server.assumed()
        else:
            said = self.server.answers.pop(0) if self.server.answers else (200, "{}")
        if said is None:
            self.connection.close()
            return
        self.send_response(said[0])
        self.send_header("Content-Length", str(len(said[1]) + self.server.torn))
        self.end_headers()
        self.wfile.write(said[1].encode())
        self.close_connection = bool(self.server.torn)

    def finish(self):
        if not self.wfile.closed:
            super().finish()

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):  # it closed the connection itself
            return

    def log_message(self, *args):
        """Nothing."""


def credentials(lasts, number):
    """What AssumeRole answers: the `number`th key, which is good for `lasts` seconds."""
    until = (datetime.now(UTC) + timedelta(seconds=lasts)).strftime("%Y-%m-%dT%H:%M:%SZ")
    inside = f"<AccessKeyId>ASSUMED{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
    inside += f"</SessionToken><Expiration>{until}</Expiration>"
    return 200, f"<R><AssumeRoleResult><Credentials>{inside}</Credentials></AssumeRoleResult></R>"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as made:
        made.asked, made.answers, made.torn = [], [], 0
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def aws(server, **more):
    endpoint = f"http://127.0.0.1:{server.server_port}"
    return Aws(session.isolated_session("key", "secret"), SCOPE, endpoint, clock=Clock(0.0), **more)


def refusal(code, message="no"):
    return (400, json.dumps({"__type": code, "message": message}))


@pytest.mark.parametrize(
    ("message", "times"),
    [
        ("Subscriber limit exceeded: Update to PayPerRequest mode are limited to once in 1 day(s)", 1),
        (
            "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously",
            transport.TRIES,
        ),
    ],
    ids=["a quota", "as many as at once"],
)
def test_a_quota_is_asked_for_once_and_a_limit_that_passes_again(server, message, times):
    server.answers = [refusal("LimitExceededException", message)] * 9
    with pytest.raises(AwsError) as caught:
        aws(server).send(TABLE)
    assert (caught.value.aws_code, len(server.asked)) == ("LimitExceededException", times)


def test_a_reading_outlasts_what_botocore_does_not(server):
    server.answers = [refusal("ThrottlingException")] * 7 + [(503, "{}")] * 4 + [None] * 4
    assert aws(server).ask(GROUPS).document == {}
    assert len(server.asked) == 16


@pytest.mark.parametrize("call", [GROUPS, TABLE, Call("iam", "ListRoles")], ids=str)
def test_promise_15_half_an_answer_is_none_and_no_empty_one(server, call):
    server.torn, server.answers = 9, [(200, '{"logGroups": [')] * 99
    with pytest.raises(Unreachable) as caught:
        aws(server).send(call)
    assert caught.value.code == "MF3004"


@pytest.mark.parametrize("page", ["<html>Please log in</html>", '{"logGroups": [', "null and void"])
def test_promise_15_what_is_no_json_is_no_empty_answer(server, page):
    """botocore would take the page of a hotel's network for a document without any member."""
    server.answers = [(200, page)]
    with pytest.raises(Unreachable):
        aws(server).send(GROUPS)


@pytest.mark.parametrize("body", ["", "{}", '\n {"logGroups": []}\n'])
def test_an_answer_that_says_nothing_is_one(server, body):
    server.answers = [(200, body)]
    assert aws(server).send(GROUPS).document in ({}, {"logGroups": []})


def test_promise_15_a_reading_that_is_denied_is_not_asked_again(server):
    server.answers = [refusal("AccessDeniedException")] * 3
    with pytest.raises(AwsError):
        aws(server).ask(GROUPS)
    assert len(server.asked) == 1


def test_the_first_call_fails_within_seconds_where_there_is_no_network():
    made = Aws(session.isolated_session("key", "secret"), SCOPE, "http://127.0.0.1:9")
    limits = made.client("sts").meta.config
    assert limits.retries["total_max_attempts"] * limits.connect_timeout <= 10
    with pytest.raises(Unreachable) as caught:
        session._guard_account(made)
    assert caught.value.code == "MF3004"


def test_promise_11_a_throttle_of_the_first_call_is_waited_for(server):
    throttled = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
    identity = f"<Arn>arn:aws:iam::{SCOPE.account}:user/u</Arn><Account>{SCOPE.account}</Account>"
    known = f"<R><GetCallerIdentityResult>{identity}</GetCallerIdentityResult></R>"
    server.answers = [(400, throttled)] * 5 + [(200, known)]
    made = aws(server)
    session._guard_account(made)
    assert made.caller.endswith("user/u")


def test_what_waits_for_a_network_ends_when_the_process_does(server):
    server.answers = [None] * 99
    made = aws(server)
    made.clock = Clock(1e6)
    threading.Timer(0.05, clocks.end).start()
    with pytest.raises(Unreachable):
        made.ask(GROUPS)
    assert made.clock.stopped.is_set()


def role(server, lasts):
    numbers = iter(range(1, 99))
    server.assumed = lambda: credentials(lasts, next(numbers))
    source = aws(server)
    return Aws(assumed.session(source, ROLE), SCOPE, source.endpoint, clock=Clock(0.0))


@pytest.mark.parametrize(("lasts", "keys"), [(3600, ["ASSUMED1"] * 2), (60, ["ASSUMED2", "ASSUMED3"])])
def test_a_role_is_assumed_anew_before_its_credentials_expire(server, lasts, keys):
    made = role(server, lasts)
    made.ask(GROUPS)
    made.ask(GROUPS)
    assert [key for body, key in server.asked if "AssumeRole" not in body] == keys


def test_a_role_is_assumed_without_a_permit_which_may_need_it_itself(server):
    made = role(server, 60)
    made.permit = lambda: made.send(GROUPS)
    made.write(GROUPS, lambda why, seconds: None)
    assert server.asked[-1] == ("{}", server.asked[-1][1])

    def lost():
        raise LostLock("taken over")

    made.permit = lost
    with pytest.raises(LostLock):
        made.write(GROUPS, lambda why, seconds: None)


def test_a_role_that_cannot_be_assumed_any_more_ends_the_call_with_the_reason(server):
    made = role(server, 60)

    error = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    server.assumed = lambda: (403, f"<ErrorResponse>{error}</ErrorResponse>")
    with pytest.raises(AccessDenied) as caught:
        made.ask(GROUPS)
    assert caught.value.operation == "AssumeRole"


ONCE = Call("kms", "CreateKey", {"Tags": []}, once=True)


@pytest.mark.parametrize("trouble", [(500, "{}"), None], ids=["a breakdown", "no answer"])
def test_what_aws_would_do_twice_is_not_sent_again_where_nobody_knows_whether_it_took_effect(server, trouble):
    server.answers = [trouble] * 9
    with pytest.raises((AwsError, Unreachable)):
        aws(server).write(ONCE, lambda why, seconds: None)
    assert len(server.asked) == 1


def test_what_aws_would_do_twice_is_sent_again_after_a_throttle(server):
    server.answers = [refusal("ThrottlingException")] * 4
    assert aws(server).write(ONCE, lambda why, seconds: None).document == {}
    assert len(server.asked) == 5
