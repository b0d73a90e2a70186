"""What the proxy does to requests, as a client on the wire sees it."""

from __future__ import annotations

import gzip
import http.client
import time
from threading import Thread

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from mfinfra.sandbox import faults
from mfinfra.sandbox.faults import CUT, DENIED, HALF, LOST, THROTTLED, Faulty, Rule, Script, Upstream, after, late
from mfinfra.sandbox.listener import Listener

pytestmark = pytest.mark.slow


def names(logs):
    return [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]


def test_a_cut_request_is_not_carried_out(embedded, client, capfd):
    logs = client("logs")
    embedded.faults = script = Script(Rule("logs.CreateLogGroup", CUT))
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert names(logs) == []
    assert [(event.fault, event.status) for event in script.log] == [("cut", None), ("", 200)]
    assert capfd.readouterr() == ("", "")


def test_a_request_whose_answer_is_lost_was_carried_out(embedded, client, capfd):
    logs = client("logs")
    embedded.faults = script = Script(Rule("logs.CreateLogGroup", LOST))
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert names(logs) == ["a"]
    assert [(event.name, event.fault, event.status) for event in script.struck] == [
        ("logs.CreateLogGroup", "lost", 200)
    ]
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName="a")
    assert capfd.readouterr() == ("", "")


ASKED = {
    "batch": ("/v1/describejobqueues", {"Content-Type": "application/json"}, b"{}"),
    "dynamodb": ("/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}"),
    "iam": ("/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListRoles&Version=2010-05-08"),
    "ec2": ("/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=DescribeVpcs&Version=2016-11-15"),
}


@pytest.mark.parametrize("service", ASKED)
def test_half_an_answer_tells_its_whole_length_and_ends_before_that(embedded, capfd, service):
    """As seen on the wire: botocore does not compare the length that is told with the one that came."""
    embedded.reset(transition_polls=0)
    embedded.faults = script = Script(Rule("*", HALF))
    path, headers, body = ASKED[service]
    scope = f"AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/{service}/aws4_request"
    connection = http.client.HTTPConnection(embedded.endpoint.removeprefix("http://"))
    connection.request("POST", path, body, headers | {"Authorization": scope})
    answer = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    connection.close()
    assert answer.status == 200
    assert len(caught.value.partial) == int(answer.headers["Content-Length"]) // 2 > 0
    assert [(event.fault, event.status) for event in script.log] == [("half", 200)]
    assert capfd.readouterr() == ("", "")


def test_half_an_answer_without_a_body_is_lost_whole(embedded, client):
    s3 = client("s3")
    s3.create_bucket(Bucket="b-of-a-test")
    embedded.faults = Script(Rule("s3.DeleteBucket s3.HeadBucket", HALF, times=2))
    with pytest.raises(ConnectionClosedError):
        s3.head_bucket(Bucket="b-of-a-test")
    with pytest.raises(ConnectionClosedError):
        s3.delete_bucket(Bucket="b-of-a-test")
    assert s3.list_buckets()["Buckets"] == []


def test_a_late_request_is_carried_out_in_the_end(embedded, client):
    logs = client("logs")
    embedded.faults = Script(Rule("logs.CreateLogGroup", late(0.1)))
    began = time.monotonic()
    logs.create_log_group(logGroupName="a")
    assert time.monotonic() - began >= 0.1
    assert names(logs) == ["a"]


def test_an_act_sees_the_request_carried_out_and_the_client_unanswered(embedded, client):
    logs, seen = client("logs"), []
    embedded.faults = script = Script(
        Rule("writes", after(lambda request, status: seen.append((request.name, status, names(behind)))), skip=1)
    )
    behind = client("logs")
    logs.create_log_group(logGroupName="a")
    assert seen == []
    logs.create_log_group(logGroupName="b")
    assert seen == [("logs.CreateLogGroup", 200, ["a", "b"])]
    assert [event.fault for event in script.log if event.request.writes] == ["", "after"]


def test_an_act_may_hang_up(embedded, client):
    def hang_up(_request, _status):
        raise ConnectionAbortedError

    logs = client("logs")
    embedded.faults = Script(Rule("writes", after(hang_up)))
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert names(logs) == ["a"]


def test_botocore_repeats_what_was_throttled_and_each_repetition_is_logged(embedded, client, no_back_off):
    logs = client("logs", retries={"mode": "standard", "total_max_attempts": 6})
    embedded.faults = script = Script(Rule("logs.*", THROTTLED, times=5))
    logs.create_log_group(logGroupName="a")
    assert [event.fault for event in script.log] == [*["throttled"] * 5, ""]


def test_the_network_is_there_again_after_a_reset(embedded, client):
    embedded.faults = Script(Rule("*", CUT, times=None))
    embedded.reset()
    assert embedded.faults is None
    assert names(client("logs")) == []


def test_what_a_request_is_about_is_found_in_its_url_and_in_its_body(embedded, client):
    s3, iam = client("s3"), client("iam")
    s3.create_bucket(Bucket="b-of-a-test")
    embedded.faults = script = Script(
        Rule("s3.PutObject", DENIED, times=None, about="/b-of-a-test/a key+"),
        Rule("iam.*", DENIED, times=None, about="Description=two words"),
    )
    s3.put_object(Bucket="b-of-a-test", Key="another key", Body=b"x")
    with pytest.raises(ClientError, match="s3:PutObject"):
        s3.put_object(Bucket="b-of-a-test", Key="a key+", Body=b"x")
    with pytest.raises(ClientError, match="iam:CreateRole"):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}", Description="two words")
    assert [event.name for event in script.struck] == ["s3.PutObject", "iam.CreateRole"]


def test_a_service_that_nobody_knows_passes_and_is_matched_as_a_question_mark(embedded):
    asked = {"PATH_INFO": "/", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "0"}
    asked["HTTP_AUTHORIZATION"] = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/nonsense/aws4_request"
    script = Script(Rule("nonsense.*", CUT, skip=1))

    def upstream(_environ, start_response):
        start_response("200 OK", [])
        return [b"fine"]

    said = []
    answer = Faulty(upstream, script)(asked, lambda status, headers: said.append((status, dict(headers))))
    assert b"".join(answer) == b"fine"
    assert said == [("200 OK", {"Content-Length": "4"})]
    assert [event.name for event in script.log] == ["nonsense.?"]
    with pytest.raises(ConnectionError):
        Faulty(upstream, script)(asked, lambda *_: None)


@pytest.fixture
def behind(embedded):
    """The embedded sandbox behind a proxy of its own, as any other emulator would be."""
    proxy = Faulty(Upstream(embedded.endpoint))
    with Listener(0, proxy) as listener:
        serving = Thread(target=listener.serve_forever, args=(0.02,))
        serving.start()
        yield listener.endpoint, proxy
        listener.shutdown()
        serving.join()
        listener.server_close()


def test_any_emulator_can_stand_behind_the_proxy(embedded, client, behind):
    url, proxy = behind
    s3, logs = client("s3", url), client("logs", url)
    body = gzip.compress(b"some text " * 100)
    s3.create_bucket(Bucket="b-of-a-test")
    s3.put_object(Bucket="b-of-a-test", Key="a key/ü+%", Body=body, Metadata={"my_key": "1"}, ContentEncoding="gzip")
    got = s3.get_object(Bucket="b-of-a-test", Key="a key/ü+%")
    assert (got["Body"].read(), got["Metadata"]) == (body, {"my_key": "1"})
    assert s3.head_object(Bucket="b-of-a-test", Key="a key/ü+%")["ContentLength"] == len(body)
    proxy.script = Script(Rule("logs.CreateLogGroup", LOST), Rule("s3.DeleteObject", DENIED))
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert names(client("logs")) == ["a"], "the emulator itself has it"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="b-of-a-test", Key="a key/ü+%")
    s3.delete_object(Bucket="b-of-a-test", Key="a key/ü+%")
    assert "Contents" not in client("s3").list_objects_v2(Bucket="b-of-a-test")
    assert [event.name for event in proxy.script.struck] == ["logs.CreateLogGroup", "s3.DeleteObject"]


def test_an_emulator_that_is_not_there_is_a_cut_connection(client, capfd):
    gone = Listener(0, lambda *_: [])
    gone.server_close()
    with Listener(0, Faulty(Upstream(gone.endpoint))) as listener:
        serving = Thread(target=listener.serve_forever, args=(0.02,))
        serving.start()
        with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
            client("logs", listener.endpoint).describe_log_groups()
        listener.shutdown()
        serving.join()
        listener.server_close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("url", ["https://127.0.0.1:5000", "127.0.0.1:5000", "http://127.0.0.1:5000/path", "http://"])
def test_an_upstream_is_a_place_and_nothing_more(url):
    with pytest.raises(ValueError, match="an emulator is at"):
        Upstream(url)


def test_the_package_exports_what_its_docstring_speaks_of():
    for name in ("Script", "Rule", "Chance", "Upstream", "Faulty", "LOST", "THROTTLED", "DENIED", "after"):
        assert name in faults.__doc__
        assert name in faults.__all__
    assert all(hasattr(faults, name) for name in faults.__all__)
