"""The real client of Metaflow under `verify`, and what runs it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from stack import Stack

from mfinfra import checking, client, desired, verification
from mfinfra.errors import UserError
from mfinfra.model import Command, Verdict

FILE = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
BUCKET = "metaflow-sandbox-123456789012"
FOREVER = "import os, pathlib, time; pathlib.Path('{there}').write_text(str(os.getpid())); time.sleep(600)"


class Way:
    """What a runner needs of AWS."""

    endpoint = "http://127.0.0.1:1"

    class scope:  # noqa: N801 - it stands in for an attribute
        region = "eu-west-1"

    class session:  # noqa: N801 - the same
        @staticmethod
        def get_credentials():
            return Way.session

        @staticmethod
        def get_frozen_credentials():
            return Way.session

        access_key, secret_key, token = "AK", "SK", "TOKEN"


def python(code, **more):
    return Command((sys.executable, "-c", code), **more)


@pytest.mark.slow
def test_a_program_sees_its_own_variables_the_way_to_aws_and_nothing_of_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("METAFLOW_PROFILE", "mine")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("SECRET_OF_MINE", "x")
    code = (
        "import os, pathlib; print(sorted(os.environ)); print(os.environ['X']); print(pathlib.Path('a/b').read_text())"
    )
    found = client.Runner(Way)(python(code, environment={"X": "{folder}/x"}, files={"a/b": "text"}), threading.Event())
    assert found["code"] == 0, found
    variables, where, text = found["stdout"].splitlines()
    assert {"METAFLOW_PROFILE", "AWS_PROFILE", "SECRET_OF_MINE"}.isdisjoint(eval(variables))
    assert {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"} <= set(eval(variables))
    assert text == "text"
    assert not Path(where).parent.exists()


@pytest.mark.slow
@pytest.mark.parametrize("why", ["limit", "stopped"])
def test_a_program_ends_with_its_limit_and_with_the_run(why, tmp_path):
    there, stopped = tmp_path / "there", threading.Event()
    code = FOREVER.format(there=there)
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    command = python(nested, limit=600.0 if why == "stopped" else 2.0)
    threading.Thread(target=lambda: (_appears(there), stopped.set() if why == "stopped" else None)).start()
    began = time.monotonic()
    found = client.Runner(Way)(command, stopped)
    assert found["code"] is None
    assert time.monotonic() - began < 60
    assert not _runs(there.read_text())  # what it started has ended with it


def _runs(pid):
    found = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.startswith("Z")  # a zombie waits for somebody to look at it


def _appears(path):
    for _ in range(600):
        if path.exists() and path.read_text():
            return
        time.sleep(0.05)


@pytest.mark.slow
def test_what_takes_seconds_finishes_although_the_run_is_stopped():
    stopped = threading.Event()
    stopped.set()
    found = client.Runner(Way)(python("print('done')", finishes=True), stopped)
    assert (found["code"], found["stdout"]) == (0, "done\n")


def test_a_program_that_is_not_there_is_the_users_to_mend(tmp_path):
    with pytest.raises(UserError, match="cannot be run"):
        client.Runner(Way)(Command((str(tmp_path / "nothing"),)), threading.Event())


@pytest.mark.slow
def test_what_a_program_says_is_shown_without_secrets_and_control_characters():
    found = client.Runner(Way)(python(r"print('\x1b[31mx AKIA0123456789ABCDEF')"), threading.Event())
    assert "\x1b" not in found["stdout"]
    assert "AKIA0123456789ABCDEF" not in found["stdout"]


@pytest.mark.slow
def test_the_python_beside_the_metaflow_on_the_path_is_found():
    found = client.find(environ={"PATH": str(Path(sys.executable).parent)})
    assert found is not None
    assert found.version.startswith("2.")
    assert Path(found.python).samefile(sys.executable)


@pytest.mark.slow
def test_of_a_script_on_the_path_the_python_behind_it_is_taken(tmp_path):
    script = tmp_path / "python3"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    found = client.find(str(script))
    assert Path(found.python).samefile(sys.executable)


def test_a_python_without_metaflow_is_refused_by_name(tmp_path):
    with pytest.raises(UserError, match="has no Metaflow"):
        client.find(str(tmp_path / "python"))


def test_what_is_no_python_and_says_what_nobody_can_read_has_no_metaflow(tmp_path):
    script = tmp_path / "python3"
    script.write_text("#!/bin/sh\nprintf '\\377\\n'\n")
    script.chmod(0o755)
    with pytest.raises(UserError, match="has no Metaflow"):
        client.find(str(script))


def test_without_any_python_there_is_no_client(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    assert client.find(environ={"PATH": str(tmp_path)}) is None


def snapshot(stack):
    found = stack.client("s3").list_object_versions(Bucket=BUCKET)
    rows = [row for member in ("Versions", "DeleteMarkers") for row in found.get(member, ())]
    definitions = stack.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    return {row["Key"] for row in rows if row["Key"].startswith("metaflow/")}, [
        row["jobDefinitionArn"] for row in definitions
    ]


@pytest.mark.slow
def test_the_real_client_serves_and_leaves_nothing(stack: Stack):
    stack.server.reset(transition_polls=0, jobs="processes")
    stack.apply(FILE)
    before, reading = snapshot(stack), desired.read(FILE)
    aws, found = stack.connect(reading), client.find(sys.executable)
    every = verification.checks(aws, reading.environment, found, job=True, environ={})
    # The job's flow keeps an artifact in S3 too: a third flow would take seconds and show nothing else.
    chosen = verification.chosen(every, ("client.foreach", "client.job"), ())
    results = {one.check.id: one for one in checking.ordered(chosen, list(verification.run(aws, chosen).results()))}
    assert {id_: one.findings for id_, one in results.items() if one.verdict is not Verdict.PASSED} == {}
    (definition,) = results["client.foreach"].findings[0].evidence
    assert definition.startswith("registered and deregistered arn:aws:batch:us-east-1:123456789012:job-definition/")
    assert snapshot(stack) == before
    (job,) = stack.client("batch").list_jobs(jobQueue="metaflow-job-queue", jobStatus="SUCCEEDED")["jobSummaryList"]
    assert job["jobId"] in results["client.job"].findings[0].message
    touched = [what for one in results.values() for what in one.touched]
    assert [what for what in touched if not what.startswith("made and removed ")] == [
        f"ran Batch job {job['jobId']}, which has ended"
    ]
