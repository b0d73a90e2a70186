"""What `verify` and `doctor` share: their flags, a run that can be stopped, and the report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

if TYPE_CHECKING:
    from mfinfra.aws.session import Aws
    from mfinfra.checking import Run
    from mfinfra.model import Checked, Environment, Scope


class Format(StrEnum):
    """What findings are printed as."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


FormatOption = Annotated[
    Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to print the findings as.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CHECK",
        envvar="MFINFRA_ONLY",
        help="Only this check (`batch.queue`) or group (`batch`), and what it needs. May be repeated.",
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option(
        "--skip",
        metavar="CHECK",
        envvar="MFINFRA_SKIP",
        help="Leave out this check or group, and what needs it. May be repeated.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", envvar="MFINFRA_STRICT", help="Warnings fail too.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", envvar="MFINFRA_VERBOSE", help="Tell what was seen where all is well, too.")
]


def connect(environment: Environment, parallelism: int) -> Aws:
    """The way to AWS; raises `Refused` where what is written would go elsewhere than the file says."""
    from mfinfra.aws import session

    return session.connect(environment.access, environment.scope, parallelism=parallelism, writes=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: the checks in order, the exit code of a signal that came, and what was wrong in a check."""

    checked: Sequence[Checked]
    signal: int
    bugs: Sequence[Exception]


def follow(run: Run) -> Outcome:
    """Carry out a run.

    The first signal ends what is under way; what was made is removed first.
    """
    from rich.text import Text

    from mfinfra import checking
    from mfinfra.cli import _signals
    from mfinfra.render import console, progress

    def announce(_: str) -> None:
        console.write(
            [Text("stopping: what was made is removed, nothing new begins; once more ends at once")], sys.stderr
        )
        if run.execute is not None:
            said = "hint: to end at once may leave what is called `mfinfra-verify-…`: `mfinfra explain MF5125`"
            console.write([Text(said)], sys.stderr)

    with _signals.stopping(run.stopped.set, announce) as stopped, progress.doing(run.standing, sys.stderr):
        found = list(run.results())
    return Outcome(checking.ordered(run.checks, found), stopped.code, run.bugs)


def put(  # noqa: PLR0913 - what a report is made of
    command: str, scope: Scope, checked: Sequence[Checked], format_: Format, stream: TextIO, *, verbose: bool
) -> None:
    """Print the report."""
    from mfinfra.render import checks, checks_junit, console, json, streams

    match format_:
        case Format.JSON:
            streams.put(json.text(checks.document(command, scope, checked)), stream)
        case Format.JUNIT:
            streams.put(checks_junit.text(command, scope, checked), stream)
        case Format.TEXT:
            console.write(checks.lines(checked, verbose=verbose), stream)


def code(outcome: Outcome, *, strict: bool) -> int:
    """The signal's, else 1 if a check failed, or warned and that counts; raises a bug, now that all is told."""
    from mfinfra.model import Verdict
    from mfinfra.render import checks

    for bug in outcome.bugs:
        raise bug
    if outcome.signal:
        return outcome.signal
    worst = checks.worst(outcome.checked)
    return 1 if worst is Verdict.FAILED or (strict and worst is Verdict.WARNING) else 0
