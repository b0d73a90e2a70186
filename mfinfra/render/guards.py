"""What guards and checks say, and where: at the step that they refuse, or apart from all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mfinfra.render.looks import Document

Refused: TypeAlias = Mapping[str, Sequence[Document]]


def by_address(document: Document) -> Refused:
    """All that refuses, those of the whole plan under the empty address; `blocked` is the first of a step's own."""
    changes: Sequence[Document] = document["resource_changes"]
    found: dict[str, list[Document]] = {row["address"]: [row["blocked"]] for row in changes if row.get("blocked")}
    for check in document["checks"]:
        if check["status"] == "fail":
            there = found.setdefault(check.get("address") or "", [])
            if check["code"] not in {one["code"] for one in there}:
                there.append(check)
    return found


def apart(document: Document) -> list[Document]:
    """The checks that are not said at a blocked step already."""
    changes: Sequence[Document] = document["resource_changes"]
    told = {(row["address"], row["blocked"]["code"]) for row in changes if row.get("blocked")}
    return [check for check in document["checks"] if (check.get("address"), check["code"]) not in told]


def lifting(row: Document) -> str:
    """The flag that lifts a guard, where its hint does not name it."""
    lifted = row.get("lifted_by") or ""
    return "" if lifted in (row.get("hint") or "") else lifted
