"""Streams: whether one is a terminal, has colours, how wide it is; and writing to one whose reader has gone.

Nothing here imports rich: what only prints text does not pay for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import UnsupportedOperation
from typing import Any, TextIO, cast

from mfinfra.errors import UserError

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


def stand_in() -> None:
    """Put the null device where the process was started with a standard stream closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the process ends


def put(text: str, stream: TextIO) -> None:
    """Write `text` as it is; raises `UserError` where stdout takes no more, as on a full disk.

    What cannot be written to another stream is lost: no apply stops half-way because its log is full.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        discard(stream)
    except OSError as error:
        discard(stream)
        if stream is sys.stdout:
            raise UserError(f"stdout cannot be written: {(error.strerror or str(error)).lower()}") from error


class Steady:
    """`stream` for what writes to it by itself: once it takes no more, as a terminal that was closed, nothing is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write; what cannot be written is lost, and all that follows."""
        try:
            return self._stream.write(text)
        except OSError:
            discard(self._stream)
            return len(text)

    def flush(self) -> None:
        """Flush; as `write` does."""
        try:
            self._stream.flush()
        except OSError:
            discard(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def steady(stream: TextIO) -> TextIO:
    """`stream`, to which writing never fails."""
    return cast("TextIO", Steady(stream))


def discard(stream: TextIO) -> None:
    """Let every later write to `stream`, and its last flush, go nowhere."""
    with suppress(OSError, UnsupportedOperation, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
