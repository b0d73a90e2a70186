"""What unquoted text means: YAML 1.2's core schema, and text wherever YAML 1.1 would have read something else.

https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

from mfinfra.document.tree import Node, Path, Scalar, Tree, shown
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
# Free text, where people may write in any script and on several lines.
_FREE = frozenset({"description", "user_data", "tags"})
_LINES = frozenset({"policy", "policies", "trust", "lifecycle_policy"})


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
    """Characters that nobody sees, in keys, names and ids: errors. In free text: control characters only."""
    for path, node in tree.root.walk():
        if isinstance(node.value, dict):
            for key in node.value:
                if bad := _invisible(key):
                    yield _unseen(tree, (*path, key), bad, key=True)
        elif isinstance(node.value, str) and not node.value.isprintable():
            yield from _value(tree, path, node)


def _value(tree: Tree, path: Path, node: Node) -> Iterator[Problem]:
    text = str(node.value)
    free = not _FREE.isdisjoint(path)
    if free or not _LINES.isdisjoint(path):
        text = text.replace("\n", "").replace("\t", "")
    bad = _control(text) if free else _invisible(text)
    if bad:
        yield _unseen(tree, path, bad, key=False)
    elif free and (hidden := _invisible(text)):
        yield tree.problem(
            path,
            f"the text contains {hidden}, which nobody sees",
            code="MF2001",
            hint="it can make a text look like another; leave it out unless the script needs it",
            severity="warning",
        )


def _unseen(tree: Tree, path: Path, bad: str, *, key: bool) -> Problem:
    what = f"the key `{shown(path[-1])}`" if key else "the value"
    return tree.problem(path, f"{what} contains {bad}, which nobody sees", code="MF1004", hint="remove it", key=key)


def _invisible(text: str) -> str | None:
    return next((named(letter) for letter in text if not letter.isprintable()), None)


def _control(text: str) -> str | None:
    return next((named(letter) for letter in text if unicodedata.category(letter) in ("Cc", "Cs")), None)


def named(letter: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`."""
    name = unicodedata.name(letter, "")
    return f"U+{ord(letter):04X}{f' {name}' if name else ''}"
