"""Streams: whether one is a terminal, has colours, how wide it is; and writing to one whose reader has gone.

Nothing here imports rich: what only prints text does not pay for it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from io import UnsupportedOperation
from typing import TextIO

NARROWEST = 40


def interactive(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `stream` is a terminal that can be redrawn."""
    return stream.isatty() and environ.get("TERM") != "dumb"


def coloured(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to write colours: `NO_COLOR` wins, then what forces them, then whether it is a terminal."""
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return interactive(stream, environ)


def width(stream: TextIO, environ: Mapping[str, str] = os.environ) -> int | None:
    """Columns of the terminal behind `stream`, or `COLUMNS`; `None` where it is none and nothing is wrapped."""
    if not stream.isatty():
        return None
    if environ.get("COLUMNS", "").isdecimal():
        return max(NARROWEST, int(environ["COLUMNS"]))
    with suppress(OSError, UnsupportedOperation):
        return max(NARROWEST, os.get_terminal_size(stream.fileno()).columns or 80)
    return 80


def put(text: str, stream: TextIO) -> None:
    """Write `text` as it is."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Let every later write to `stream`, and its last flush, go nowhere."""
    with suppress(OSError, UnsupportedOperation, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
