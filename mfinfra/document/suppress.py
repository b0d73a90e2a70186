"""`suppress` of an environment file: warnings that somebody looked at, each with the reason why it may stand.

What is suppressed is still found and told to programs. A suppression that suppresses nothing is a warning itself: what
it was written for is gone, and the next finding of its kind would go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mfinfra.document.nearest import did_you_mean
from mfinfra.document.tree import Path, Tree, shown
from mfinfra.errors import Problem

FIELD = "suppress"
NOT_A_WARNING = "MF1124"
IDLE = "MF2113"
OF_FILES = "MF21"
"""How the codes begin that are found in a file; what else warns is found in AWS, and is not the file's to judge."""
SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry: findings of `code`, at `address` and below or anywhere in the file, may stand because of `reason`."""

    code: str
    reason: str
    address: str | None = None

    def covers(self, found: Problem) -> bool:
        """Whether it is about this warning."""
        at, below = self.address, found.subject
        there = at is None or below == at or below.startswith((f"{at}.", f"{at}["))
        return found.severity == "warning" and found.code == self.code and there


def applied(found: Iterable[Problem], written: Any, tree: Tree) -> list[Problem]:
    """`found` with the suppressed ones marked as such, and with what is wrong with the suppressions."""
    entries = dict(_entries(written))
    idle = dict(entries)
    marked = []
    for one in found:
        fitting = [place for place, entry in entries.items() if entry.covers(one)]
        for place in fitting:
            idle.pop(place, None)
        reason = entries[fitting[0]].reason if fitting else ""
        marked.append(replace(one, severity=SUPPRESSED, reason=reason) if fitting else one)
    return [*marked, *_wrong(entries, tree), *_idle(idle, marked, tree)]


def entries(written: Any) -> tuple[Suppression, ...]:
    """The suppressions that are written, as far as they have the right form: the schema tells the others."""
    return tuple(entry for _, entry in _entries(written))


def _entries(written: Any) -> Iterator[tuple[Path, Suppression]]:
    for index, entry in enumerate(written if isinstance(written, list) else ()):
        if not isinstance(entry, Mapping):
            continue
        code, reason, address = (entry.get(name) for name in ("code", "reason", "address"))
        if isinstance(code, str) and isinstance(reason, str) and isinstance(address, str | None):
            yield (FIELD, index), Suppression(code, reason, address)


def _wrong(entries: Mapping[Path, Suppression], tree: Tree) -> Iterator[Problem]:
    for place, entry in entries.items():
        if not _suppressible(entry.code):
            hint = "only warnings of the file can be suppressed: their codes begin with `MF21`"
            message = f"`{shown(entry.code)}` is not a warning of the file"
            known = _known()
            if entry.code not in known:
                hint = did_you_mean(entry.code, (code for code in known if code.startswith(OF_FILES))) or hint
                message = f"there is no code `{shown(entry.code)}`"
            yield tree.problem((*place, "code"), message, code=NOT_A_WARNING, hint=hint)


def _idle(entries: Mapping[Path, Suppression], found: Iterable[Problem], tree: Tree) -> Iterator[Problem]:
    elsewhere = {one.code: one.subject for one in found if one.severity == "warning"}
    for place, entry in entries.items():
        if _suppressible(entry.code):
            where = f" at `{shown(entry.address)}`" if entry.address else ""
            there = elsewhere.get(entry.code)
            hint = f"it is found at `{there}`" if there else "remove it: there is nothing left to suppress"
            message = f"`{entry.code}` is not found{where}, so that this suppresses nothing"
            yield tree.problem((*place, "code"), message, code=IDLE, hint=hint, severity="warning")


def _suppressible(code: str) -> bool:
    return code.startswith(OF_FILES) and code != IDLE and code in _known()


def _known() -> tuple[str, ...]:
    # Most files suppress nothing, and never list the pages.
    from mfinfra import explain  # noqa: PLC0415 - a file without suppressions does without

    return explain.codes()
