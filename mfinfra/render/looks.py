"""How each sort of action is named and drawn, the same in every renderer, and what a plan comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra.render import inert

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """How one sort of action is shown: sign, colour, a phrase about the resource; in the legend and the verdict."""

    symbol: str
    style: str
    phrase: str
    legend: str
    verdict: str = ""


LOOKS: Mapping[tuple[str, ...], Look] = {
    ("delete",): Look("-", "red", "will be destroyed", "destroy", "to destroy"),
    ("create", "delete"): Look(
        "+/-",
        "red",
        "must be replaced (create, then destroy)",
        "replace: create the new one, move over, then destroy",
        "to replace",
    ),
    ("delete", "create"): Look(
        "-/+", "red", "must be replaced (destroy, then create)", "replace: destroy, then create", "to replace"
    ),
    ("create",): Look("+", "green", "will be created", "create", "to create"),
    ("update",): Look("~", "yellow", "will be updated in place", "update in place", "to change"),
    ("adopt",): Look("=", "cyan", "will be adopted (tags added, settings as they are)", "adopt", "to adopt"),
    ("adopt", "update"): Look("=", "cyan", "will be adopted and updated in place", "adopt", "to adopt"),
    ("forget",): Look(
        ".",
        "red",
        "will be forgotten (tags removed, settings as they are)",
        "forget: it stays, and mfinfra no longer owns it",
        "to forget",
    ),
    ("no-op",): Look(" ", "", "is as it should be", ""),
}
BLOCKED = Look("!", "magenta", "", "blocked by a guard; the hint names what lifts it", "blocked")
VERDICTS = ("to adopt", "to create", "to change", "to replace", "to destroy", "to forget", "blocked")
RARE = frozenset({"to forget", "blocked"})
"""Those that are told only where there are any."""


def action(change: Document) -> Look:
    """What is planned for the resource, blocked or not."""
    actions = tuple(change["change"]["actions"])
    return LOOKS.get(actions) or Look(
        "?", "red", inert.line(", ".join(actions)), "an action this version does not know"
    )


def look(change: Document) -> Look:
    """What is going to happen to the resource: of a blocked step, nothing."""
    return BLOCKED if change.get("blocked") else action(change)


def phrase(change: Document) -> str:
    """`will be destroyed`, `will be destroyed, but is blocked`."""
    said = action(change).phrase
    return f"{said}, but is blocked" if change.get("blocked") else said


def forgets(change: Document) -> bool:
    """Whether the resource is given up: it stays, and is no part of the environment any more."""
    return list(change["change"]["actions"]) == ["forget"]


def leaves(change: Document) -> bool:
    """Whether the environment will not have it any more, or not this one."""
    return destroys(change) or forgets(change)


def destroys(change: Document) -> bool:
    """Whether something is destroyed, for good or to be replaced."""
    return "delete" in change["change"]["actions"]


def same(change: Document) -> bool:
    """Whether nothing is to be done."""
    return list(change["change"]["actions"]) == ["no-op"]


def blocked_by(document: Document) -> str:
    """What stands between a plan and its apply; empty where nothing does."""
    steps = sum(1 for change in document["resource_changes"] if change.get("blocked"))
    whole = sum(1 for check in document["checks"] if check["status"] == "fail" and not check.get("address"))
    places = [
        *(["1 step" if steps == 1 else f"{steps} steps"] if steps else ()),
        *(["the whole plan"] if whole else ()),
    ]
    if not places:
        return ""
    guards = "guard on {} is" if steps + whole == 1 else "guards on {} are"
    return f"nothing can be applied until the {guards.format(' and on '.join(places))} lifted"


def verdict(document: Document) -> str:
    """`1 to adopt, 3 to create, …`: a step that a guard refuses counts as blocked, and as nothing else."""
    changes: Sequence[Document] = document["resource_changes"]
    counts = Counter(look(change).verdict for change in changes)
    return ", ".join(f"{counts[word]} {word}" for word in VERDICTS if word not in RARE or counts[word])


def unchanged(document: Document) -> str:
    """What a plan without changes says; empty where there are changes."""
    changes = document["resource_changes"]
    if not all(map(same, changes)):
        return ""
    if (document.get("options") or {}).get("forget"):
        return "nothing of it carries tags of this environment, so that there is nothing to forget"
    count = len(changes)
    if count == 0:
        return "there is nothing to make and nothing to destroy"
    return "1 resource was compared with AWS and matches" if count == 1 else f"{count} resources match what AWS has"
