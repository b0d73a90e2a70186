"""Runs checks, side by side, each as soon as those that it needs are through; what they make is taken away again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

from mfinfra.errors import AccessDenied, MfinfraError
from mfinfra.model import Call, Check, Checked, Command, Document, Finding, Pause, Question, Stage, Touch, Verdict

PASSABLE = frozenset({Verdict.PASSED, Verdict.WARNING})
# Every other operation leaves something behind, or takes it away.
READING = ("Describe", "Get", "List", "Head", "BatchGet", "Simulate", "Lookup")
STOPPED = "the run was stopped"
OVER = {Stage.REMOVED: "made and removed {}", Stage.ENDED: "ran {}, which has ended"}

Execute = Callable[[Command, threading.Event], Document]


class Reader(Protocol):
    """What checks need of AWS."""

    parallelism: int

    def ask(self, call: Call) -> Any:
        """Send a call; the answer has a `document`."""
        ...


class Ended(BaseException):
    """Thrown into a check that is to end before its time; no `Exception`, so that no check takes it for an answer."""


def run(
    reader: Reader,
    checks: Sequence[Check],
    *,
    execute: Execute | None = None,
    stopped: threading.Event | None = None,
) -> Iterator[Checked]:
    """Every check with its findings, as they come."""
    return Run(reader, checks, execute, stopped or threading.Event()).results()


def ordered(checks: Sequence[Check], found: Sequence[Checked]) -> list[Checked]:
    """What was found, in the order of `checks`."""
    places = {check.id: place for place, check in enumerate(checks)}
    return sorted(found, key=lambda one: places[one.check.id])


def wanted(checks: Sequence[Check], only: Sequence[str] = (), skip: Sequence[str] = ()) -> list[Check]:
    """The checks that `only` names, and what they need; without those that `skip` names, and what needs them.

    A name is an id, or its beginning up to a dot: `datastore` for `datastore.object`.
    """
    needed = {check.id for check in checks if not only or any(_named(check.id, name) for name in only)}
    for check in reversed(checks):
        if check.id in needed:
            needed.update(check.needs)
    kept: list[Check] = []
    for check in checks:
        out = any(_named(check.id, name) for name in skip)
        if check.id in needed and not out and set(check.needs) <= {each.id for each in kept}:
            kept.append(check)
    return kept


def unknown(checks: Sequence[Check], names: Sequence[str]) -> list[str]:
    """The `names` that no check has."""
    return [name for name in names if not any(_named(check.id, name) for check in checks)]


def _named(id_: str, name: str) -> bool:
    return id_ == name or id_.startswith(f"{name}.")


@dataclass(slots=True)
class Run:
    """One run of `checks`; a check may only need those that stand before it.

    `execute` runs programs. Once `stopped` is set nothing new begins, and what is under way cleans up and ends. What
    went wrong inside of a check is among `bugs`: the others go on, and whoever told of them raises it.
    """

    reader: Reader
    checks: Sequence[Check]
    execute: Execute | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    done: dict[str, Checked] = field(default_factory=dict)
    bugs: list[Exception] = field(default_factory=list)
    running: dict[Future[Checked], Check] = field(default_factory=dict)

    def standing(self) -> str:
        """`12 of 27 checks done, client.flow is running`, for whoever waits."""
        names = [check.id for check in tuple(self.running.values())][:2]
        rest = f", {' and '.join(names)} running" if names else ""
        return f"{len(self.done)} of {len(self.checks)} checks done{rest}"

    def results(self) -> Iterator[Checked]:
        """Every check with its findings, as they come."""
        waiting = list(self.checks)
        with ThreadPoolExecutor(max_workers=max(1, self.reader.parallelism)) as pool:
            try:
                while waiting or self.running:
                    ready = self._ready(waiting)
                    waiting = [check for check in waiting if check not in ready]
                    yield from self._begin(pool, ready)
                    yield from self._finished()
            except BaseException:
                self.stopped.set()
                raise

    def _ready(self, waiting: Sequence[Check]) -> list[Check]:
        ready = [check for check in waiting if set(check.needs) <= self.done.keys()]
        if not (ready or self.running):
            raise AssertionError(f"{waiting[0].id} needs what does not stand before it")
        return ready

    def _begin(self, pool: ThreadPoolExecutor, ready: Sequence[Check]) -> Iterator[Checked]:
        for check in ready:
            missing = [need for need in check.needs if self.done[need].verdict not in PASSABLE]
            if missing:
                self.done[check.id] = skipped(check, missing)
                yield self.done[check.id]
            else:
                self.running[pool.submit(self._one, check)] = check

    def _finished(self) -> Iterator[Checked]:
        finished, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=lambda each: self.running[each].id):
            check = self.running.pop(future)
            self.done[check.id] = future.result()
            yield self.done[check.id]

    def _one(self, check: Check) -> Checked:
        """Run one check to its end; what AWS refuses and the check does not expect is a finding of its own."""
        one, began = _Asking(self, check), time.monotonic()
        try:
            findings = one.findings()
        except MfinfraError as error:
            findings = (refused(check, error),)
        except Ended as ended:
            findings = (one.ended(str(ended)),)
        except Exception as bug:  # noqa: BLE001 - kept, and raised once the others have been heard
            self.bugs.append(bug)
            findings = (Finding(Verdict.FAILED, check.id, f"a bug in mfinfra ended it: {bug!r}", "MF5006"),)
        return Checked(check, (*findings, *one.left()), time.monotonic() - began, one.told())


@dataclass(slots=True)
class _Asking:
    """One check under way: what it touched, whether it cleans up, and since when it runs."""

    run: Run
    check: Check
    touched: dict[str, Stage] = field(default_factory=dict)
    wrote: dict[str, None] = field(default_factory=dict)
    cleaning: bool = False
    until: float = 0.0

    def findings(self) -> tuple[Finding, ...]:
        self.until = time.monotonic() + self.check.limit
        if self.run.stopped.is_set():
            raise Ended(STOPPED)
        asker = self.check.ask()
        try:
            question = next(asker)
            while True:
                try:
                    answer = self._answer(question)
                    self._over(question)
                except (Exception, Ended) as error:  # noqa: BLE001 - whatever it is, the check must hear of it to clean up
                    question = asker.throw(error)
                else:
                    question = asker.send(answer)
        except StopIteration as ended:
            found: tuple[Finding, ...] = ended.value
            return found

    def _answer(self, question: Question) -> Document | None:
        match question:
            case Touch(what, stage):
                self.touched[what] = stage
                self.cleaning = self.cleaning or stage is not Stage.MADE
            case Pause(seconds):
                if self.cleaning:
                    time.sleep(seconds)
                else:
                    self.run.stopped.wait(min(seconds, max(0.0, self.until - time.monotonic())))
            case Command():
                if self.run.execute is None:
                    raise AssertionError(f"nothing here runs `{question}`")
                return self.run.execute(question, self.run.stopped)
            case Call():
                if not question.operation.startswith(READING):
                    self.wrote[str(question)] = None
                document: Document | None = self.run.reader.ask(question).document
                return document
        return None

    def _over(self, question: Question) -> None:
        """Raise `Ended` once; never while the check cleans up, nor between a note and what it is about.

        What a command that finishes says is heard: it names what has to be taken away.
        """
        if isinstance(question, Touch) or (isinstance(question, Command) and question.finishes):
            return
        late = time.monotonic() >= self.until
        if not self.cleaning and (late or self.run.stopped.is_set()):
            self.cleaning = True
            raise Ended("late" if late else STOPPED)

    def ended(self, why: str) -> Finding:
        if why == STOPPED:
            return Finding(Verdict.STOPPED, self.check.id, f"not finished: {STOPPED}")
        said = f"given up after {self.check.limit:.0f} s"
        return Finding(Verdict.FAILED, self.check.id, said, "MF5101", fix="run the check again; see `mfinfra doctor`")

    def left(self) -> tuple[Finding, ...]:
        """What could not be taken away again."""
        return tuple(
            Finding(Verdict.FAILED, what, "may still be there: it could not be removed", "MF5102", fix=f"remove {what}")
            for what, stage in self.touched.items()
            if stage not in OVER
        )

    def told(self) -> tuple[str, ...]:
        found = [
            OVER.get(stage, "made {}, which may still be there").format(what) for what, stage in self.touched.items()
        ]
        return tuple(found or self.wrote)


def skipped(check: Check, missing: Sequence[str]) -> Checked:
    """A check that has nothing to go on."""
    named = " and ".join(f"`{need}`" for need in missing)
    return Checked(check, (Finding(Verdict.SKIPPED, check.id, f"not checked: {named} did not pass"),))


def refused(check: Check, error: MfinfraError) -> Finding:
    """What AWS said no to, as a finding."""
    code = "MF5004" if isinstance(error, AccessDenied) else "MF5005"
    return Finding(Verdict.FAILED, check.id, str(error), code, fix=error.hint)
