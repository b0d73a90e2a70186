"""Values as YAML: the one way by which an answer gets into the text of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mfinfra import printable
from mfinfra.document import scalars
from mfinfra.document.interpolate import escaped

# What every reader of YAML takes for text as it stands, in brackets too.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_SLOT = re.compile(r"<<([a-z_]+)>>")
_LONGEST_REMARK = 60


def scalar(text: str) -> str:
    """`text` so that YAML gives it back, whatever stands in it; a reference in it is none."""
    return reference(escaped(text))


def reference(text: str) -> str:
    """The same, but that `${…}` in it is meant."""
    if _PLAIN.fullmatch(text) and scalars.read(text) == text and text.lower() not in scalars.BOOLEANS:
        return text
    return '"' + "".join(map(_inside, text)) + '"'


def sequence(values: Iterable[str]) -> str:
    """A list in brackets."""
    return f"[{', '.join(map(scalar, values))}]"


def remark(text: str) -> str:
    """`text` as the end of a comment: of one line, visible, and not long."""
    seen = " ".join(printable.visible(text).split())
    return seen if len(seen) <= _LONGEST_REMARK else f"{seen[: _LONGEST_REMARK - 1]}…"


def filled(template: str, slots: Mapping[str, str]) -> str:
    """`template` with each `<<name>>` replaced by the YAML in `slots`; raises `KeyError` for one that is not there."""
    return _SLOT.sub(lambda found: slots[found[1]], template)


def _inside(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if printable.every(char):
        return char
    return printable.escape(char)
