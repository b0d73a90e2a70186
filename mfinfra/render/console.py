"""Styled lines onto a stream.

Off a terminal nothing is wrapped. On one, a long line goes on under its own indentation, so that no value ever stands
in the first column.
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
    """`line` in pieces of at most `limit` columns, each under the indentation of the first."""
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    hang = min(indent + HANGING, limit // 2)
    pieces, rest, margin = [], line[indent:], min(indent, limit // 2)
    while rest.cell_len > limit - margin:
        cut = _cut(rest.plain, limit - margin)
        pieces.append(Text(" " * margin) + rest[:cut])
        rest = rest[cut + (rest.plain[cut] == " ") :]
        margin = hang
    return [*pieces, Text(" " * margin) + rest]


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
