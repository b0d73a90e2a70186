"""One file, checked offline."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mfinfra import desired
from mfinfra.errors import InvalidDocument, Problem
from mfinfra.plural import counted
from mfinfra.render import inert


@dataclass(frozen=True, slots=True)
class Checked:
    """A file and what was found in it; `resources` are counted where it is valid.

    `suppressed` are the warnings that the file lets stand.
    """

    file: Path
    problems: tuple[Problem, ...]
    resources: int = 0
    suppressed: tuple[Problem, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether it may be planned: warnings do not hinder it."""
        return not self.errors

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(1 for problem in self.problems if problem.severity == "error")


def check(file: Path) -> Checked:
    """Read `file`, and keep what is wrong with it."""
    try:
        reading = desired.read(file)
    except InvalidDocument as invalid:
        return Checked(file, invalid.problems)
    environment = reading.environment
    resources = len(environment.resources) + len(environment.disabled)
    return Checked(file, reading.warnings, resources, reading.suppressed)


def show(found: Sequence[Problem]) -> None:
    """Print problems and warnings on stderr."""
    if found:
        from mfinfra.render import console, problems

        console.write(problems.problems(found), sys.stderr)


def more(found: Sequence[Problem]) -> None:
    """Say on stderr, once, who explains what a code means; the first error's stands for all."""
    if found:
        from rich.text import Text

        from mfinfra.render import console

        code = next((one for one in found if one.severity == "error"), found[0]).code
        console.write([Text(f"`mfinfra explain {inert.line(code)}` says more", "dim")], sys.stderr)


def verdicts(checked: Sequence[Checked]) -> str:
    """`FILE: valid, 12 resources`, or how many errors, one line for each file."""
    lines = []
    for one in checked:
        said = ["valid", _counted(one.resources, "resource") or "no resources"] if one.valid else ["not valid"]
        suppressed = _counted(len(one.suppressed), "warning")
        counts = (
            _counted(one.errors, "error"),
            _counted(len(one.problems) - one.errors, "warning"),
            f"{suppressed} suppressed" if suppressed else "",
        )
        lines.append(f"{inert.line(one.file)}: {', '.join([*said, *filter(None, counts)])}\n")
    return "".join(lines)


def _counted(count: int, noun: str) -> str:
    return counted(count, noun) if count else ""
