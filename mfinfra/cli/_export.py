"""What the targets of `mfinfra export` share: look at AWS, write, say what to know."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from rich.text import Text

from mfinfra import files
from mfinfra.cli import _run
from mfinfra.errors import Problem, UserError
from mfinfra.exporting import subjects
from mfinfra.exporting.subjects import Chosen
from mfinfra.exporting.written import Written
from mfinfra.planning.plan import Options
from mfinfra.render import console, inert, problems, streams

DIFFERENT = "MF5751"
OCCUPIED = "MF5752"


def chosen(file: Path, parallelism: int, *, strict: bool) -> Chosen:
    """What is exported of the file's environment; with `strict` it must be as the file wishes."""
    reviewed = _run.review(_run.read(file, "export"), Options(), parallelism)
    found = subjects.of(reviewed.plan)
    if strict and found.differing:
        named = ", ".join(f"`{address}`" for address in sorted(found.differing))
        raise UserError(
            f"AWS is not as the file wishes at {named}, and `--strict` then writes nothing",
            hint=f"`mfinfra apply {file}` first; without `--strict` the file's wish is written",
            code=DIFFERENT,
        )
    return found


def put(found: Chosen, write: Callable[[Chosen], Written], out: Path | None) -> int:
    """Print the whole on stdout, or write its files into `out`; returns the exit code."""
    done = write(found)
    if out is None:
        streams.put(done.whole, sys.stdout)
    else:
        _write(done, out)
    _tell(done)
    return 0


def _write(done: Written, out: Path) -> None:
    """Write the files; raises `UserError` where others of these names are, which somebody else has written."""
    if taken := _taken(done, out):
        raise UserError(
            f"`{out}` has a `{taken}` that is no export of this environment", hint="name an empty folder", code=OCCUPIED
        )
    for name, text in done.files.items():
        try:
            out.mkdir(parents=True, exist_ok=True)
            files.write(text, out / name)
        except OSError as error:
            said = f"`{out / name}` cannot be written: {files.why(error)}"
            raise UserError(said, hint="name a folder of yours") from error
        streams.put(f"written to {inert.line(out / name)}\n", sys.stderr)


def _taken(done: Written, out: Path) -> str:
    """The file that somebody else has written, by its first line; one that has none goes by the others."""
    if links := [name for name in done.files if files.strange(out / name)]:
        return links[0]
    there = [name for name in done.files if (out / name).exists()]
    marked = [name for name in there if done.files[name].startswith(done.mark)]
    strange = [name for name in marked if not _begins(out / name, done.mark)]
    return next(iter(strange if marked else there), "")


def _begins(path: Path, mark: str) -> bool:
    try:
        return path.read_text("utf-8").startswith(mark)
    except (OSError, UnicodeDecodeError):
        return False


def _tell(done: Written) -> None:
    """What to know, on stderr: it stands in the document too."""
    for said in done.warnings:
        found = Problem(
            said, code=DIFFERENT, severity="warning", hint="apply first: the other tool's plan is then empty"
        )
        console.write(problems.problem(found), sys.stderr)
    for said in done.notes:
        console.write([Text(f"note: {inert.line(said)}")], sys.stderr)
