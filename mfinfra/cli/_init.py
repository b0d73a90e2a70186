"""The dialogue of `mfinfra init` at a terminal of any width, and what is said at its end."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from mfinfra.cli import _editor, _endpoints
from mfinfra.errors import UserError
from mfinfra.plural import counted
from mfinfra.render import console, inert, streams
from mfinfra.starting import place
from mfinfra.starting.asking import Question
from mfinfra.starting.given import Given
from mfinfra.starting.start import Started, start

GAP = "  "
NAME = 12
NARROWEST = 6
"""Columns that a cell of a row keeps while another can be cut, and however long the others are."""


class Terminal:
    """Somebody who sees stderr and types into stdin."""

    @staticmethod
    def ask(question: Question) -> str:
        """One line of what they type; raises `UserError` at the end of stdin."""
        default = _default(question)
        suffix = f" [{inert.line(default)}]" if default else ""
        if question.options:
            console.write([Text(), Text(question.asks, "bold"), *_rows(question)], sys.stderr)
            what = "Numbers or ids" if question.several else "Number or name"
            streams.put(f"{GAP}{what}{suffix}: ", sys.stderr)
        else:
            streams.put(f"\n{question.asks}{suffix}: ", sys.stderr)
        line = sys.stdin.readline()
        if not line:
            streams.put("\n", sys.stderr)
            raise UserError("the answers ended; nothing was written", hint="every answer is a flag too", code="MF5606")
        return line.strip()

    @staticmethod
    def tell(said: str) -> None:
        """Why an answer does not do."""
        console.write([Text.assemble((f"{GAP}no: ", "yellow"), inert.line(said))], sys.stderr)


def init(given: Given, *, asking: bool) -> None:
    """Ask, write the file, and say what comes next."""
    if not (given.endpoint or given.offline):
        _endpoints.warn("unset it, or name it: `--endpoint`")
    person = Terminal() if asking and sys.stdin.isatty() and sys.stderr.isatty() else None
    started = start(given, person, _tell)
    if person is not None:
        streams.put("\n", sys.stderr)
    place.write(started.text, started.path, overwrite=given.overwrite)
    schema = [] if started.schema.is_file() else _editor.install(started.path)[:1]
    for remark in started.remarks:
        console.write([Text.assemble(("note: ", "bold cyan"), inert.line(remark))], sys.stderr)
    streams.put(_ending(started, with_schema=bool(schema)), sys.stdout)


def _tell(said: str) -> None:
    console.write([Text(inert.line(said), "dim")], sys.stderr)


def _ending(started: Started, *, with_schema: bool) -> str:
    path, answers = shlex.quote(str(started.path)), started.answers
    count = counted(len(started.reading.environment.resources), "resource")
    where = "in the sandbox" if answers.endpoint == "sandbox" else f"in account {answers.account}, {answers.region}"
    sandbox = (f"mfinfra sandbox shell {path}", "a shell where flows run")
    commands = (
        (f"mfinfra plan {path}", "shows what would be made"),
        ("mfinfra apply", "carries out exactly that"),
        sandbox if answers.endpoint == "sandbox" else (f"mfinfra config {path} --write", "tells Metaflow"),
    )
    rows = [(inert.line(command), what) for command, what in commands]
    width = max(cell_len(command) for command, _ in rows)
    lines = "".join(f"{GAP}{set_cell_size(command, width)}{GAP}# {what}\n" for command, what in rows)
    editors = f"wrote {inert.line(started.schema)}: editors check the file by it\n" if with_schema else ""
    return f"wrote {inert.line(started.path)}: {count} {where}\n{editors}\n{lines}"


def _default(question: Question) -> str:
    """The default as it could be typed: options by their numbers where several are meant."""
    if not question.several:
        return " ".join(question.default or ())
    numbers = {option.value: str(number) for number, option in enumerate(question.options, start=1)}
    return " ".join(numbers.get(value, value) for value in question.default or ())


def _rows(question: Question) -> Iterator[Text]:
    """The options in columns, cut to the width of the terminal."""
    rows = [
        [str(number), inert.line(option.value), *map(inert.line, option.cells)]
        for number, option in enumerate(question.options, start=1)
    ]
    if not rows:
        return
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if limit := streams.width(sys.stderr):
        widths = _fitting(widths, limit - len(GAP) * len(widths))
    for row in rows:
        yield Text(_row(row, widths), no_wrap=True)


def _fitting(widths: Sequence[int], room: int) -> list[int]:
    """The widths of columns that `room` holds: long names give way first; numbers and what is typed stay whole."""
    found = list(widths)
    while sum(found) > room:
        loose = [one for one in range(2, len(found) - 1) if found[one] > NAME]
        loose = loose or [one for one in range(2, len(found)) if found[one] > NARROWEST]
        if not loose:
            break
        found[max(loose, key=found.__getitem__)] -= 1
    return found


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [row[0].rjust(widths[0])]
    cells += [
        set_cell_size(cell if cell_len(cell) <= width else f"{set_cell_size(cell, width - 1)}…", width)
        for cell, width in zip(row[1:], widths[1:], strict=True)
    ]
    return (GAP + GAP.join(cells)).rstrip()
