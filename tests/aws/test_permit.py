"""A writing call is sent only while the run may write: asked before each attempt, botocore's own repetitions too."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mfinfra.aws import session
from mfinfra.aws.clock import Clock
from mfinfra.aws.session import Aws
from mfinfra.errors import LostLock
from mfinfra.model import Call, Scope

WRITE = Call("logs", "CreateLogGroup", {"logGroupName": "g"})
PROPAGATING = b'{"__type": "OperationAbortedException"}'


class Refusing(BaseHTTPRequestHandler):
    """Answers each request with the next status and body of its server's `answers`."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        status, body = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.asked, server.answers = 0, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def aws(service, permit=None):
    made = session.isolated_session("key", "secret")
    endpoint = f"http://127.0.0.1:{service.server_port}"
    return Aws(made, Scope("e", "123456789012", "us-east-1"), endpoint, clock=Clock(0.0), permit=permit)


def after(times):
    """A permit that is withdrawn once it was given `times` times."""
    left = [times]

    def permit():
        left[0] -= 1
        if left[0] < 0:
            raise LostLock("taken over")

    return permit


def write(aws):
    return aws.write(WRITE, lambda why, seconds: None)


def test_promise_10_nothing_is_sent_without_a_permit(service):
    with pytest.raises(LostLock):
        write(aws(service, after(0)))
    assert service.asked == 0


@pytest.mark.parametrize("refusal", [(500, b"{}"), (400, PROPAGATING)], ids=["botocore repeats", "we repeat"])
def test_promise_10_no_repetition_is_sent_when_the_permit_is_withdrawn_meanwhile(service, refusal):
    service.answers = [refusal] * 6
    with pytest.raises(LostLock):
        write(aws(service, after(2)))
    assert service.asked == 1


def test_with_a_permit_a_call_is_repeated_until_it_succeeds(service):
    service.answers = [(500, b"{}"), (400, PROPAGATING), (200, b"{}")]
    write(aws(service, after(9)))
    assert service.asked == 3


def test_a_permit_may_send_requests_of_its_own_and_reads_need_none(service):
    service.answers = [(200, b"{}")] * 4
    asking = aws(service)

    def permit():
        asking.send(WRITE)

    asking.permit = permit
    write(asking)
    assert service.asked == 3, "asked once by `write` and once by botocore, and sent"
    asking.permit = after(0)
    asking.ask(Call("logs", "DescribeLogGroups"))
    assert service.asked == 4


def test_the_permit_of_one_thread_is_not_asked_in_another(service):
    service.answers = [(200, b"{}")] * 2
    asking, others = aws(service), []

    def permit():
        other = threading.Thread(target=lambda: others.append(asking.send(WRITE)))
        other.start()
        other.join()
        raise LostLock("taken over")

    asking.permit = permit
    with pytest.raises(LostLock):
        write(asking)
    assert (service.asked, len(others)) == (1, 1)
