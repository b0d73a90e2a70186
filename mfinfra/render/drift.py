"""Drift as text, from the plan's document: what changed in AWS since the last apply, and what changed in the file.

A field that both have changed stands in both parts. The verdict stands first and last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from mfinfra.plural import counted
from mfinfra.render import contents, fields, inert, looks, text
from mfinfra.render.looks import Document

LIVE, FILE, BOTH, NONE = "live", "file", "both", "none"
RECORD = ("tags", "mfinfra:spec")


@dataclass(frozen=True, slots=True)
class _Part:
    """One half: whose changes it tells, its title, and what it says of a field that stands in the other half too."""

    whose: str
    title: str
    also: str


PARTS = (
    _Part(LIVE, "Changed in AWS since the last apply (apply puts it back)", "changed in the file too"),
    _Part(FILE, "Changed in the file since the last apply (apply brings it about)", "changed in AWS too"),
)


def lines(document: Document, *, full: bool = False, summary: bool = False) -> Iterator[Text]:
    """The whole report; `full` hides nothing, `summary` gives one line for each resource."""
    changes = [change for change in document["resource_changes"] if not looks.same(change)]
    yield from verdict(document)
    yield from text.header(document)
    for part in PARTS:
        yield from _part(part, changes, full=full, summary=summary)
    yield from _rest([change for change in changes if _of(change) == NONE])
    yield from text.warnings(document)
    yield Text()
    yield from verdict(document)


def verdict(document: Document) -> Iterator[Text]:
    """How much changed where; the last line is made for programs that look for it."""
    changes = [change for change in document["resource_changes"] if not looks.same(change)]
    live, file = (sum(_concerns(_of(change), part.whose) for change in changes) for part in PARTS)
    if live or file:
        head = ("Drift: ", "bold yellow") if live else ("No drift: ", "bold green")
        yield Text.assemble(head, f"{counted(live, 'resource')} changed in AWS, {file} in the file.")
        return
    said = looks.unchanged(document) or "neither AWS nor the file has changed since the last apply"
    yield Text.assemble(("No drift", "bold green"), f": {said}")


def _part(part: _Part, changes: Sequence[Document], *, full: bool, summary: bool) -> Iterator[Text]:
    concerned = [change for change in changes if _concerns(_of(change), part.whose)]
    if concerned:
        yield from text.title(part.title)
    for change in sorted(concerned, key=lambda change: not looks.destroys(change)):
        if not summary:
            yield Text()
        yield text.headline(change)
        if not summary:
            yield from _body(part, change, full)


def _body(part: _Part, change: Document, full: bool) -> Iterator[Text]:
    rows = [row for row in change["change"]["fields"] if _concerns(_of(row, _of(change)), part.whose)]
    detail = {**change["change"], "fields": rows}
    yield from fields.rows(contents.of({**change, "change": detail}, full=full).leaves, 6)
    twice = dict.fromkeys(inert.key(row["path"][0]) for row in rows if _of(row, "") == BOTH)
    if twice:
        yield text.note(f"({part.also}: {', '.join(twice)})")
    if part.whose == FILE and [tuple(row["path"]) for row in rows] == [RECORD]:
        yield text.note("(AWS has it already: apply only takes note of it)")


def _rest(changes: Sequence[Document]) -> Iterator[Text]:
    """What neither side changed, such as an adoption."""
    if changes:
        yield from text.title("Changed in neither (adopted, or asked for on the command line)")
        yield from map(text.headline, changes)


def _of(row: Document, otherwise: str = NONE) -> str:
    return str(row.get("drift") or otherwise)


def _concerns(drift: str, whose: str) -> bool:
    return drift in (whose, BOTH)
