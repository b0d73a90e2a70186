"""Which characters people see: what AWS answers is escaped by it, and what a file says is held to it.

Both ends have to agree: what is escaped when it is read back never equals what was written. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEPT = "\n\t"
FIRST_BEYOND_BMP = 0x10000
# Letters and marks that no font shows, though Unicode counts them as printable
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")


def every(text: str) -> bool:
    """Whether every character of `text` is seen; a line break or a tab is not."""
    return text.isprintable() and UNSEEN.isdisjoint(text)


def visible(text: str) -> str:
    """`text` with a visible escape for every character that nobody sees; line breaks become plain ones."""
    if every(text):
        return text
    return "".join(char if seen(char) else escape(char) for char in text.replace("\r\n", "\n"))


def everywhere(value: Any) -> Any:
    """`value` with every text inside made visible, keys too."""
    match value:
        case str():
            return visible(value)
        case Mapping():
            return {visible(key) if isinstance(key, str) else key: everywhere(item) for key, item in value.items()}
        case list() | tuple():
            return [everywhere(item) for item in value]
        case _:
            return value


def seen(char: str) -> bool:
    """Whether `char` is a character that people see, or a line break or a tab."""
    return char in KEPT or every(char)


def escape(char: str) -> str:
    """The escape of a character by its number, as YAML and HCL read it."""
    code = ord(char)
    return f"\\u{code:04x}" if code < FIRST_BEYOND_BMP else f"\\U{code:08x}"
