"""One file, checked offline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from mfinfra import desired
from mfinfra.errors import InvalidDocument, Problem
from mfinfra.render import inert


@dataclass(frozen=True, slots=True)
class Checked:
    """A file and what was found in it; `resources` are counted where it is valid."""

    file: Path
    problems: tuple[Problem, ...]
    resources: int = 0

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
    return Checked(file, reading.warnings, len(environment.resources) + len(environment.disabled))


def verdicts(checked: Sequence[Checked]) -> Iterator[Text]:
    """`FILE: valid, 12 resources`, or how many errors, for each file."""
    for one in checked:
        name = f"{inert.line(one.file)}: "
        warnings = _counted(len(one.problems) - one.errors, "warning")
        also = f", {warnings}" if warnings else ""
        if one.valid:
            resources = _counted(one.resources, "resource") or "no resources"
            yield Text.assemble(name, ("valid", "green"), f", {resources}{also}")
        else:
            yield Text.assemble(name, ("not valid", "red"), f", {_counted(one.errors, 'error')}{also}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}" if count else ""
