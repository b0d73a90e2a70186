"""What is said of a change beside its fields: who made it, and which jobs it disturbs. Plain text, to be made inert."""

from __future__ import annotations

from collections.abc import Mapping

from mfinfra.render.looks import Document

DRIFT: Mapping[str, str] = {
    "live": "changed in AWS since the last apply",
    "both": "changed in AWS and in the file since the last apply",
}


def drift(change: Document) -> str:
    """Who changed it since the last apply, where it was not the file alone."""
    return DRIFT.get(change.get("drift") or "", "")


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
