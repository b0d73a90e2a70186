"""Findings of one cause made one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mfinfra.model import Finding, Verdict

MOST = 6
"""How many facts of one finding are shown."""
_WORST = (Verdict.FAILED, Verdict.WARNING, Verdict.SKIPPED, Verdict.PASSED)


def merged(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Equal findings as one with the evidence of all, cut to what a person reads; the worst come first."""
    groups: dict[tuple[str, str, str, Verdict], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.code, finding.subject, finding.message, finding.verdict), []).append(finding)
    whole = [
        replace(group[0], evidence=_cut(fact for one in group for fact in one.evidence)) for group in groups.values()
    ]
    return tuple(sorted(whole, key=lambda finding: _WORST.index(finding.verdict)))


def _cut(facts: Iterable[str]) -> tuple[str, ...]:
    distinct = tuple(dict.fromkeys(facts))
    rest = len(distinct) - MOST
    return distinct if rest <= 0 else (*distinct[:MOST], f"and {rest} more")
