"""Which characters people see: what AWS answers is escaped by it, and what a file says is held to it.

Both ends have to agree: what is escaped when it is read back never equals what was written. Pure.
"""

from __future__ import annotations

KEPT = "\n\t"
# Letters and marks that no font shows, though Unicode counts them as printable
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")


def every(text: str) -> bool:
    """Whether every character of `text` is seen; a line break or a tab is not."""
    return text.isprintable() and UNSEEN.isdisjoint(text)


def seen(char: str) -> bool:
    """Whether `char` is a character that people see, or a line break or a tab."""
    return char in KEPT or every(char)
