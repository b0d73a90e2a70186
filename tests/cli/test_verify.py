"""`verify` at the command line, on the embedded sandbox."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from stack import ACCOUNT, REGION

from mfinfra import client, schemas, verification
from mfinfra.metaflow.verify import Client

BUCKET = "verify-test-data"
FILE = """\
version: 1
environment: test
account: "{account}"
region: {region}
aws: {{endpoint: "{endpoint}"}}
resources:
  bucket:
    data: {{name: {bucket}, versioning: true}}
metaflow:
  profile: test
  datastore: {{bucket: bucket.data, prefix: metaflow}}
"""
OBJECT = ("--only", "datastore")
pytestmark = pytest.mark.slow


@pytest.fixture
def served(stack, tmp_path, monkeypatch):
    """A file whose bucket stands, in a folder and a home of the test's own; there is no client."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METAFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(client, "find", lambda python: None if python is None else Client(python, "0"))
    s3 = stack.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    text = FILE.format(account=ACCOUNT, region=REGION, endpoint=stack.server.endpoint, bucket=BUCKET)
    (tmp_path / "test.yaml").write_text(text)
    return s3


def left(s3):
    found = s3.list_object_versions(Bucket=BUCKET)
    return [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]


def test_it_ends_well_with_a_warning_and_tells_what_it_touched(served, run):
    found = run("verify", "test.yaml")
    assert (found.code, found.err) == (0, "")
    assert "warn  config.profile" in found.out
    assert "fix: mfinfra config test.yaml --write" in found.out
    assert f"made and removed s3://{BUCKET}/metaflow/mfinfra-verify-" in found.out
    assert "skip  client.installed" in found.out
    assert found.out.splitlines()[-1].startswith("Passed: ")
    assert left(served) == []


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict",), 1)])
def test_warnings_fail_only_if_that_is_wanted(served, run, flags, code):
    assert run("verify", "test.yaml", "--only", "config.profile", *flags).code == code


def test_what_fails_is_exit_code_1_and_has_a_fix(served, run):
    served.delete_bucket(Bucket=BUCKET)
    found = run("verify", "test.yaml", *OBJECT)
    assert found.code == 1
    assert "[MF5120]" in found.out
    assert "fix: mfinfra apply test.yaml" in found.out
    assert "skip  datastore.object" in found.out


def test_as_json_it_keeps_to_its_schema(served, run):
    found = run("verify", "test.yaml", "--format", "json", *OBJECT)
    document = json.loads(found.out)
    Draft202012Validator(schemas.load("checks")).validate(document)
    assert [one["id"] for one in document["checks"]] == ["datastore.bucket", "datastore.object"]
    assert (document["verdict"], found.code) == ("passed", 0)


def test_as_junit_every_check_is_a_case(served, run):
    found = run("verify", "test.yaml", "--format", "junit", *OBJECT)
    assert [case.get("name") for case in ET.fromstring(found.out).iter("testcase")] == [
        "datastore.bucket",
        "datastore.object",
    ]


def test_a_name_that_no_check_has_is_an_error(served, run):
    found = run("verify", "test.yaml", "--skip", "datstore")
    assert found.code == 1
    assert "no check is called `datstore`" in found.err


def test_ctrl_c_removes_what_was_made_and_tells_how_far_it_came(served, run, monkeypatch):
    make = verification.run

    def meddled(aws, checks):
        ask = aws.ask

        def asking(call):
            answer = ask(call)
            if call.operation == "PutObject":
                assert len(left(served)) == 1
                os.kill(os.getpid(), signal.SIGINT)
                made.stopped.wait(30)
            return answer

        made = make(aws, checks)
        made.reader = type("Reader", (), {"parallelism": 2, "ask": staticmethod(asking)})()
        return made

    monkeypatch.setattr(verification, "run", meddled)
    found = run("verify", "test.yaml", *OBJECT)
    assert found.code == 130
    assert "stopping: what was made is removed" in found.err
    assert "not finished: the run was stopped" in found.out
    assert "made and removed s3://" in found.out
    assert left(served) == []
    document = json.loads(run("verify", "test.yaml", *OBJECT, "--format", "json").out)
    assert document["verdict"] == "stopped", "a program must not take a half for a whole"


def test_a_bug_in_one_check_is_told_with_what_the_others_found(served, run, monkeypatch):
    make = verification.checks

    def meddled(*given, **more):
        def wrong():
            yield from ()
            raise ZeroDivisionError("a bug")

        first, *rest = make(*given, **more)
        return (replace(first, ask=wrong), *rest)

    monkeypatch.setattr(verification, "checks", meddled)
    found = run("verify", "test.yaml")
    assert found.code == 70
    assert "a bug in mfinfra ended it" in found.out
    assert "made and removed s3://" in found.out
    assert "Failed: 1 of" in found.out
    assert "bug in mfinfra: ZeroDivisionError" in found.err


def test_it_does_not_write_where_only_the_shell_points_to(served, run, monkeypatch, tmp_path):
    text = (tmp_path / "test.yaml").read_text()
    (tmp_path / "test.yaml").write_text("".join(line for line in text.splitlines(True) if not line.startswith("aws:")))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    found = run("verify", "test.yaml")
    assert (found.code, found.out) == (3, "")
    assert "AWS_ENDPOINT_URL" in found.err
