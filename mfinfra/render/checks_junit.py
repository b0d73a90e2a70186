"""What checks found as JUnit XML: a suite for each group, a case for each check, with the seconds it took.

A check that failed is a failure, one that was skipped or not finished is skipped, and a warning stands in the output
of its case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mfinfra.model import Checked, Finding, Scope, Verdict
from mfinfra.render import checks, junit_cases
from mfinfra.render.junit_cases import Case, Failure


def text(command: str, scope: Scope, checked: Sequence[Checked]) -> str:
    """The report as XML text."""
    suites: dict[str, list[Case]] = {}
    for one in checked:
        suites.setdefault(one.check.group, []).append(_case(one, command))
    return junit_cases.text(f"mfinfra {command}: {scope.environment}", suites)


def _case(one: Checked, command: str) -> Case:
    failed = [finding for finding in one.findings if finding.verdict is Verdict.FAILED]
    skipped = one.verdict in (Verdict.SKIPPED, Verdict.STOPPED)
    return Case(
        f"{command}.{one.check.id.partition('.')[0]}",
        one.check.id,
        _failure(failed) if failed else None,
        tuple(line for finding in one.findings if not skipped for line in _lines(finding)) + one.touched,
        "; ".join(checks.told(finding) for finding in one.findings) if skipped else None,
        one.seconds,
    )


def _failure(failed: Sequence[Finding]) -> Failure:
    codes = dict.fromkeys(finding.code for finding in failed if finding.code)
    said = "; ".join(checks.told(finding) for finding in failed)
    return Failure(" ".join(codes), said, "\n".join(line for finding in failed for line in _lines(finding)))


def _lines(finding: Finding) -> Iterator[str]:
    code = f" [{finding.code}]" if finding.code else ""
    yield f"{finding.verdict}: {checks.told(finding)}{code}"
    yield from (f"  seen: {fact}" for fact in finding.evidence)
    if finding.fix:
        yield f"  fix: {finding.fix}"
