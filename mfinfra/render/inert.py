"""Any text made harmless for a terminal and a build log: one value is one line, and a line is never an order.

Texts of AWS were cleaned where they were read. A plan can also come from a file, and error messages from anywhere, so
that every renderer passes what it prints through here.
"""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import Any

from mfinfra import printable

COMMAND = re.compile(r"^(\s*):(?=:)")  # GitHub's runner obeys `::…` after any indentation
OLD_COMMAND = re.compile(r"(##[A-Za-z.]*)\[")  # … and `##[…]`, as Azure's `##vso[…]`, anywhere in a line
PLAIN_KEY = re.compile(r"[A-Za-z0-9_/@+=-][A-Za-z0-9_:/@+=-]*")  # `:` and the colon after it would be `::`


def line(value: object) -> str:
    """`value` as one line: what is not printable becomes a visible escape, line breaks and tabs too."""
    text = str(value)
    if not printable.every(text):
        text = "".join(char if printable.every(char) else _escape(char) for char in text)
    return OLD_COMMAND.sub(r"\1\\u005b", COMMAND.sub(r"\1\\u003a", text))


def lines(value: object) -> list[str]:
    """Text of several lines, each of them inert; from the second on they keep what indents them unequally."""
    first, *rest = str(value).split("\n")
    return [line(part.rstrip()) for part in (first, *dedent("\n".join(rest)).split("\n"))][: len(rest) + 1]


def scalar(value: Any) -> str:
    """A JSON scalar as JSON, on one line."""
    return line(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else json.dumps(value, default=str)


def key(name: object) -> str:
    """The name of a member, in quotes where it is more than a word."""
    text = str(name)
    return line(text) if PLAIN_KEY.fullmatch(text) else scalar(text)


def path(parts: tuple[str | int, ...]) -> str:
    """`("statement", 0, "my.key")` → `statement[0]["my.key"]`."""
    written = ""
    for part in parts:
        if isinstance(part, int):
            written += f"[{part}]"
        elif PLAIN_KEY.fullmatch(part):
            written += f".{line(part)}" if written else line(part)
        else:
            written += f"[{scalar(part)}]"
    return written


def _escape(char: str) -> str:
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    return short or printable.escape(char)
