"""Errors, warnings and problems as text: what is wrong in one sentence, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from mfinfra.errors import InvalidDocument, MfinfraError, Problem
from mfinfra.render import inert

WINDOW = 72
STYLES = {"error": "bold red", "warning": "bold yellow"}


def problem(found: Problem) -> Iterator[Text]:
    """`error: FILE:LINE:COLUMN: …`, the source line with a caret, the hint."""
    yield _head(found.severity, found.headline, found.code)
    if found.source:
        number = str(found.line)
        source, caret = _window(found)
        yield Text.assemble((f"  {number} | ", "dim"), source)
        yield Text.assemble((f"  {' ' * len(number)} | ", "dim"), (caret, STYLES[found.severity]))
    yield from hint(found.hint)


def _window(found: Problem) -> tuple[str, str]:
    """The source line and the caret under it; of a long line the part around the caret."""
    # Tabs would move the caret away from its place; every other escape only makes the line longer.
    source, at = found.source.replace("\t", " "), max(0, found.column - 1)
    start = max(0, at - WINDOW // 3) if len(source) > WINDOW else 0
    shown = source[start : start + WINDOW]
    shown = f"…{shown[1:]}" if start else shown
    shown = f"{shown[:-1]}…" if start + WINDOW < len(source) else shown
    length = max(1, min(found.length, len(shown) - (at - start)))
    return inert.line(shown), " " * (at - start) + "^" * length


def problems(found: Iterable[Problem]) -> Iterator[Text]:
    """Every one, with a line between them."""
    for number, one in enumerate(found):
        if number:
            yield Text()
        yield from problem(one)


def error(raised: MfinfraError) -> Iterator[Text]:
    """An error as people read it."""
    if isinstance(raised, InvalidDocument):
        yield from problems(raised.problems)
        return
    yield _head("error", message(raised), raised.code)
    yield from hint(raised.hint)


def message(raised: Exception) -> str:
    """The sentence of an error, with operation, AWS's code and the request id where AWS said no."""
    return str(raised) if isinstance(raised, MfinfraError) else f"{type(raised).__name__}: {raised}"


def warning(text: str, said: str | None = None) -> Iterator[Text]:
    """A warning with an optional hint."""
    yield _head("warning", text, None)
    yield from hint(said)


def hint(text: str | None, indent: int = 2) -> Iterator[Text]:
    """What to do; a hint of several lines stays under its word."""
    for number, part in enumerate(inert.lines(text) if text else ()):
        yield Text(" " * indent).append("      " if number else "hint: ", "bold cyan").append(part)


def _head(severity: str, sentence: str, code: str | None) -> Text:
    line = Text.assemble((f"{severity}: ", STYLES[severity]), inert.line(sentence))
    return line.append(f" [{inert.line(code)}]", "dim") if code else line
