"""What is said of a change beside its fields: why, by whom, what it disturbs. Plain text, to be made inert."""

from __future__ import annotations

from collections.abc import Mapping

from mfinfra.render.looks import Document

DRIFT: Mapping[str, str] = {
    "live": "changed in AWS since the last apply",
    "file": "changed in the file since the last apply",
    "both": "changed in AWS and in the file since the last apply",
}
DELETED = "deleted in AWS since the last apply"


def reason(change: Document) -> str:
    """Why it is planned; of what goes, as half a sentence behind that."""
    said = change.get("action_reason")
    because = "because " if list(change["change"]["actions"]) == ["delete"] else ""
    return f"{because}{said}" if said else ""


def drift(change: Document) -> str:
    """Who changed it since the last apply; of what is new in the file or gone from it, that says itself."""
    who, actions = change.get("drift") or "", list(change["change"]["actions"])
    if who == "file" and actions in (["create"], ["delete"]):
        return ""
    return DELETED if actions == ["create"] and who == "live" else DRIFT.get(who, "")


def jobs(change: Document) -> str:
    """`3 jobs are under way: 1 RUNNABLE, 2 RUNNING in default`; empty where none is."""
    found = change.get("disruption") or {}
    count = found.get("running_jobs")
    if not count:
        return ""
    queues = [
        ", ".join(f"{number} {status}" for status, number in counts.items() if number) + f" in {queue}"
        for queue, counts in (found.get("jobs") or {}).items()
        if any(counts.values())
    ]
    said = "1 job is under way" if count == 1 else f"{count} jobs are under way"
    return f"{said}: {'; '.join(queues)}" if queues else said
