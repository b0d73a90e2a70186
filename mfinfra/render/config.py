"""How a profile of Metaflow differs from what an environment says, for people."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from rich.text import Text

from mfinfra.plural import counted
from mfinfra.render import inert

STYLES = {"+": "green", "-": "red", "~": "yellow", "?": "magenta", "*": "cyan"}
NOTES = {
    "?": "follows from nothing in the file; `--prune` removes it",
    "*": "compared when it is written",
}
FEW = 6


class Row(Protocol):
    """One key of a profile, as `metaflow.configuration` has it."""

    @property
    def key(self) -> str: ...  # noqa: D102 - the row says it
    @property
    def sign(self) -> str: ...  # noqa: D102 - the row says it
    @property
    def before(self) -> str | None: ...  # noqa: D102 - the row says it
    @property
    def after(self) -> str | None: ...  # noqa: D102 - the row says it


def lines(rows: Sequence[Row], where: Path, *, there: bool) -> Iterator[Text]:
    """The difference, key by key, and what stays as it is."""
    yield Text(inert.line(place(where)), "bold").append("" if there else " (there is none yet)", "not bold dim")
    for row in rows:
        if row.sign in STYLES:
            yield _line(row)
    kept = [row.key for row in rows if row.sign == " "]
    if kept:
        named = ", ".join(kept[:FEW]) + (", …" if len(kept) > FEW else "")
        yield Text(f"    kept, as not from this file: {inert.line(named)}", "dim")
    yield Text(f"  {verdict(rows)}")


def verdict(rows: Sequence[Row]) -> str:
    """How many keys there are of each fate, in one sentence."""
    fates = (("+", "to add"), ("~", "to change"), ("-", "to remove"))
    counts = [(sum(row.sign == sign for row in rows), what) for sign, what in fates]
    unread = sum(row.sign == "*" for row in rows)
    said = [f"{count} {what}" for count, what in counts if count]
    said += [f"{counted(unread, 'secret')} not compared"] if unread else []
    return ", ".join(said) or "no difference"


def place(where: Path) -> str:
    """A path with the user's own folder written `~`."""
    home = os.path.expanduser("~")  # noqa: PTH111 - `Path.home` raises where there is none
    text = str(where)
    return f"~{text.removeprefix(home)}" if text.startswith(f"{home}/") else text


def _line(row: Row) -> Text:
    style = STYLES[row.sign]
    text = Text(f"  {row.sign} ", style).append(inert.line(row.key)).append(" = ", "dim")
    if row.sign == "~":
        text.append(_value(row.before), "red").append(" -> ", "dim").append(_value(row.after), "green")
    else:
        text.append(_value(row.after if row.sign == "+" else row.before), style)
    note = NOTES.get(row.sign)
    return text.append(f"  # {note}", "dim") if note else text


def _value(text: str | None) -> str:
    return inert.line(text or '""')
