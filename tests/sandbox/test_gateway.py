import http.client
import json
import logging
import os
import socket
import threading
import urllib.request

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox import corrections, settings
from mfinfra.sandbox.corrections.call import ServiceError
from mfinfra.sandbox.corrections.turning import Turning, settle_after
from mfinfra.sandbox.listener import Listener


def error_of(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_an_operation_that_moto_has_not_is_a_clean_501(sandbox, client_of):
    create = client_of("ecr").create_pull_through_cache_rule
    assert error_of(create, ecrRepositoryPrefix="ab", upstreamRegistryUrl="x") == ("NotImplemented", 501)
    report = client_of("iam").generate_service_last_accessed_details
    assert error_of(report, Arn="arn:aws:iam::123456789012:role/some") == ("NotImplemented", 501)
    filters = [{"Name": "nosuchfilter", "Values": ["x"]}]
    assert error_of(client_of("ec2").describe_vpcs, Filters=filters) == ("NotImplemented", 501)


def test_a_failure_of_the_sandbox_itself_is_told_as_one(sandbox, client_of, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setitem(corrections._by_operation, ("logs", "DescribeLogGroups"), (broken,))
    with caplog.at_level(logging.CRITICAL, logger="mfinfra.sandbox.corrections.gateway"):
        assert error_of(client_of("logs").describe_log_groups) == ("InternalFailure", 500)


def test_the_health_route_tells_who_answers(sandbox):
    with urllib.request.urlopen(f"{sandbox.endpoint}/_mfinfra/health") as answer:
        assert json.load(answer)["sandbox"] == "embedded"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{sandbox.endpoint}/_mfinfra/ghost")
    assert caught.value.code == 404
    caught.value.close()


def test_of_many_callers_one_makes_the_thing(sandbox, client_of):
    logs, batch = client_of("logs"), client_of("batch")
    won = []

    def make():
        try:
            batch.create_compute_environment(computeEnvironmentName="one", type="UNMANAGED")
            logs.create_log_group(logGroupName="one")
            won.append(1)
        except ClientError:
            pass

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_regions_are_apart(sandbox, client_of):
    client_of("logs").create_log_group(logGroupName="here")
    assert client_of("logs", "eu-west-1").describe_log_groups()["logGroups"] == []


def test_a_reset_drops_everything(sandbox, client_of):
    client_of("s3").create_bucket(Bucket="abc")
    client_of("batch").create_compute_environment(computeEnvironmentName="ce", type="UNMANAGED")
    client_of("logs").create_log_group(logGroupName="g")
    client_of("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    sandbox.reset()
    assert client_of("s3").list_buckets()["Buckets"] == []
    assert client_of("batch").describe_compute_environments()["computeEnvironments"] == []
    assert client_of("logs").describe_log_groups()["logGroups"] == []
    assert client_of("iam").list_roles()["Roles"] == []


def test_objects_of_any_name_and_size_pass_unchanged(sandbox, client_of):
    s3 = client_of("s3")
    s3.create_bucket(Bucket="abc")
    body = bytes(range(256)) * 4096
    for key in ("plain", "a//b/../c", "ünï cödé+%2F?&=", "tail/"):
        s3.put_object(Bucket="abc", Key=key, Body=body, Metadata={"a_b": "c"})
        said = s3.get_object(Bucket="abc", Key=key)
        assert (said["Body"].read(), said["Metadata"]) == (body, {"a_b": "c"})


def test_every_correction_says_what_it_restores_and_where_aws_says_so():
    known = corrections.corrections()
    assert len(known) > 60
    for each in known:
        assert each.restores, each.name
        assert each.act.__doc__, each.name
        assert each.aws.startswith("https://docs.aws.amazon.com/"), each.name
        assert each.strict or corrections.corrected(each.service, each.operations[0]), each.name


def test_what_only_a_strict_sandbox_does_stands_around_the_rest_there_and_nowhere_else(sandbox):
    strict = next(each for each in corrections.corrections() if each.strict)
    for operation in strict.operations:
        assert strict.act not in corrections.corrected(strict.service, operation)
    sandbox.reset(late_by=1)
    for operation in strict.operations:
        assert strict.act in corrections.corrected(strict.service, operation)


def test_corrections_stand_in_the_order_of_their_registration():
    heard = []

    def act(name):
        def one(call, forward):
            heard.append(name)
            return forward()

        return one

    said = corrections.apply((act("outer"), act("inner")), None, lambda: {"answer": heard.copy()})
    assert said == {"answer": ["outer", "inner"]}


def test_a_status_turns_after_its_reads_or_its_time(monkeypatch):
    settle_after(2)
    turning = Turning("CREATING", "VALID")
    assert [turning.read() for _ in range(3)] == ["CREATING", "CREATING", "VALID"]
    assert turning.over
    late = Turning("CREATING", "VALID")
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))
    assert late.now == "VALID"
    settle_after(0)


def test_an_error_says_its_code_and_message():
    assert str(ServiceError("Code", "message")) == "Code: message"


def test_the_environment_of_a_client_leads_to_the_sandbox_only():
    said = settings.client_environment("http://127.0.0.1:1", "eu-west-1")
    assert said["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert (said["AWS_REGION"], said["AWS_ACCESS_KEY_ID"]) == ("eu-west-1", "testing")


def test_a_connection_is_kept_for_the_next_call(sandbox):
    connection = http.client.HTTPConnection(sandbox.endpoint.removeprefix("http://"))
    connection.request("GET", "/_mfinfra/health")
    connection.getresponse().read()
    kept = connection.sock
    connection.request("PUT", "/ghost", body=iter([b"ab", b"c" * 70000]), encode_chunked=True)
    assert connection.getresponse().read()
    connection.request("GET", "/_mfinfra/health", headers={"Expect": "100-continue", "X_Spoofed": "1"})
    assert connection.getresponse().status == 200
    assert connection.sock is kept
    connection.close()


@pytest.mark.skipif(os.name != "posix", reason="two servers would have one port there")
def test_a_port_is_free_again_as_soon_as_its_server_has_ended():
    first = Listener(0, lambda *_: [])
    with socket.create_connection(("127.0.0.1", first.server_port)) as client:
        accepted, _ = first.socket.accept()
        first.server_close()
        accepted.close()  # the server's side ends first, and the system remembers the connection for a minute
        assert client.recv(1) == b""
    Listener(first.server_port, lambda *_: []).server_close()


def test_an_answer_that_the_model_has_not_is_a_failure(sandbox, client_of, monkeypatch, caplog):
    def invented(*_):
        return {"logGroups": [{"ghost": 1}]}

    monkeypatch.setitem(corrections._by_operation, ("logs", "DescribeLogGroups"), (invented,))
    with caplog.at_level(logging.CRITICAL, logger="mfinfra.sandbox.corrections.gateway"):
        assert error_of(client_of("logs").describe_log_groups) == ("InternalFailure", 500)
