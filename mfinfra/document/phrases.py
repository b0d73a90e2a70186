"""Pieces of sentences: lists, limits with their units, the first sentence of a description."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mfinfra.document.tree import Path, shown

LISTED = 24
_UNITS = {
    "days": "day",
    "seconds": "second",
    "minutes": "minute",
    "vcpus": "vCPU",
    "gib": "GiB",
    "percentage": "percent",
    "capacity": "unit",
}
_INVARIANT = ("GiB", "percent")


def first(description: str) -> str:
    """The first sentence, with a small letter as hints have it."""
    sentence = re.split(r"(?<=[^.])\. (?=[A-Z`0-9])", description, maxsplit=1)[0].rstrip(".")
    return sentence if sentence[1:2].isupper() or not sentence[1:2].isalpha() else sentence[0].lower() + sentence[1:]


def amount(wanted: Any, path: Path) -> str:
    """A limit with its unit, which the field's name says: `30 days`."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    unit = _UNITS.get(name.rpartition("_")[2], "")
    plural = "" if wanted == 1 or not unit or unit in _INVARIANT else "s"
    return f"{wanted}{' ' if unit else ''}{unit}{plural}"


def listed(values: Iterable[Any]) -> str:
    """The values, each as it is written, and `…` where there are too many."""
    texts = [f"`{shown(value)}`" if value != "" else '`""`' for value in values]
    return ", ".join(texts[:LISTED]) + (", …" if len(texts) > LISTED else "")


def or_(names: list[str]) -> str:
    """`a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
