"""What unquoted text means: YAML 1.2's core schema, and text wherever YAML 1.1 would have read something else.

https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

from mfinfra import printable
from mfinfra.document.tree import Path, Scalar, Tree, shown
from mfinfra.errors import Problem

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
# A leading zero is an octal number in YAML 1.1 and a decimal one in 1.2, so it stays text.
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_ACCOUNT = re.compile(r"[0-9]{12}")
_NUMBER_TEXT = 40

# Words of YAML 1.1 that people still write for a boolean.
BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
# Text that may have several lines.
_LINES = frozenset({"description", "user_data", "tags", "policy", "policies", "trust", "lifecycle_policy"})


def read(text: str) -> Scalar:
    """The value of an unquoted scalar. Twelve digits are an account and stay text."""
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _NUMBER_TEXT or _ACCOUNT.fullmatch(text):
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and any(letter.isdigit() for letter in text):
        number = float(text)
        return number if math.isfinite(number) and not text.lstrip("+-").isdigit() else text
    return text


def characters(tree: Tree) -> Iterator[Problem]:
    """Characters that nobody sees, in keys and values: errors.

    In a name one can make it look like another. In free text, the words of people, AWS takes them; but what is read
    back is shown with escapes, so that it would differ from the file for ever.
    """
    for path, node in tree.root.walk():
        if isinstance(node.value, dict):
            for key in node.value:
                if bad := _unseen(key, ""):
                    yield _problem(tree, (*path, key), bad, key=True)
        elif isinstance(node.value, str):
            allowed = printable.KEPT if not _LINES.isdisjoint(path) else ""
            if bad := _unseen(node.value, allowed):
                yield _problem(tree, path, bad, key=False)


def _problem(tree: Tree, path: Path, bad: str, *, key: bool) -> Problem:
    what = f"the key `{shown(path[-1])}`" if key else "the value"
    hint = "write a plain space" if unicodedata.category(bad) == "Zs" else "remove it"
    message = f"{what} contains {named(bad)}, which nobody sees"
    return tree.problem(path, message, code="MF1004", hint=hint, key=key)


def _unseen(text: str, allowed: str) -> str | None:
    """The first character of `text` that nobody sees and that is not `allowed`."""
    if printable.every(text):
        return None
    return next((char for char in text if not printable.every(char) and char not in allowed), None)


def named(letter: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`."""
    name = unicodedata.name(letter, "")
    return f"U+{ord(letter):04X}{f' {name}' if name else ''}"
