"""A page whose commands are run: files and commands read off its fenced blocks, in the order in which they stand.

A fenced block of `console` holds commands (`$ …`) and what each prints. Shown is stdout; of a command that
fails, stderr. A line `…` stands for one or more lines that are left out. A block of another language with a title is
a file of that name.
A comment before a block says more: `<!-- exits 2 -->`, `<!-- needs metaflow -->`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import forked

BLOCK = re.compile(
    r"^(?:<!-- (?P<said>[^\n]*) -->\n)?```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
PATIENCE = 300.0
"""Seconds until a command counts as one that does not end."""
VARYING = (
    (re.compile(r"\b(vpce|sg|lt|eni)-[0-9a-f]{17}\b"), r"\1-<id>"),
    (re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?\b"), "<moment>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<job>"),
    (re.compile(r"(?<=  )[0-9a-f]{6}(?=  )"), "<hash>"),
    (re.compile(r"\[[0-9]{16}/(\w+)/([0-9]+) \(pid [0-9]+\)\]"), r"[<run>/\1/\2 (pid <pid>)]"),
    (re.compile(r"\brun-id [0-9]{16}\b"), "run-id <run>"),
    (re.compile(r"  +[0-9]+(\.[0-9]+)? s$"), ""),  # behind a row stands only a time that is worth telling
    (re.compile(r"\b[0-9]+(\.[0-9]+)? s\b"), "<time>"),
    (re.compile(r"http://127\.0\.0\.1:[0-9]+"), "http://127.0.0.1:<port>"),
    (re.compile(r"\(process [0-9]+\)"), "(process <pid>)"),
    (re.compile(r"\b\S+@\S+(?=  )"), "<who>"),
    (re.compile(r"mfinfra-verify-[0-9a-f]+"), "mfinfra-verify-<id>"),
    (re.compile(r"Metaflow [0-9]+(\.[0-9]+)+"), "Metaflow <version>"),
    (re.compile(r"mfinfra [0-9]+(\.[0-9]+)+\S*"), "mfinfra <version>"),
    (re.compile(r"  +"), "  "),
)
"""What another run has other values for, and how it is compared; columns may become wider by it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that the reader saves."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that the reader types, and what the page shows of its answer."""

    line: str
    shown: tuple[str, ...]
    code: int = 0
    needs: str = ""


def steps(text: str) -> list[Saved | Typed]:
    """What the reader of a page does, in order."""
    found: list[Saved | Typed] = []
    for block in BLOCK.finditer(text):
        if block["title"] and block["language"] != "console":
            found.append(Saved(block["title"], block["body"]))
        elif block["language"] == "console":
            found += _typed(block["body"], block["said"] or "")
    return found


def _typed(body: str, said: str) -> list[Typed]:
    first, *parts = re.split(r"^\$ ", body.replace("\\\n", " "), flags=re.MULTILINE)
    if first.strip():
        raise ValueError(f"output without a command: {first.strip()!r}")
    code = re.search(r"exits ([0-9]+)", said)
    needs = re.search(r"needs (\w+)", said)
    return [
        Typed(
            part.partition("\n")[0],
            tuple(part.partition("\n")[2].rstrip("\n").splitlines()),
            int(code[1]) if code else 0,
            needs[1] if needs else "",
        )
        for part in parts
    ]


def normal(line: str) -> str:
    """The line without what is another in each run."""
    for pattern, instead in VARYING:
        line = pattern.sub(instead, line)
    return line.rstrip()


def differs(shown: tuple[str, ...], printed: str) -> str:
    """Where what is shown is not what was printed; empty where it is."""
    have = [normal(line) for line in printed.rstrip("\n").splitlines()]
    at, skipped = 0, False
    for line in shown:
        if line.strip() == ELLIPSIS:
            skipped = True
            continue
        want = normal(line)
        if skipped:
            later = [index for index in range(at + 1, len(have)) if have[index] == want]
            if not later:
                return f"not printed behind what was left out: {line!r}"
            at, skipped = later[0] + 1, False
        elif at < len(have) and have[at] == want:
            at += 1
        else:
            return f"shown {want!r}, printed {have[at] if at < len(have) else 'nothing more'!r}"
    if skipped:
        return "" if at < len(have) else "nothing was left out at the end"
    return f"not shown: {have[at]!r}" if at < len(have) else ""


def programs() -> Path:
    """The folder of the `mfinfra` that is tried out: `MFINFRA_BIN`, else that of the Python which runs the tests."""
    return Path(os.environ.get("MFINFRA_BIN") or Path(sys.executable).parent).absolute()


def surroundings(folder: Path) -> dict[str, str]:
    """The variables of a newcomer's shell of 80 columns, whose home is in `folder`."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": f"{programs()}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(home),
        "COLUMNS": "80",
        "LANG": "C.UTF-8",
        "MFINFRA_SANDBOX_DIR": str(folder / "sandbox"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def has(program: str) -> bool:
    """Whether the Python beside `mfinfra` can import `program`."""
    python = shutil.which("python", path=str(programs()))
    command = f"import importlib.util as u; raise SystemExit(u.find_spec({program!r}) is None)"
    return python is not None and subprocess.run([python, "-c", command], check=False).returncode == 0


@dataclass(frozen=True, slots=True)
class Shell:
    """Where a reader types: a folder, and variables. Without a `forge` every program is started as a shell does it."""

    work: Path
    environ: dict[str, str]
    forge: forked.Forge | None = None

    def run(self, line: str) -> tuple[int, str, str]:
        """The exit code of a line, and what it wrote to stdout and stderr."""
        words = shlex.split(line)
        if self.forge is None or words[0] != "mfinfra" or re.search(r"[|&;<>$`*?]", line):
            ran = subprocess.run(
                ["sh", "-c", line],
                cwd=self.work, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=PATIENCE, check=False,
            )  # fmt: skip
            return ran.returncode, ran.stdout, ran.stderr
        with Path(os.devnull).open("rb") as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
            request = forked.Request(tuple(words[1:]), self.environ, str(self.work), forked.STREAMS)
            code = self.forge.run(request, [nothing.fileno(), out.fileno(), told.fileno()], PATIENCE)
            out.seek(0), told.seek(0)
            return code, out.read().decode(), told.read().decode()


def walk(text: str, folder: Path) -> list[str]:
    """Do what the page says, then stop the sandbox; the differences between what it shows and what happens.

    The mfinfra of this environment is forked from one that is imported already; one that is tried out is started.
    """
    work, wrong = folder / "work", []
    work.mkdir()
    with ExitStack() as open_:
        forge = None if "MFINFRA_BIN" in os.environ else open_.enter_context(forked.forge())
        shell = Shell(work, surroundings(folder), forge)
        open_.callback(_stop, shell)
        for step in steps(text):
            if isinstance(step, Saved):
                (work / step.name).write_text(step.text, "utf-8")
            elif not step.needs or has(step.needs):
                wrong += _done(step, shell)
    return wrong


def _stop(shell: Shell) -> None:
    code, _, told = shell.run("mfinfra sandbox stop")
    if code:
        raise RuntimeError(told)


def _done(step: Typed, shell: Shell) -> list[str]:
    code, out, told = shell.run(step.line)
    if code != step.code:
        return [f"$ {step.line}\nexits {code}, not {step.code}:\n{out}{told}"]
    printed = told if step.code not in (0, 2) else out
    difference = differs(step.shown, printed)
    return [f"$ {step.line}\n{difference}\nall of it:\n{printed}"] if difference else []
