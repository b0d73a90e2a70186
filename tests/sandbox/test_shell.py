"""`mfinfra sandbox shell`: what stands around a shell on the sandbox, and that nothing leads out of it."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mfinfra.cli import _shell
from mfinfra.cli.app import main
from mfinfra.sandbox import lifecycle, shell

ROOT = Path(__file__).parents[2]
FILE = ROOT / "environments" / "sandbox.yaml"
BUCKET = "metaflow-sandbox-123456789012"
LIMIT = 60.0
LEAKS = {
    "AWS_PROFILE": "evil",
    "AWS_SESSION_TOKEN": "evil",
    "AWS_ENDPOINT_URL_S3": "http://evil",
    "BOTO_CONFIG": "/evil",
    "METAFLOW_BATCH_JOB_QUEUE": "evil",
    "METAFLOW_PROFILE": "evil",
    "HTTP_PROXY": "http://evil",
    "NO_PROXY": "corp",
}
PLACE = shell.Place("http://127.0.0.1:5055", "eu-west-1", Path("/home/of/metaflow"), "dev", "me")
ASK = f"""
import json, os, sys
import boto3
from metaflow import metaflow_config as config
boto3.client("s3").head_bucket(Bucket={BUCKET!r})
print(json.dumps([dict(os.environ), config.BATCH_JOB_QUEUE, config.DEFAULT_DATASTORE, config.DEFAULT_METADATA]))
sys.exit(7)
"""


def test_nothing_of_the_callers_that_leads_elsewhere_comes_along():
    found = shell.variables({**LEAKS, "PATH": "/bin", "HOME": "/home/me"}, PLACE)
    assert "evil" not in [value for name, value in found.items() if name != "HTTP_PROXY"]
    assert {name: value for name, value in found.items() if name.startswith(("AWS_", "METAFLOW_"))} == {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:5055",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_HOME": "/home/of/metaflow",
        "METAFLOW_PROFILE": "dev",
        "METAFLOW_USER": "me",
    }
    assert (found["PATH"], found["HOME"], found["NO_PROXY"]) == ("/bin", "/home/me", "corp,127.0.0.1,localhost")


def test_without_a_profile_it_is_the_default_one():
    found = shell.variables(LEAKS, shell.Place("http://127.0.0.1:1", "us-east-1", Path("/x")))
    assert "METAFLOW_PROFILE" not in found


def test_a_shell_that_is_not_known_gets_the_variables_alone(tmp_path):
    assert shell.interactive("/usr/bin/fish", {"A": "b"}, tmp_path) == (["/usr/bin/fish", "-i"], {"A": "b"})


def test_the_python_of_a_shell_is_the_first_in_its_path_and_may_lack_metaflow(tmp_path):
    for name, text in (("python3", "echo 9.9"), ("python", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    there = {"PATH": str(tmp_path)}
    assert shell.python(there) == shell.Python(str(tmp_path / "python"), None)
    (tmp_path / "python").unlink()
    assert shell.python(there) == shell.Python(str(tmp_path / "python3"), "9.9")
    (tmp_path / "python3").unlink()
    assert shell.python(there) is None


def test_where_there_is_no_metaflow_it_says_how_to_install_it(capsys):
    class Reading:
        class environment:  # noqa: N801 - stands in for a value
            class source:  # noqa: N801 - the same
                path = "dev.yaml"

    _shell._tell(Reading, "http://127.0.0.1:1", shell.Python("/opt/python", None))
    _shell._tell(Reading, "http://127.0.0.1:1", None)
    said = capsys.readouterr().err
    assert "`/opt/python` has no Metaflow [MF5040]\n  hint: /opt/python -m pip install metaflow boto3\n" in said
    assert "there is no `python` in this shell [MF5040]" in said


def test_who_runs_flows_is_never_root(monkeypatch):
    monkeypatch.setattr(_shell.getpass, "getuser", lambda: "root")
    assert _shell._user() == "sandbox"
    monkeypatch.setattr(_shell.getpass, "getuser", lambda: "me")
    assert _shell._user() == "me"


def test_a_file_is_there_when_nobody_names_one():
    assert shell.example().read_bytes() == FILE.read_bytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_terminal_only_a_command_is_run(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["sandbox", "shell"]) == 1
    assert "[MF5043]" in capsys.readouterr().err


def test_a_file_for_aws_is_refused(folder, capsys):
    Path("prod.yaml").write_text(FILE.read_text().replace("aws: {endpoint: sandbox}", ""))
    assert main(["sandbox", "shell", "prod.yaml", "--", "true"]) == 1
    assert "`prod.yaml` does not lead to the sandbox [MF5041]" in capsys.readouterr().err


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A sandbox for these tests alone, as a user has it; its folder."""
    directory = tmp_path_factory.mktemp("box")
    kept = os.environ.get("MFINFRA_SANDBOX_DIR")
    os.environ["MFINFRA_SANDBOX_DIR"] = str(directory)
    yield directory
    lifecycle.stop()
    if kept is None:
        del os.environ["MFINFRA_SANDBOX_DIR"]
    else:
        os.environ["MFINFRA_SANDBOX_DIR"] = kept


@pytest.mark.slow
def test_a_command_finds_a_sandbox_an_environment_and_a_profile_and_its_exit_code_is_passed_on(box, folder):
    words = [sys.executable, "-m", "mfinfra", "sandbox", "shell", str(FILE), "--", "python", "-c", ASK]
    leaks = {name: value for name, value in LEAKS.items() if name != "HTTP_PROXY"}
    environ = os.environ | leaks | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=LIMIT)
    assert done.returncode == 7, done.stderr
    assert "applied" in done.stderr
    found, *read = json.loads(done.stdout)
    assert read == ["metaflow-job-queue", "s3", "local"]
    assert "evil" not in found.values()
    profile = Path(found["METAFLOW_HOME"]) / "config_sandbox.json"
    assert (profile.stat().st_mode & 0o777, profile.parent.parent) == (0o600, box)


@pytest.mark.slow
def test_a_command_that_is_not_there_and_an_environment_that_differs_are_said(box, folder, capsys, monkeypatch):
    monkeypatch.setenv("MFINFRA_SANDBOX_PYTHON", sys.executable)  # else it is left in the environment of this process
    became = []
    monkeypatch.setattr(os, "execve", lambda *given: became.append(given))
    assert main(["sandbox", "shell", str(FILE), "--", "no-such-command"]) == 127
    assert "there is no command `no-such-command`" in capsys.readouterr().err
    assert became == []
    Path("other.yaml").write_text(FILE.read_text().replace("priority: 1", "priority: 2"))
    main(["sandbox", "shell", "other.yaml", "--", "true"])
    assert "the sandbox differs from `other.yaml` in 1 resource\n" in capsys.readouterr().err
    ((program, words, environ),) = became
    assert (program, words) == (shutil.which("true"), ["true"])
    assert environ["METAFLOW_PROFILE"] == "sandbox"


def typed(argv, environ):
    """What a terminal shows in which `argv` opens a shell, somebody asks for variables and leaves; its exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, environ)
    seen, asked, until = b"", False, time.monotonic() + LIMIT
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux tells the end of a terminal so
            break
        if not part:
            break
        seen += part
        if not asked and b"(sandbox) " in seen:
            asked = True
            os.write(terminal, b'echo "<$AWS_PROFILE|$METAFLOW_BATCH_JOB_QUEUE|$AWS_ENDPOINT_URL|$MINE>"; exit 5\n')
    os.close(terminal)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def start_up(folder):
    """A home whose start-up files lead to AWS."""
    for file in (".bashrc", ".zshrc", "env"):
        (folder / file).write_text(
            "export AWS_PROFILE=evil METAFLOW_BATCH_JOB_QUEUE=evil AWS_ENDPOINT_URL=evil MINE=x\n"
        )
    return {"HOME": str(folder), "TERM": "dumb", "ENV": str(folder / "env"), "PATH": os.environ["PATH"]}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # of forking beside threads, on Python 3.12
@pytest.mark.parametrize("name", ["bash", "zsh", "sh"])
def test_a_shell_keeps_what_its_start_up_files_would_undo(folder, start_up, name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"there is no {name} here")
    (folder / "ours").mkdir()
    environ = shell.variables(start_up, PLACE)
    seen, code = typed(*shell.interactive(path, environ, folder / "ours", "/ahead"))
    assert (code, "<||http://127.0.0.1:5055|x>" in seen) == (5, True), seen


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # as above
def test_at_a_terminal_it_is_the_users_shell_and_says_how_to_leave(box, start_up):
    argv = [sys.executable, "-m", "mfinfra", "sandbox", "shell", str(FILE)]
    seen, code = typed(argv, os.environ | start_up | {"SHELL": "/bin/sh", "PYTHONPATH": str(ROOT)})
    assert (code, f"<||http://127.0.0.1:{lifecycle.find().port}|x>" in seen) == (5, True), seen
    assert "leave it with `exit`" in seen
