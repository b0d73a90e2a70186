"""A user's first session with the sandbox, each command a process of its own; once at a terminal of 80 columns."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = """\
version: 1
environment: dev
account: "123456789012"
region: us-east-1
aws: {endpoint: sandbox}
resources:
  log_group:
    flows: {name: /aws/vendedlogs/flows, protect: false}
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def environ(tmp_path):
    (tmp_path / "dev.yaml").write_text(FILE)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))}
    found = inherited | {"PYTHONPATH": str(ROOT), "MFINFRA_SANDBOX_DIR": str(tmp_path / "box"), "TERM": "xterm"}
    found.pop("COLUMNS", None)
    yield found
    subprocess.run([sys.executable, "-m", "mfinfra", "sandbox", "stop"], env=found, capture_output=True, check=True)


@pytest.fixture
def mfinfra(environ, tmp_path):
    def run(*argv):
        command = [sys.executable, "-m", "mfinfra", *argv]
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


def at_a_terminal(argv, environ, folder, answers):
    """Run at a terminal of 80 columns; each of `answers` is typed once its prompt is there. Exit code and output."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "mfinfra", *argv], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown, waiting = b"", list(answers)
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
        if waiting and waiting[0][0].encode() in shown:
            os.write(terminal, waiting.pop(0)[1].encode())
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    text = shown.decode().replace("\r\n", "\n")
    return os.waitstatus_to_exitcode(status), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_from_nothing_to_everything_and_back(mfinfra, tmp_path):
    code, out, _ = mfinfra("plan", "dev.yaml", "--detailed-exitcode", "--summary")
    assert (code, out.splitlines()[-1]) == (
        2,
        "Plan: 0 to adopt, 1 to create, 0 to change, 0 to replace, 0 to destroy.",
    )
    code, out, err = mfinfra("apply", "dev.yaml", "--yes")
    assert (code, re.sub(r"\d+ s", "n s", out)) == (0, "Apply complete: 1 created, in n s\n")
    assert "done     log_group.flows created" in err
    assert mfinfra("plan", "dev.yaml", "--detailed-exitcode")[0] == 0

    (tmp_path / "dev.yaml").write_text(FILE.replace("protect: false", "retention_days: 7"))
    code, out, _ = mfinfra("plan", "dev.yaml", "--detailed-exitcode")
    assert (code, "~ retention_days: 30 -> 7" in out) == (2, True)
    code, out, err = mfinfra("destroy", "dev.yaml", "--yes")
    assert (code, out) == (3, "")
    assert "`protect: false` and `--allow-destroy log_group.flows`" in err

    (tmp_path / "dev.yaml").write_text(FILE)
    code, out, _ = mfinfra("destroy", "dev.yaml", "--confirm", "dev", "--allow-destroy", "log_group.flows")
    assert (code, re.sub(r"\d+ s", "n s", out)) == (0, "Destroy complete: 1 destroyed, in n s\n")
    assert mfinfra("destroy", "dev.yaml", "--yes")[1].startswith("No changes: ")


def test_at_a_terminal_the_question_is_asked_and_no_line_is_wider_than_80_columns(environ, tmp_path):
    code, shown = at_a_terminal(["apply", "dev.yaml"], environ, tmp_path, [("is accepted: ", "yes\n")])
    assert code == 0
    assert "Apply this plan to `dev` in account 123456789012, us-east-1?\n  Only `yes` is accepted: yes\n" in shown
    assert "Apply complete: 1 created" in shown
    assert max(len(line) for line in re.split("[\r\n]", shown)) <= 80


def test_ctrl_c_at_the_question_changes_nothing(environ, tmp_path, mfinfra):
    code, shown = at_a_terminal(["apply", "dev.yaml"], environ, tmp_path, [("is accepted: ", "\x03")])
    assert code == 130
    assert "interrupted: nothing was changed" in shown
    assert mfinfra("plan", "dev.yaml", "--detailed-exitcode")[0] == 2
