"""`mfinfra config`: what is printed where, what is written, and what is never shown."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from mfinfra import configure, saved
from mfinfra.aws import session, shell
from mfinfra.aws.calls import Answer

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:headers-AbCdEf"
FILE = f"""\
version: 1
environment: prod
account: "123456789012"
region: us-east-1
resources:
  job_queue:
    default: {{name: jobs, priority: 1, compute_environments: [theirs]}}
metaflow:
  profile: prod
  batch: {{queue: job_queue.default, tags: {{team: ml}}}}
  service: {{url: "https://m.example.com", headers: {{secret: "{ARN}"}}}}
  settings: {{METAFLOW_S3_RETRY_COUNT: 3}}
"""
PLAIN = "\n".join(line for line in FILE.splitlines() if "service" not in line) + "\n"
SHOWN = {
    "METAFLOW_BATCH_DEFAULT_TAGS": {"team": "ml"},
    "METAFLOW_BATCH_EMIT_TAGS": True,
    "METAFLOW_BATCH_JOB_QUEUE": "jobs",
    "METAFLOW_DEFAULT_METADATA": "service",
    "METAFLOW_S3_RETRY_COUNT": 3,
    "METAFLOW_SERVICE_URL": "https://m.example.com",
}
HEADERS = "METAFLOW_SERVICE_HEADERS"


class Manager:
    parallelism = 1

    def ask(self, call):
        assert call.params == {"SecretId": ARN}
        return Answer({"SecretString": '{"Authorization": "hunter2"}'})


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without any configuration, in a folder with `prod.yaml`; the shell says the right region."""
    for name in [name for name in os.environ if name.startswith("METAFLOW_")]:
        monkeypatch.delenv(name)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(shell, "region", lambda: "us-east-1")
    Path("prod.yaml").write_text(PLAIN)
    return tmp_path


@pytest.fixture
def secret(home, monkeypatch):
    """The same with a secret, which Secrets Manager has."""
    Path("prod.yaml").write_text(FILE)
    monkeypatch.setattr(session, "connect", lambda *_: Manager())
    return home


@pytest.fixture
def nobody(monkeypatch):
    """AWS is not there."""
    monkeypatch.setattr(session, "connect", lambda *_, **__: pytest.fail("AWS was asked"))


def profile_of(home, name="config_prod.json"):
    return home / ".metaflowconfig" / name


def test_the_configuration_is_metaflows_json_alone_on_stdout_and_needs_no_aws(run, secret, nobody):
    done = run("config", "prod.yaml")
    assert (done.code, json.loads(done.out)) == (0, SHOWN)
    assert done.out == json.dumps(SHOWN, indent=4, sort_keys=True) + "\n"
    assert done.err == f"note: {HEADERS} is not shown: `--write` reads it from the secret {ARN}\n"
    assert not profile_of(secret).exists()


def test_lines_for_a_shell_have_everything_but_secrets(run, secret, nobody):
    done = run("config", "prod.yaml", "--format", "env")
    script = done.out + "env"
    there = subprocess.run(
        ["sh", "-c", script], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True
    )
    found = dict(line.split("=", 1) for line in there.stdout.splitlines())
    assert found["METAFLOW_BATCH_DEFAULT_TAGS"] == '{"team": "ml"}'
    assert found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert {name for name in found if name.startswith("METAFLOW_")} == SHOWN.keys()
    assert HEADERS in done.err


def test_what_is_written_is_shown_before_on_stderr_and_stdout_stays_empty(run, secret):
    done = run("config", "prod.yaml", "--write")
    where = profile_of(secret)
    whole = {**SHOWN, HEADERS: {"Authorization": "hunter2"}}
    assert (done.code, done.out) == (0, "")
    assert where.read_text() == json.dumps(whole, indent=4, sort_keys=True)
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert done.err == (
        "~/.metaflowconfig/config_prod.json (there is none yet)\n"
        '  + METAFLOW_BATCH_DEFAULT_TAGS = {"team": "ml"}\n'
        "  + METAFLOW_BATCH_EMIT_TAGS = true\n"
        "  + METAFLOW_BATCH_JOB_QUEUE = jobs\n"
        "  + METAFLOW_DEFAULT_METADATA = service\n"
        "  + METAFLOW_S3_RETRY_COUNT = 3\n"
        "  + METAFLOW_SERVICE_HEADERS = (not shown)\n"
        "  + METAFLOW_SERVICE_URL = https://m.example.com\n"
        "  7 to add\n"
        "written to ~/.metaflowconfig/config_prod.json\n"
        "hint: `export METAFLOW_PROFILE=prod` makes Metaflow use it\n"
    )


def test_writing_the_same_again_writes_nothing(run, secret):
    run("config", "prod.yaml", "--write")
    before = profile_of(secret).stat()
    done = run("config", "prod.yaml", "--write", "--detailed-exitcode")
    assert (done.code, done.out) == (0, "")
    assert "nothing to write: the profile says all of this already\n" in done.err
    assert profile_of(secret).stat() == before


def test_promise_13_a_secret_is_in_the_file_and_nowhere_else(run, secret):
    said = ""
    for words in (
        [],
        ["--write"],
        ["--write"],
        ["--format", "env"],
        ["--format", "diff"],
        ["--write", "--format", "json"],
    ):
        done = run("config", "prod.yaml", *words)
        assert done.code == 0
        said += done.out + done.err
    assert "hunter2" in profile_of(secret).read_text()
    assert "hunter2" not in said


def test_what_stands_is_compared_and_what_is_not_ours_is_kept(run, home):
    where = profile_of(home)
    where.parent.mkdir()
    live = {"METAFLOW_BATCH_JOB_QUEUE": "old", "METAFLOW_SERVICE_URL": "https://me:hunter2@old", "METAFLOW_USER": "me"}
    where.write_text(json.dumps(live))
    done = run("config", "prod.yaml", "--format", "diff", "--detailed-exitcode")
    assert (done.code, done.err) == (2, "")
    assert done.out == (
        "~/.metaflowconfig/config_prod.json\n"
        '  + METAFLOW_BATCH_DEFAULT_TAGS = {"team": "ml"}\n'
        "  + METAFLOW_BATCH_EMIT_TAGS = true\n"
        "  ~ METAFLOW_BATCH_JOB_QUEUE = old -> jobs\n"
        "  + METAFLOW_S3_RETRY_COUNT = 3\n"
        "  ? METAFLOW_SERVICE_URL = https://(not shown)@old  # follows from nothing in the file; `--prune` removes it\n"
        "    kept, as not from this file: METAFLOW_USER\n"
        "  3 to add, 1 to change\n"
    )
    assert json.loads(where.read_text()) == live
    assert run("config", "prod.yaml", "--write").code == 0
    assert json.loads(where.read_text()).keys() == {*live, *SHOWN} - {"METAFLOW_DEFAULT_METADATA"}
    assert "- METAFLOW_SERVICE_URL = https://(not shown)@old\n" in run("config", "prod.yaml", "--write", "--prune").err
    assert "METAFLOW_SERVICE_URL" not in json.loads(where.read_text())


def test_promise_14_what_stands_in_a_profile_is_no_order_to_a_terminal_or_a_build_log(run, home):
    where = profile_of(home)
    where.parent.mkdir()
    where.write_text(
        json.dumps({"METAFLOW_BATCH_JOB_QUEUE": "\x1b[31m\n::error::x", "METAFLOW_X\x1b[0m\n::warning::": 1})
    )
    for words in (["--format", "diff"], ["--write"]):
        done = run("config", "prod.yaml", *words)
        assert "\x1b" not in done.out + done.err
        assert not [line for line in (done.out + done.err).splitlines() if line.lstrip().startswith("::")]


def test_another_profile_and_the_default_one_can_be_chosen(run, home):
    for name, file in (("dev", "config_dev.json"), ("", "config.json")):
        assert run("config", "prod.yaml", "--write", "--profile", name).code == 0
        assert profile_of(home, file).is_file()
    assert not profile_of(home).exists()
    assert "no name of a profile" in run("config", "prod.yaml", "--profile", "../x").err


def test_a_file_that_is_no_json_is_left_as_it_is(run, home):
    where = profile_of(home)
    where.parent.mkdir()
    where.write_text('{"METAFLOW_USER": "me",')
    done = run("config", "prod.yaml", "--write")
    assert (done.code, done.out) == (1, "")
    assert "is no JSON (line 1) [MF5010]" in done.err
    assert where.read_text() == '{"METAFLOW_USER": "me",'


def test_the_shell_the_project_and_the_region_are_looked_at(run, home, monkeypatch):
    monkeypatch.setattr(shell, "region", lambda: None)
    monkeypatch.setenv("METAFLOW_BATCH_JOB_QUEUE", "theirs")
    Path(".metaflow").mkdir()
    Path(".metaflow/config.json").write_text('{"METAFLOW_S3_RETRY_COUNT": "9"}')
    err = run("config", "prod.yaml", "--format", "diff").err
    assert [code for code in ("MF5020", "MF5021", "MF5026") if f"[{code}]" in err] == ["MF5020", "MF5021", "MF5026"]
    assert "  hint: unset METAFLOW_BATCH_JOB_QUEUE\n" in err
    assert run("config", "prod.yaml", "--format", "env").err == ""


def test_a_profile_of_the_shell_that_has_no_file_stops_metaflow_whatever_is_exported(run, home, monkeypatch):
    monkeypatch.setenv("METAFLOW_PROFILE", "dev")
    assert (
        "`~/.metaflowconfig/config_dev.json`: Metaflow does not start [MF5024]"
        in run("config", "prod.yaml", "--format", "env").err
    )
    monkeypatch.setenv("METAFLOW_PROFILE", "prod")
    assert run("config", "prod.yaml").err == ""


def test_without_a_file_it_is_that_of_the_last_plan(run, home, monkeypatch):
    assert "which environment?" in run("config").err
    monkeypatch.setattr(saved, "last", lambda: Path("last.plan.json"))
    monkeypatch.setattr(saved, "load", lambda path: {"source": {"path": "prod.yaml"}})
    done = run("config")
    assert (done.code, "that of the last plan: prod.yaml" in done.err) == (0, True)
    assert json.loads(done.out)["METAFLOW_BATCH_JOB_QUEUE"] == "jobs"


def test_a_file_without_the_block_has_nothing_to_configure(run, home):
    Path("bare.yaml").write_text(PLAIN.partition("metaflow:")[0])
    assert "[MF5014]" in run("config", "bare.yaml").err


def test_what_only_aws_can_tell_is_asked_for_and_left_out_where_it_is_not_there(run, home, monkeypatch):
    text = PLAIN.replace("batch: {", 'batch: {image: "x:${security_group.g.id}", ').replace(
        "  job_queue:", "  security_group:\n    g: {name: g, vpc: vpc-00000000000000001, description: d}\n  job_queue:"
    )
    Path("prod.yaml").write_text(text)
    asked = []
    monkeypatch.setattr(session, "connect", lambda *_: "AWS")
    monkeypatch.setattr(configure.observe, "look_again", lambda reader, resource: asked.append(str(resource.address)))
    done = run("config", "prod.yaml")
    assert asked == ["security_group.g"]
    assert "METAFLOW_BATCH_CONTAINER_IMAGE" not in json.loads(done.out)
    assert "[MF5012]" in done.err
