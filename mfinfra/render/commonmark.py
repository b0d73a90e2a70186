"""Any text made harmless inside GitHub's Markdown: what is no plain word is code, where nothing is interpreted.

Code needs no invisible characters to break mentions and links, so that what is copied out of it is the value itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from mfinfra.render import inert

OPEN, CLOSE = r"[(\"']*", r"[)\"',.;:!?]*"
WORD = re.compile(rf"{OPEN}[A-Za-z]+(?:['\u2019-][A-Za-z]+)*{CLOSE}|\d{{1,6}}%?[,;:]?")
DASHES = ("-", "\u2013", "\u2014")
HEXADECIMAL = re.compile(r"\b[0-9A-Fa-f]{7,}\b")  # GitHub links what may be a commit
QUOTED = re.compile(rf"({OPEN})`([^`]+)`((?:'s)?{CLOSE})")
CHUNK = re.compile(r"(?:`[^`]+`|[^ ])+| +")
RUN = re.compile(r"`+")
LONGEST_RUN = 16  # cmark takes no run over 80 for the end of code, and lets any over 255 end a block
CUT = "…"


def units(text: str) -> int:
    """The length of `text` in UTF-16 units, which is never less than in characters: sites count either."""
    return len(text.encode("utf-16-le")) // 2


def code(value: object) -> str:
    """`value` as code inside a line."""
    text = _without_long_runs(inert.line(value)) or " "
    ticks = "`" * (_longest_run([text]) + 1)
    pad = " " if text.strip() and (text[0] in "` " or text[-1] in "` ") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def prose(value: object) -> str:
    """A sentence: plain words stay words, anything else in it is code, as is what stands in backticks already."""
    return "".join(code(text) if literal else text for literal, text in _pieces(inert.line(value)))


def html(value: object, *, literal: bool = False) -> str:
    """The same inside of an HTML tag, where Markdown is not read; `literal` makes all of it code."""
    text = inert.line(value)
    pieces = [(True, text)] if literal else _pieces(text)
    return "".join(f"<code>{escape(part)}</code>" if is_code else part for is_code, part in pieces)


def block(lines: Iterable[str], language: str = "") -> str:
    """A block of code of `lines`, each of them inert already, ending in a newline."""
    calm = [_without_long_runs(line) for line in lines]
    ticks = "`" * max(3, _longest_run(calm) + 1)
    return "\n".join((f"{ticks}{language}", *calm, ticks)) + "\n"


def cut(value: object, limit: int) -> str:
    """`value` on one line of at most `limit` characters; a mark stands where something is missing."""
    text = inert.line(value)
    return text if len(text) <= limit else text[: limit - 1] + CUT


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """`text` in plain pieces and, `True`, in such as have to be code; strange words in a row are one piece."""
    strange: list[str] = []
    for number, chunk in enumerate(CHUNK.findall(text.strip(" "))):
        quoted = QUOTED.fullmatch(chunk)
        plain = WORD.fullmatch(chunk) and not HEXADECIMAL.search(chunk)
        if not (quoted or plain or chunk.isspace() or (chunk in DASHES and number)) or (strange and chunk.isspace()):
            strange.append(chunk)
            continue
        yield from _told(strange)
        strange = []
        yield from ((False, quoted[1]), (True, quoted[2]), (False, quoted[3])) if quoted else ((False, chunk),)
    yield from _told(strange)


def _told(strange: list[str]) -> Iterator[tuple[bool, str]]:
    """What is strange as one piece; the space behind it is none of it."""
    if strange:
        text = "".join(strange)
        yield True, text.rstrip(" ")
        yield False, text[len(text.rstrip(" ")) :]


def _longest_run(lines: Iterable[str]) -> int:
    return max((len(run) for line in lines for run in RUN.findall(line)), default=0)


def _without_long_runs(text: str) -> str:
    return RUN.sub(lambda run: run[0] if len(run[0]) <= LONGEST_RUN else "\\u0060" * len(run[0]), text)
