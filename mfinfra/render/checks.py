"""What checks found: as a tree for people, and as a document for programs. Colour never stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.text import Text

from mfinfra.model import Checked, Finding, Scope, Verdict
from mfinfra.plural import counted
from mfinfra.render import inert
from mfinfra.render.board import seconds

FORMAT_VERSION = "1.0"
WORDS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PASSED: ("ok", "green"),
    Verdict.SKIPPED: ("skip", "dim"),
    Verdict.WARNING: ("warn", "yellow"),
    Verdict.STOPPED: ("stop", "bold yellow"),
    Verdict.FAILED: ("FAIL", "bold red"),
}
WIDEST_ID = 24
NOTICEABLE = 0.05  # seconds
MINUTE = 60.0
QUIET = (Verdict.PASSED, Verdict.SKIPPED, Verdict.STOPPED)
"""What one sentence is enough for."""
SAID = 8  # columns


def document(command: str, scope: Scope, checked: Sequence[Checked]) -> dict[str, Any]:
    """What `--format json` prints; its schema is `schemas/checks.json`."""
    tally = Counter(one.verdict for one in checked)
    return {
        "format_version": FORMAT_VERSION,
        "command": command,
        "environment": {"name": scope.environment, "account": scope.account, "region": scope.region},
        "verdict": str(worst(checked)),
        "summary": {str(verdict): tally[verdict] for verdict in Verdict},
        "touched": list(touched(checked)),
        "checks": [_row(one) for one in checked],
    }


def lines(checked: Sequence[Checked], *, verbose: bool = False) -> Iterator[Text]:
    """The tree, what was touched, and the verdict; `verbose` tells of what passed too."""
    width = min(WIDEST_ID, max((len(one.check.id) for one in checked), default=0))
    for group, members in groupby(checked, key=lambda one: one.check.group):
        yield Text(inert.line(group), "bold")
        for one in members:
            yield from _branch(one, width, verbose)
        yield Text()
    yield from _touched(checked)
    yield verdict(checked)


def verdict(checked: Sequence[Checked]) -> Text:
    """What all of it comes to, in one line."""
    tally = Counter(one.verdict for one in checked)
    rest = [f"{tally[Verdict.SKIPPED]} skipped"] if tally[Verdict.SKIPPED] else []
    warned = [f"{tally[Verdict.WARNING]} with warnings"] if tally[Verdict.WARNING] else []
    passed = tally[Verdict.PASSED] + tally[Verdict.WARNING]
    if tally[Verdict.FAILED]:
        said = [f"{tally[Verdict.FAILED]} of {counted(len(checked), 'check')}", f"{passed} passed", *warned, *rest]
        return Text.assemble(("Failed: ", "bold red"), f"{', '.join(said)}.")
    if tally[Verdict.STOPPED]:
        said = [f"{tally[Verdict.STOPPED]} of {counted(len(checked), 'check')} not finished", f"{passed} passed"]
        return Text.assemble(("Stopped: ", "bold yellow"), f"{', '.join([*said, *warned, *rest])}.")
    style = "bold yellow" if warned else "bold green"
    return Text.assemble(("Passed: ", style), f"{', '.join([counted(passed, 'check'), *warned, *rest])}.")


def worst(checked: Sequence[Checked]) -> Verdict:
    """What it comes to: a check that failed, was stopped or warned, in this order; to be skipped is no failure."""
    found = {one.verdict for one in checked}
    return next((each for each in (Verdict.FAILED, Verdict.STOPPED, Verdict.WARNING) if each in found), Verdict.PASSED)


def touched(checked: Sequence[Checked]) -> tuple[str, ...]:
    """Everything that was written to, each once."""
    return tuple(dict.fromkeys(what for one in checked for what in one.touched))


def told(finding: Finding) -> str:
    """`subject: message`."""
    return ": ".join(filter(None, (finding.subject, finding.message)))


def took(value: float) -> str:
    """`0.4 s`, `12.0 s`, `1 min 20 s`."""
    return f"{value:.1f} s" if value < MINUTE else seconds(value)


def _branch(one: Checked, width: int, verbose: bool) -> Iterator[Text]:
    word, style = WORDS[one.verdict]
    alone = one.findings[0] if len(one.findings) == 1 and one.verdict in QUIET else None
    line = Text("  ").append(f"{word:<4}", style).append(f"  {inert.line(one.check.id):<{width}}  ")
    line.append(inert.line(alone.message if alone else one.check.title), "dim" if style == "dim" else "")
    if one.seconds >= NOTICEABLE:
        line.append(f"  {took(one.seconds)}", "dim")
    yield line
    for finding in one.findings:
        if finding is alone:
            yield from _details(finding, verbose)
        elif verbose or finding.verdict is not Verdict.PASSED:
            yield _finding(finding)
            yield from _details(finding, verbose or finding.verdict is not Verdict.SKIPPED)


def _finding(finding: Finding) -> Text:
    word, style = WORDS[finding.verdict]
    line = Text(" " * SAID)
    if finding.verdict in QUIET:
        line.append(f"{word}: ", style)
    line.append(inert.line(told(finding)))
    return line.append(f" [{inert.line(finding.code)}]", "dim") if finding.code else line


def _details(finding: Finding, evidence: bool) -> Iterator[Text]:
    for fact in finding.evidence if evidence else ():
        for number, part in enumerate(inert.lines(fact)):
            yield Text(" " * (SAID + 2)).append("      " if number else "seen: ", "dim").append(part)
    for number, part in enumerate(inert.lines(finding.fix) if finding.fix else ()):
        yield Text(" " * (SAID + 2)).append("     " if number else "fix: ", "bold cyan").append(part)


def _touched(checked: Sequence[Checked]) -> Iterator[Text]:
    found = touched(checked)
    if not found:
        yield Text("Touched: nothing, every question only read.")
    else:
        yield Text("Touched", "bold")
        for what in found:
            yield Text("  ").append(inert.line(what))
    yield Text()


def _row(one: Checked) -> dict[str, Any]:
    return {
        "id": one.check.id,
        "group": one.check.group,
        "title": one.check.title,
        "verdict": str(one.verdict),
        "seconds": round(one.seconds, 3),
        "touched": list(one.touched),
        "findings": [_said(finding) for finding in one.findings],
    }


def _said(finding: Finding) -> dict[str, Any]:
    return {
        "verdict": str(finding.verdict),
        "code": finding.code or None,
        "subject": finding.subject,
        "message": finding.message,
        "evidence": list(finding.evidence),
        "fix": finding.fix,
    }
