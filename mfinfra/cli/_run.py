"""What plan, apply and destroy share: review a file against AWS, and carry a reviewed plan out."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mfinfra import desired, reconcile
from mfinfra.apply import Run
from mfinfra.aws import session
from mfinfra.cli import _failure, _saved, _signals
from mfinfra.document import Reading
from mfinfra.errors import Incomplete, Refused
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options
from mfinfra.render import console, problems, progress, report, streams, text
from mfinfra.render.inert import line


def read(file: Path, command: str) -> Reading:
    """The environment file, all problems raised at once.

    Of endpoints that only the environment names `plan` warns; what writes is refused before anything is sent there.
    """
    _saved.refuse(file, command)
    reading = desired.read(file)
    if command != "plan":
        session.guard_endpoints(reading.environment.access)
    elif not reading.environment.access.endpoint:
        for name, url in session.foreign_endpoints().items():
            said = f"`{name}` is set: what is read here comes from `{url}`, not from AWS"
            console.write(problems.warning(said, "apply refuses to run like this; unset it"), sys.stderr)
    return reading


def review(reading: Reading, options: Options, parallelism: int) -> reconcile.Reviewed:
    """Observe AWS and compare."""
    scope = reading.environment.scope
    with progress.doing(f"reading {line(scope.account)} in {line(scope.region)}", sys.stderr):
        return reconcile.review(reading, options, parallelism=parallelism)


def nothing_to_do(reviewed: reconcile.Reviewed) -> bool:
    """Whether live state is as wished already, and usable; then that is the report."""
    if not reviewed.plan.work:
        console.write(text.verdict(reviewed.document), sys.stdout)
    return not reviewed.plan.work


def show(reviewed: reconcile.Reviewed) -> None:
    """The plan, where the person who is about to be asked reads it."""
    console.write(text.lines(reviewed.document), sys.stderr)


def unblocked(reviewed: reconcile.Reviewed, allowed: Allowed) -> Run:
    """The run of a plan that was just shown; raises `Refused`: what the plan says of each block is not repeated."""
    blocks = reviewed.plan.lifted(allowed).blocks
    if len(blocks) > 1:
        lifts = "\n".join(f"{address or 'the plan'}: {block.hint}" for address, block in blocks)
        raise Refused(f"{len(blocks)} guards refuse this plan; nothing was changed", hint=lifts, code="MF4100")
    return reviewed.apply(allowed)


def carry_out(run: Run, verb: str) -> int:
    """Carry the plan out: progress on stderr, the report on stdout; returns the exit code."""
    board, tally, began = progress.Board(), report.Tally(), time.monotonic()

    def announce(said: str) -> None:
        board.notice = said
        if not streams.interactive(sys.stderr):
            streams.put(f"{said}\n", sys.stderr)

    with _signals.stopping(run.stop, announce) as stopped:
        for event in progress.follow(run.events(), sys.stderr, board):
            tally.take(event)
    interrupted = bool(stopped.code) and not tally.whole
    console.write(report.lines(tally, time.monotonic() - began, verb, interrupted=interrupted), sys.stdout)
    bugs = [_failure.bug(error) for error in tally.bugs]
    if stopped.code:
        return stopped.code
    if tally.whole:
        return 0
    return Incomplete.exit_code if tally.calls else max(bugs, default=1)
