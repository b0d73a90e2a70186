"""What the Tab key offers, asked for as the scripts of the three shells do, and in the shells themselves."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from planning.test_document import GONE, PAIRS, of

from mfinfra import explain, schemas
from mfinfra.cli import _completion, _known
from mfinfra.planning import document

BIN = Path(os.environ.get("MFINFRA_BIN") or Path(sys.executable).parent)
HEAVY = ("boto3", "botocore", "deepdiff", "moto", "pydantic", "rich")
SHELLS = tuple(_completion.Shell)


@pytest.fixture
def offered(run, monkeypatch, file):
    """The words that a shell is offered behind what was typed; the last one is unfinished."""

    def offered(typed, shell="bash"):
        monkeypatch.setenv(_completion.VARIABLE, shell)
        shown = run(*typed)
        assert (shown.code, shown.err) == (0, "")
        return [re.split(r"[\t:]", line)[0] for line in shown.out.splitlines()]

    return offered


CASES = {
    "a command": (["pl"], ["plan"]),
    "a command of a command": (["sandbox", "st"], ["start", "stop", "status"]),
    "a flag": (["plan", "--ma"], ["--max-chars"]),
    "a value of a flag": (["plan", "--format", "ma"], ["markdown"]),
    "a kind": (["schema", "log"], ["log_group"]),
    "a code": (["explain", "MF420"], [code for code in explain.codes() if code.startswith("MF420")]),
    "a code in small letters": (["explain", "mf420"], [code for code in explain.codes() if code.startswith("MF420")]),
    "a shell": (["completion", "f"], ["fish"]),
    "an address, behind the file": (["show", "prod.yaml", "log_g"], ["log_group.flows"]),
    "an address, behind a flag": (["plan", "prod.yaml", "--target", ""], ["log_group.flows"]),
    "an address of another kind": (["plan", "prod.yaml", "--target", "bucket"], []),
    "an address of no file": (["plan", "none.yaml", "--target", ""], []),
    "an address before there is a file": (["plan", "--target", ""], []),
    "a file, which the shell knows itself": (["plan", ""], []),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("typed", "words"), CASES.values(), ids=CASES)
def test_the_shell_is_offered(offered, typed, words, shell):
    assert offered(typed, shell) == words


@pytest.mark.slow
def test_all_commands_flags_kinds_and_codes_are_offered(offered, run):
    commands = offered([""])
    assert {"plan", "apply", "sandbox", "completion"} <= set(commands)
    assert offered(["schema", ""]) == list(schemas.kinds())
    assert offered(["explain", ""]) == list(explain.codes())
    for command in commands:
        assert "--help" in offered([command, "-"]), command


@pytest.mark.parametrize(
    ("shell", "typed", "words"),
    [
        ("bash", ["plan", "--format", "=", "ma"], ["markdown"]),  # bash takes this for three words
        ("bash", ["plan", "--format", "="], ["text", "json", "markdown", "html", "github", "sarif", "junit"]),
        ("zsh", ["plan", "--format=ma"], ["--format=markdown"]),
        ("fish", ["plan", "--format=ma"], ["--format=markdown"]),
        ("bash", ["show", '"prod.yaml"', "log"], ["log_group.flows"]),  # bash leaves the quotes in
        ("bash", ["show", '"prod.yaml', "log"], ["log_group.flows"]),
        ("bash", [], None),
        ("tcsh", ["pl"], []),
        ("complete_bash", ["pl"], []),
    ],
)
def test_each_shell_writes_words_in_its_own_way(offered, shell, typed, words):
    assert offered(typed, shell) == (offered([""], shell) if words is None else words)


def test_zsh_and_fish_are_told_what_a_command_does(run, monkeypatch):
    for shell, between in (("zsh", ":"), ("fish", "\t")):
        monkeypatch.setenv(_completion.VARIABLE, shell)
        assert run("plan").out == f"plan{between}Show what `apply` would do.\n"


def test_a_half_written_file_has_the_addresses_that_it_has(offered, file, tmp_path):
    half = (tmp_path / file).read_text("utf-8") + "  bucket:\n    data: {nme: \n  nonsense:\n    what: {}\n"
    (tmp_path / file).write_text(half.replace("nme: \n", "nme: }\n"), "utf-8")
    assert offered(["show", file, ""]) == ["bucket.data", "log_group.flows"]


@pytest.mark.parametrize("text", ["", "[", "resources: 3\n", "resources: {bucket: 3}\n", "a: b: c\n", "- resources\n"])
def test_a_file_that_is_none_has_no_addresses(tmp_path, text):
    (tmp_path / "odd.yaml").write_text(text, "utf-8")
    assert _known.addresses(tmp_path / "odd.yaml") == []


def test_what_could_mean_something_to_a_shell_is_never_offered(offered, file, tmp_path):
    (tmp_path / file).write_text("resources: {bucket: {'$(touch x)': {}, 'a b': {}, 'ok': {}}}\n", "utf-8")
    assert offered(["show", file, ""]) == ["bucket.ok"]


@pytest.mark.parametrize("shell", list(_completion.Shell))
def test_whoever_knows_an_odd_word_it_is_not_offered(monkeypatch, shell):
    odd = ["$(touch x)", "`x`", "a b", "a;b", "a\nb", "a:b", "'", "~", "*", ""]
    monkeypatch.setattr(_completion, "_next", lambda *_: [(word, "") for word in [*odd, "bucket.ok"]])
    assert _completion.answer(None, shell, ["show", ""]) == ["bucket.ok"]


def saved(path):
    """A plan at `path`, whole and sealed; returns its addresses."""
    plan = of(PAIRS, leftovers=[GONE])
    path.write_text(document.text(plan), "utf-8")
    return sorted(row["address"] for row in plan["resource_changes"])


def test_a_saved_plan_has_addresses_too(offered, file, tmp_path):
    expected = saved(tmp_path / "other.plan.json")
    assert len(expected) > 1
    assert offered(["show", "other.plan.json", ""]) == expected


def test_without_a_file_it_is_the_plan_that_was_saved_last(offered, file, tmp_path):
    (tmp_path / ".mfinfra").mkdir(mode=0o700)
    expected = saved(tmp_path / ".mfinfra" / "prod.plan.json")
    (tmp_path / ".mfinfra" / "prod.plan.json").chmod(0o600)
    (tmp_path / ".mfinfra" / "last-plan").write_text("prod.plan.json\n", "utf-8")
    assert offered(["apply", "--allow-destroy", ""]) == expected
    assert offered(["apply", file, "--allow-destroy", ""]) == sorted({*expected, "log_group.flows"})


def test_a_plan_that_was_meddled_with_has_no_addresses(offered, file, tmp_path):
    saved(tmp_path / "other.plan.json")
    plan = json.loads((tmp_path / "other.plan.json").read_text("utf-8"))
    plan["resource_changes"][0]["address"] = "bucket.evil"
    (tmp_path / "other.plan.json").write_text(json.dumps(plan), "utf-8")
    assert offered(["show", "other.plan.json", ""]) == []


@pytest.mark.slow
@pytest.mark.parametrize("words", [["show", "prod.yaml", "log"], [""], ["schema", ""]])
def test_to_complete_imports_nothing_that_is_slow(file, words):
    code = (
        "import sys; from mfinfra.cli.app import main\n"
        "main(sys.argv[1:])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [BIN / "python", "-c", code, *words],
        capture_output=True, text=True, check=True, env={**os.environ, _completion.VARIABLE: "fish"},
    )  # fmt: skip
    assert done.stdout
    assert done.stderr == "[]\n"


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_of_its_shell_without_a_mistake(shell, run):
    script = run("completion", shell).out
    assert f"{_completion.VARIABLE}={shell} " in script
    assert f"mfinfra completion {shell}" in script.partition("_mfinfra")[0]
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    if shell == "bash":
        checked = [BIN / "shellcheck", "--shell", "bash", "--norc", "-"]
        if checked[0].exists():
            done = subprocess.run(checked, input=script, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout


STARTED = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(mfinfra completion bash)"'),
    "zsh": (["-f", "-i"], 'autoload -Uz compinit; compinit -u -D; eval "$(mfinfra completion zsh)"'),
    "fish": (["--no-config", "--interactive"], "mfinfra completion fish | source"),
}
TYPED = {
    "mfinfra show prod.yaml log_g": "show prod.yaml log_group.flows",
    "mfinfra plan prod.yaml --target log": "plan prod.yaml --target log_group.flows",
    "mfinfra valid": "validate",
    "mfinfra plan --det": "plan --detailed-exitcode",
    "mfinfra plan --format=mark": "plan --format=markdown",
    "mfinfra validate pro": "validate prod.yaml",
    "mfinfra show 'prod.yaml' log_g": "show prod.yaml log_group.flows",
}
# What is run is shown and not run; what completes is the program itself.
STAND_IN = """#!/bin/sh
if [ -n "$_MFINFRA_COMPLETE" ] || [ "$1" = completion ]; then exec {program} "$@"; fi
echo "ran: $*;"
"""


class Terminal:
    """A shell on a terminal of its own, to which keys are sent."""

    def __init__(self, shell, folder):
        arguments, start = STARTED[shell]
        program = folder / "bin" / "mfinfra"
        program.parent.mkdir()
        program.write_text(STAND_IN.format(program=BIN / "mfinfra"), "utf-8")
        program.chmod(0o700)
        environ = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "vt100"}
        self.screen = b""
        self.process, self.file = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(shell, [shell, *arguments], environ)
        self.send(f"{start}; echo rea''dy\n")
        self.wait(b"ready")

    def send(self, keys):
        os.write(self.file, keys.encode())

    def wait(self, wanted, seconds=20):
        """Read until `wanted` is on the screen; raises `AssertionError` with what is there instead."""
        last = time.monotonic() + seconds
        while wanted not in self.screen:
            ready, _, _ = select.select([self.file], [], [], max(0, last - time.monotonic()))
            assert ready, self.screen.decode(errors="replace")
            self.screen += os.read(self.file, 65536)

    def end(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.file)


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_works_in_the_shell_itself(shell, file, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    terminal = Terminal(shell, tmp_path)
    try:
        for typed, meant in TYPED.items():
            terminal.screen = b""
            terminal.send(f"{typed}\t\n")
            terminal.wait(b";")
            assert f"ran: {meant};" in terminal.screen.decode()
    finally:
        terminal.end()
