"""No command waits for somebody who is not there: each ends, whatever its stdin is and whether there is a terminal.

The commands are those that the application has, so that a new one is here on its first day.
"""

import os
import pty
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import forked
import pytest
import typer.main

from mfinfra.cli.app import app

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LIMIT = 180.0  # seconds; a prompt would wait for ever
BUG = 70
FILE = """\
version: 1
environment: dev
account: "123456789012"
region: us-east-1
resources:
  log_group:
    flows: {name: /aws/vendedlogs/flows, protect: false}
"""
SANDBOX = FILE.replace("resources:", "aws: {endpoint: sandbox}\nresources:")
PROFILE = """\
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/somebody
[profile base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = none
"""
# A session has the terminal that it opens first; Python's own way to it is not safe beside threads.
AT_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class Place:
    """Where a command runs: what its stdin and stderr are. Nobody ever types, and no pipe ever says anything."""

    stdin: str
    stderr: str

    @property
    def terminal(self):
        """The stream that is a terminal, if one is."""
        return next((name for name in ("stdin", "stderr") if getattr(self, name) == "a terminal"), "")

    def __str__(self):
        return f"stdin {self.stdin}, stderr {self.stderr}"


PLACES = [
    Place("closed", "a pipe"),
    Place("a silent pipe", "a pipe"),
    Place("a silent pipe", "a terminal"),
    Place("a terminal", "a pipe"),
]


def leaves(command, path=()):
    """Every command that does something, with the words that lead to it."""
    below = getattr(command, "commands", None)
    if not below:
        return [(path, command)]
    return [leaf for name, sub in below.items() for leaf in leaves(sub, (*path, name))]


COMMANDS = dict(leaves(typer.main.get_command(app)))
ASKING = [path for path, command in COMMANDS.items() if any("--yes" in option.opts for option in command.params)]
TAKING = [
    path for path, command in COMMANDS.items() if any(one.param_type_name == "argument" for one in command.params)
]


def arguments(command):
    """A file where a file is taken, and some word where another argument has to be."""
    values = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            takes_file = "FILE" in (parameter.metavar or parameter.name or "").upper()
            values += ["dev.yaml"] if takes_file else ["word"] if parameter.required else []
    return values


@pytest.fixture
def environ(tmp_path):
    (tmp_path / "dev.yaml").write_text(FILE)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))}
    found = inherited | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path / "home"),
        "MFINFRA_SANDBOX_DIR": str(tmp_path / "box"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "TERM": "xterm",
    }
    yield found
    if (tmp_path / "box").exists():
        subprocess.run([sys.executable, "-m", "mfinfra", "sandbox", "stop"], env=found, capture_output=True, check=True)


@pytest.fixture(scope="module")
def forge():
    with forked.forge() as found:
        yield found


def started(argv, place, files, environ, folder):
    """The command in a process of its own: its exit code."""
    command = [sys.executable, "-m", "mfinfra", *argv]
    if place.stdin == "closed":
        command = ["bash", "-c", 'exec "$@" <&-', "bash", *command]
    if place.terminal:
        command = [sys.executable, "-c", AT_ITS_TERMINAL, str(forked.STREAMS.index(place.terminal)), *command]
    stdin, stdout, stderr = files
    process = subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=stderr, env=environ, cwd=folder, start_new_session=True
    )
    try:
        return process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise TimeoutError from None


@pytest.fixture
def alone(environ, tmp_path, forge):
    """Run a command with nobody there: its exit code, and what it said on stderr. It fails if it does not end."""

    def in_fork(argv, place, files, environ, folder):
        given = dict(zip(forked.STREAMS, files, strict=True))
        if place.stdin == "closed":
            del given["stdin"]
        request = forked.Request((*argv,), environ, str(folder), (*given,), place.terminal)
        return forge.run(request, [*given.values()], LIMIT)

    def run(argv, place, start=in_fork, **more):
        reader, writer = os.pipe()
        outer, terminal = pty.openpty()
        out, told = os.pipe()
        stdin = terminal if place.stdin == "a terminal" else reader
        seen, said = bytearray(), bytearray()
        err, written = os.pipe()
        stderr = terminal if place.stderr == "a terminal" else written
        watchers = [threading.Thread(target=_watch, args=to) for to in ((outer, seen), (out, bytearray()), (err, said))]
        for watcher in watchers:
            watcher.start()
        try:
            code = start(argv, place, (stdin, told, stderr), environ | more, tmp_path)
        except TimeoutError:
            pytest.fail(f"`mfinfra {' '.join(argv)}` waits for somebody with {place}: {seen.decode()}")
        finally:
            for mine in (terminal, told, written):
                os.close(mine)
            for watcher in watchers:
                watcher.join(LIMIT)
            assert not any(watcher.is_alive() for watcher in watchers), "somebody who was started holds a stream open"
            for mine in (reader, writer, outer, out, err):
                os.close(mine)
        return code, bytes(said or seen).decode()

    return run


def _watch(terminal, seen):
    """Read what a terminal or a pipe shows, until nobody writes there any more."""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            return
        if not part:
            return
        seen += part


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_ends_with_nobody_there_and_one_that_would_have_to_ask_names_the_flag(alone, path, place):
    code, said = alone([*path, *arguments(COMMANDS[path])], place)
    assert code not in {BUG, -9}, said
    assert code >= 0, said
    if path in ASKING:
        assert (code, "`--yes`" in said) == (1, True), said


@pytest.mark.parametrize("path", TAKING, ids=" ".join)
def test_every_command_ends_without_any_argument(alone, path):
    code, said = alone(path, PLACES[1])
    assert code not in {BUG, -9}, said
    assert code >= 0, said


def test_the_commands_that_ask_are_known():
    assert {("apply",), ("destroy",)} <= set(ASKING)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_with_the_flag_a_run_from_nothing_to_everything_and_back_needs_nobody(alone, tmp_path, place):
    (tmp_path / "dev.yaml").write_text(SANDBOX)
    for argv in (
        ["plan", "dev.yaml"],
        ["apply", "dev.yaml", "--yes"],
        ["destroy", "dev.yaml", "--yes", "--allow-destroy", "log_group.flows"],
    ):
        code, said = alone(argv, place, started)
        assert code == 0, said


@pytest.mark.parametrize("path", ASKING, ids=" ".join)
def test_a_yes_that_a_pipe_says_is_no_answer_of_a_person(environ, tmp_path, path):
    command = [sys.executable, "-m", "mfinfra", *path, *arguments(COMMANDS[path])]
    said = subprocess.run(
        command,
        input="yes\ndev\n",
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert (said.returncode, "`--yes`" in said.stderr) == (1, True)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_profile_that_wants_a_code_of_a_device_is_refused_and_not_asked_for(alone, tmp_path, place):
    (tmp_path / "config").write_text(PROFILE)
    code, said = alone(["plan", "dev.yaml"], place, AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_PROFILE="mfa")
    assert code == 1, said
    assert "MFA" in said
