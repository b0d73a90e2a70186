"""What plan, apply and destroy share: review a file against AWS, and carry a reviewed plan out."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from mfinfra import desired, operation, reconcile
from mfinfra.aws import session
from mfinfra.cli import _endpoints, _failure, _saved, _signals, _telling
from mfinfra.cli._telling import Telling
from mfinfra.document import Reading
from mfinfra.errors import Incomplete, Locked, Refused
from mfinfra.operation import Locking
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options
from mfinfra.render import console, inert, looks, progress, report, streams, text


def read(file: Path, command: str) -> Reading:
    """The environment file, all problems raised at once.

    Of endpoints that only the environment names the readers warn; what writes is refused before anything is sent there.
    """
    _saved.refuse(file, command)
    reading = desired.read(file)
    if command not in {"plan", "drift"}:
        session.guard_endpoints(reading.environment.access)
    elif not reading.environment.access.endpoint:
        _endpoints.warn("apply refuses to run like this; unset it")
    return reading


def review(reading: Reading, options: Options, parallelism: int, *, writes: bool = False) -> reconcile.Reviewed:
    """Observe AWS and compare; `writes` says that the plan is going to be carried out."""
    scope = reading.environment.scope
    with progress.doing(f"reading {inert.line(scope.account)} in {inert.line(scope.region)}", sys.stderr):
        return reconcile.review(reading, options, parallelism=parallelism, writes=writes)


def nothing_to_do(reviewed: reconcile.Reviewed, telling: Telling) -> bool:
    """Whether live state is as wished already, and usable; then that is the report."""
    if not reviewed.plan.work:
        telling.plan(reviewed.document)
        telling.report(text.verdict(reviewed.document))
        telling.stream.end(0, telling.tally, telling.elapsed)
    return not reviewed.plan.work


def show(reviewed: reconcile.Reviewed, allowed: Allowed) -> None:
    """The plan as it is going to be carried out, where the person who is about to be asked reads it."""
    console.write(text.lines(reviewed.shown(allowed)), sys.stderr)


def refuse_blocked(reviewed: reconcile.Reviewed, allowed: Allowed) -> None:
    """Raise `Refused` for a plan that was just shown: what it says of each guard is not repeated."""
    blocks = reviewed.plan.lifted(allowed).blocks
    if len(blocks) > 1:
        lifts = "\n".join(f"{address or 'the plan'}: {block.hint}" for address, block in blocks)
        raise Refused(f"{len(blocks)} guards refuse this plan; nothing was changed", hint=lifts, code="MF4100")
    for _, block in blocks:
        raise Refused(block.message, hint=block.hint, code=block.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the command line wants a plan carried out."""

    allowed: Allowed
    locking: Locking
    parallelism: int
    preflight: bool
    json: bool
    json_into: Path | None


def carry_out(reviewed: reconcile.Reviewed, way: Way, telling: Telling, *, binding: bool) -> int:
    """Carry the plan out: progress on stderr, the report on stdout; returns the exit code.

    `binding`: somebody approved this very plan.
    """
    options = reviewed.plan.options
    name = "destroy" if options.destroy else "forget" if options.forget else "apply"
    document = reviewed.shown(way.allowed)
    telling.plan(document)
    stage = _Stage(progress.Board.of(document), telling, way)
    run = operation.Operation(
        reviewed,
        way.allowed,
        way.locking,
        name,
        stage.announce,
        stage.waits,
        binding=binding,
        replanned=stage.replanned,
        preflight=way.preflight,
    )
    # To the last word: who ends the command while the report is written has still changed something.
    with _signals.stopping(run.stop, stage.announce) as stopped:
        try:
            for event in progress.follow(run.events(), sys.stderr, stage.board):
                telling.take(event)
        except Locked:
            if not stopped.code or telling.tally.calls:
                raise
            raise _signals.Interrupted(stopped.code) from None
        except Incomplete:
            stage.report(name)
            raise
        stage.report(name, interrupted=bool(stopped.code) and not telling.tally.whole)
        code = _code(telling.tally, stopped.code)
        telling.stream.end(code, telling.tally, telling.elapsed)
    return code


@dataclass(slots=True)
class _Stage:
    """Where what a run says besides its events is heard: above the table, in the log, in the stream."""

    board: progress.Board
    telling: Telling
    way: Way
    began: float = field(default_factory=time.monotonic)

    def announce(self, said: str) -> None:
        """What is no event."""
        self._show(said)
        self.telling.stream.notice(said)

    def waits(self, said: str) -> None:
        """Whom the run waits for."""
        self._show(said)
        self.telling.stream.lock_wait(said)

    def replanned(self, now: reconcile.Reviewed) -> None:
        """Another plan is carried out than the one that was shown."""
        fresh = now.shown(self.way.allowed)
        self.board.replan(fresh)
        self.telling.plan(fresh)
        self.announce("AWS changed before the lock was taken; what is carried out is now: " + looks.verdict(fresh))
        if not streams.interactive(sys.stderr):  # a live table stands where these lines would go
            console.write(text.lines(fresh, summary=True), sys.stderr)

    def report(self, name: str, *, interrupted: bool = False) -> None:
        """What was done, for people."""
        elapsed = time.monotonic() - self.began
        self.telling.report(report.lines(self.telling.tally, elapsed, name.capitalize(), interrupted=interrupted))

    def _show(self, said: str) -> None:
        self.board.notice = said
        _telling.stderr(said)


def _code(tally: report.Tally, stopped: int) -> int:
    bugs = [_failure.bug(error) for error in tally.bugs]
    if stopped:
        return stopped
    if tally.whole:
        return 0
    return Incomplete.exit_code if tally.calls else max(bugs, default=1)
