"""Styled lines onto a stream.

Off a terminal nothing is wrapped. On one, a long line goes on under its own indentation, so that no value ever stands
in the first column; a shell command goes on behind a backslash, so that it can be pasted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from mfinfra.render.streams import coloured, interactive, put, width

HANGING = 4
MARKS = "/:,"
COMMANDS = ("`aws ", "`docker ", "`export ", "`mfinfra ")
GOES_ON = " \\"


def console(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Console:
    """A console on `stream` that takes no text for markup."""
    colours = coloured(stream, environ)
    return Console(
        file=stream,
        force_terminal=colours or interactive(stream, environ),
        color_system="standard" if colours else None,
        no_color=not colours,
        width=width(stream, environ) or sys.maxsize,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )


def write(lines: Iterable[Text], stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
    """Write `lines` to `stream`, in colour and wrapped as it wants them."""
    out = console(stream, environ)
    limit = width(stream, environ)
    pieces = [piece for line in lines for piece in (wrapped(line, limit) if limit else [line])]
    if coloured(stream, environ):
        with out.capture() as captured:
            for piece in pieces:
                out.print(piece, soft_wrap=True)
        put(captured.get(), stream)
    else:
        put("".join(f"{piece.plain}\n" for piece in pieces), stream)


def wrapped(line: Text, limit: int) -> list[Text]:
    """`line` in pieces of at most `limit` columns, each under the indentation of the first, or whole if it says so."""
    if line.no_wrap:
        return [line]
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    hang = min(indent + HANGING, limit // 2)
    pieces, rest, margin, literal = [], line[indent:], min(indent, limit // 2), ""
    while rest.cell_len > limit - margin:
        cut = _cut(rest.plain, limit - margin)
        if _cuts_command(literal, rest.plain, cut):
            cut = _cut(rest.plain, limit - margin - len(GOES_ON))
        mark = GOES_ON if _cuts_command(literal, rest.plain, cut) else ""
        shown = rest[:cut]
        shown.rstrip()
        pieces.append(Text(" " * margin) + shown + Text(mark, "dim"))
        end = cut + (rest.plain[cut] == " ")
        literal, rest = _opened(literal + rest.plain[:end]), rest[end:]
        margin = hang
    return [*pieces, Text(" " * margin) + rest]


def _cuts_command(literal: str, text: str, cut: int) -> bool:
    """Whether a shell command in backticks is cut between two of its words; `literal` was open before `text`."""
    return text[cut] == " " and _opened(f"{literal}{text[: cut + 1]}").startswith(COMMANDS)


def _opened(text: str) -> str:
    """How a literal that `text` leaves open begins: as much as tells a command."""
    at = text.rfind("`")
    return text[at : at + max(map(len, COMMANDS))] if text.count("`") % 2 else ""


def _cut(text: str, room: int) -> int:
    """Where to break `text` to fit into `room` columns: at a space, else behind a mark of an ARN, else anywhere."""
    used = 0
    for index, char in enumerate(text):
        used += cell_len(char)
        if used > room:
            space = text.rfind(" ", 1, index + 1)
            mark = max(text.rfind(mark, index // 2, index) for mark in MARKS) + 1
            return space if space > 0 else mark or max(1, index)
    return len(text)
