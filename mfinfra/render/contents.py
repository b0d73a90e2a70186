"""What there is to tell of a resource: the leaves that differ, and the attributes that do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra.plural import counted
from mfinfra.render import fields, looks, policies
from mfinfra.render.looks import Document

OWNERSHIP = "mfinfra:"


@dataclass(frozen=True, slots=True)
class Contents:
    """`rest` holds the attributes that stay as they are, or that only come or go with their resource."""

    leaves: tuple[fields.Leaf, ...]
    rest: Mapping[str, Any]
    rest_is: str

    @property
    def briefly(self) -> bool:
        """Whether a policy is told in brief here."""
        return any(map(policies.in_brief, self.leaves))

    def hidden(self, count: int) -> str:
        """`(9 unchanged attributes hidden)`; `(3 attributes hidden)` of a resource that goes."""
        return f"({counted(count, f'{self.rest_is}attribute')} hidden)"


def of(change: Document, *, full: bool = False) -> Contents:
    """What differs in a resource; of one that goes nothing but its going, if not in `full`."""
    detail = change["change"]
    before, after = detail["before"], detail["after"]
    stays = after is not None or looks.forgets(change)
    found = _leaves(detail, full) if stays or full else []
    shown = {leaf.path[0] for leaf in found}
    there = after if after is not None else before or {}
    rest = {name: value for name, value in there.items() if name not in shown}
    return Contents(tuple(found), rest, "more " if before is None else "unchanged " if stays else "")


def sign(change: Document) -> str:
    """The sign of an attribute that does not differ by itself: it comes, goes or stays with its resource."""
    if change["change"]["before"] is None:
        return "+"
    return "-" if change["change"]["after"] is None and not looks.forgets(change) else " "


def metaflow(document: Document) -> list[fields.Leaf]:
    """How the Metaflow configuration is going to differ."""
    rows = document.get("metaflow_changes") or {}
    return [fields.Leaf((name,), row["before"], row["after"]) for name, row in rows.items()]


def _leaves(detail: Document, full: bool) -> list[fields.Leaf]:
    found = list(fields.leaves(detail["fields"]))
    if full:
        return found
    brief = [part for leaf in found for part in policies.briefly(leaf)]
    owned = [leaf for leaf in brief if _ownership(leaf)]
    tags = f"({counted(len(owned), 'tag')} of mfinfra itself)"
    before = tags if all(leaf.symbol == "-" for leaf in owned) else None
    told = [fields.Leaf(("tags",), before, None, note=tags)] if owned else []
    return [*(leaf for leaf in brief if not _ownership(leaf)), *told]


def _ownership(leaf: fields.Leaf) -> bool:
    return len(leaf.path) > 1 and leaf.path[0] == "tags" and str(leaf.path[1]).startswith(OWNERSHIP)
