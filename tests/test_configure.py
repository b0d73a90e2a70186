"""Metaflow's configuration with what only AWS tells: secrets, and ids."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest
from fragments import environment

from mfinfra import configure
from mfinfra.aws import session
from mfinfra.aws.calls import Answer
from mfinfra.errors import Refused, UserError
from mfinfra.metaflow.configuration import Produced
from mfinfra.model import Access

HEADERS, KEY, PARAMS = "METAFLOW_SERVICE_HEADERS", "METAFLOW_SERVICE_AUTH_KEY", "METAFLOW_DATATOOLS_CLIENT_PARAMS"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf"
ELSEWHERE = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:s-AbCdEf"


@dataclass
class Manager:
    """What stands in for Secrets Manager: one answer for every secret."""

    answer: dict | None
    asked: list = field(default_factory=list)
    parallelism: int = 1

    def ask(self, call):
        assert (call.service, call.operation) == ("secretsmanager", "GetSecretValue")
        self.asked.append(call.params["SecretId"])
        return Answer(self.answer)


def read(key, answer):
    manager = Manager(answer)
    found = configure.secrets(environment(), Produced({}, {key: ARN}, {}), manager)
    assert manager.asked == [ARN]
    return found[key]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (HEADERS, '{"x-api-key": "hunter2"}', {"x-api-key": "hunter2"}),
        (KEY, "hunter2\n", "hunter2"),
        (KEY, "12345", "12345"),
        (PARAMS, '{"aws_access_key_id": "x", "use_ssl": false}', {"aws_access_key_id": "x", "use_ssl": False}),
    ],
)
def test_a_secret_is_what_its_key_needs(key, text, value):
    assert read(key, {"SecretString": text}) == value


@pytest.mark.parametrize(
    ("key", "answer", "said"),
    [
        (KEY, None, "does not exist"),
        (KEY, {"SecretBinary": b"x"}, "holds no text"),
        (KEY, {"SecretString": "  "}, "holds no text"),
        (KEY, {"SecretString": '{"key": "hunter2"}'}, "is JSON"),
        (HEADERS, {"SecretString": "hunter2"}, "no JSON object"),
        (HEADERS, {"SecretString": '["hunter2"]'}, "no JSON object"),
        (HEADERS, {"SecretString": '{"x": {"y": "hunter2"}}'}, "no JSON object of texts"),
        (PARAMS, {"SecretString": "hunter2"}, "no JSON object"),
    ],
)
def test_promise_13_one_that_cannot_serve_is_refused_without_showing_it(key, answer, said):
    with pytest.raises(UserError) as caught:
        read(key, answer)
    error = caught.value
    assert (error.code, said in str(error), key in str(error)) == ("MF5011", True, True)
    assert "hunter2" not in f"{error}{error.hint}{error.__cause__}{error.__context__}"


def test_a_secret_of_another_region_is_asked_for_there(monkeypatch):
    asked = []

    def connect(access, scope):
        asked.append((scope.account, scope.region))
        return Manager({"SecretString": "k"})

    monkeypatch.setattr(session, "connect", connect)
    configure.secrets(environment(), Produced({}, {KEY: ELSEWHERE, HEADERS[:-1]: "by/name"}, {}))
    assert asked == [("123456789012", "eu-west-1"), ("123456789012", "us-east-1")]


def test_nothing_is_asked_where_the_file_says_everything(monkeypatch):
    monkeypatch.setattr(session, "connect", lambda *_: pytest.fail("AWS was asked"))
    found = configure.produce(environment())
    assert found.values["METAFLOW_BATCH_JOB_QUEUE"] == "jobs"
    assert configure.secrets(environment(), found) == {}


def test_a_secret_is_not_read_from_where_only_the_shell_points(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Refused) as caught:
        configure.secrets(environment(), Produced({}, {KEY: ARN}, {}))
    assert caught.value.code == "MF4004"


def test_a_setting_that_metaflow_could_not_read_is_an_error():
    with pytest.raises(UserError) as caught:
        configure.produce(environment({"metaflow": {"settings": {"METAFLOW_S3_RETRY_COUNT": "many"}}}))
    assert caught.value.code == "MF5013"


def test_what_is_exported_has_the_region_and_an_endpoint_of_the_files_own():
    wished = environment(region="eu-west-1")
    found = configure.exported(wished, configure.produce(wished))
    assert found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert not {"AWS_ENDPOINT_URL", "METAFLOW_PROFILE"} & found.keys()
    for endpoint, more in (("sandbox", {}), ("http://x", {"AWS_ENDPOINT_URL": "http://x"})):
        there = configure.exported(replace(wished, access=Access(endpoint=endpoint)), Produced({}, {}, {}))
        assert there == {"AWS_DEFAULT_REGION": "eu-west-1", **more}


def test_every_known_key_has_a_kind():
    assert set(configure.kinds().values()) == {"text", "integer", "switch", "object", "list"}
    assert json.dumps(configure.kinds(), sort_keys=True) == json.dumps(configure.kinds())
