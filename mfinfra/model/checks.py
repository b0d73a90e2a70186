"""Checks of a live environment: each asks questions, of AWS or of a program, and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from mfinfra.model.effects import Call
from mfinfra.model.values import Document


class Verdict(StrEnum):
    """How a check, or one finding of it, came out; the worst of its findings is a check's own."""

    PASSED = "passed"
    SKIPPED = "skipped"
    WARNING = "warning"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check says.

    `code` is explained by `mfinfra explain`; a finding that passed may have none. `subject` is an address, a key of
    Metaflow's or an id of AWS's. `message` is one sentence without a period, `evidence` what was seen, a fact each,
    `fix` what to do.
    """

    verdict: Verdict
    subject: str
    message: str
    code: str = ""
    evidence: tuple[str, ...] = ()
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run in a new folder with `files` (name → text) in it, which is removed afterwards.

    It sees the variables of `environment`, in whose values `{folder}` is that folder, and those by which AWS is
    reached, and nothing else of the user's. The answer has `code` (`None` if `limit` seconds passed: then it was
    ended), `stdout` and `stderr`. One that `finishes` is let alone when the run is stopped: it takes seconds.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    limit: float = 120.0
    finishes: bool = False

    def __str__(self) -> str:
        return " ".join(self.arguments)


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds; it ends at once when the run is stopped, unless things are being removed."""

    seconds: float


class Stage(StrEnum):
    """How far a check is with something that it makes."""

    MADE = "made"
    REMOVING = "removing"
    REMOVED = "removed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Touch:
    """No question, a note: told as `MADE` before something is made, and as `REMOVED` once it is surely gone.

    What nobody can remove, as a job, is `ENDED`. From `REMOVING` on the check is not interrupted any more.
    """

    what: str
    stage: Stage = Stage.MADE


Question: TypeAlias = Call | Command | Pause | Touch
CheckQuestions: TypeAlias = Generator[Question, Document | None, tuple[Finding, ...]]
"""Yields one question at a time and is sent its answer; what AWS refuses is thrown into it as an `AwsError`.

What it made it takes away again in a `finally`, by asking for that too. Where it is to end before its time, a
`BaseException` is thrown into it.
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `id` is stable and dotted (`datastore.put`), `group` the branch of the report it stands in.

    It is skipped unless every check of `needs` passed, or only warned. Behind `limit` seconds it is asked to end.
    """

    id: str
    group: str
    title: str
    ask: Callable[[], CheckQuestions]
    needs: tuple[str, ...] = ()
    limit: float = 120.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A check with what came of it; `seconds` it took; `touched` is what it wrote to, `made and removed s3://…`."""

    check: Check
    findings: tuple[Finding, ...]
    seconds: float = 0.0
    touched: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst that was found; a check that says nothing passed."""
        found = {finding.verdict for finding in self.findings}
        return next((verdict for verdict in reversed(Verdict) if verdict in found), Verdict.PASSED)
