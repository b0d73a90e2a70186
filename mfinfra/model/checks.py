"""Checks of a live environment: each asks AWS questions and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mfinfra.model.effects import Call
from mfinfra.model.values import Document


class Verdict(StrEnum):
    """How a check, or one finding of it, came out; the worst of its findings is a check's own."""

    PASSED = "passed"
    SKIPPED = "skipped"
    WARNING = "warning"
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


CheckQuestions: TypeAlias = Generator[Call, Document | None, tuple[Finding, ...]]
"""Yields one question at a time and is sent its answer; what AWS refuses is thrown into it as an `AwsError`.

What it made it takes away again in a `finally`, by asking for that too.
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `id` is stable and dotted (`datastore.put`), `group` the branch of the report it stands in.

    It is skipped unless every check of `needs` passed, or only warned.
    """

    id: str
    group: str
    title: str
    ask: Callable[[], CheckQuestions]
    needs: tuple[str, ...] = ()


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
