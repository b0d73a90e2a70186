"""What a plan says of one resource in Markdown, in several lengths from the longest to the shortest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.render import commonmark, contents, fields, inert, looks, values
from mfinfra.render.commonmark import code, prose
from mfinfra.render.looks import Document

DRIFT: Mapping[str, str] = {
    "live": "It was changed in AWS since the last apply",
    "file": "It was changed in the file since the last apply",
    "both": "It was changed in AWS and in the file since the last apply",
}


def entry(change: Document) -> str:
    """One line: sign, address, what is going to happen."""
    return f"{_named(change)} {prose(looks.phrase(change))}\n"


def loss(change: Document) -> tuple[str, ...]:
    """What is destroyed, for good or to be replaced: with its reason and its name in AWS, in a line, its address."""
    known = f" ({code(change['physical_id'])})" if change.get("physical_id") else ""
    said = "; ".join([*_reason(change), *_jobs(change)])
    full = f"{_named(change)}{known} {prose(looks.phrase(change))}{f': {said}' if said else ''}\n"
    return full, entry(change), f"{_named(change)}\n"


def refusal(change: Document) -> tuple[str, ...]:
    """A guard in the way of a step: all it says, what lifts it, its code."""
    block = change["blocked"]
    address, lifted = change["address"], block.get("lifted_by")
    brief = f"{_coded(address, block)}: lifted by {code(lifted)}\n" if lifted else f"{_coded(address, block)}\n"
    return said(address, block), brief, f"{_coded(address, block)}\n"


def said(address: str | None, check: Document) -> str:
    """A check or a guard: code, address, sentence, and under it the hint and what lifts it."""
    hints = inert.lines(check["hint"]) if check.get("hint") else []
    lifted = check.get("lifted_by")
    more = [*map(prose, hints), *([f"Lifted by {code(lifted)}"] if lifted and lifted not in "".join(hints) else ())]
    head = f"{_coded(address, check)}: {prose(check['message'])}\n"
    return head + "".join(f"  {line}\n" for line in more if line)


def named(address: str | None, check: Document) -> tuple[str]:
    """The shortest that a check is told in: its code and address."""
    return (f"{_coded(address, check)}\n",)


def body(change: Document, told: contents.Contents) -> tuple[str, ...]:
    """What differs, folded away: with what stays for context, without it. Empty where there is nothing to say."""
    told_above = looks.destroys(change)
    notes = [*([] if told_above else [*_reason(change), *_jobs(change)]), *_drift(change)]
    return tuple(_folded(change, notes, _block(change, told, context=context)) for context in (True, False))


def _folded(change: Document, notes: list[str], block: str) -> str:
    if not block and not notes:
        return ""
    look = looks.look(change)
    address = commonmark.html(f"{look.symbol} {change['address']}", literal=True)
    head = f"{address} {commonmark.html(looks.phrase(change))}"
    listed = "".join(f"- {note}\n" for note in notes)
    parts = [f"<details><summary>{head}</summary>\n", *([listed] if listed else ()), *([block] if block else ())]
    return "\n".join((*parts, "</details>\n\n"))


def _block(change: Document, told: contents.Contents, *, context: bool) -> str:
    lines = [line.diff() for line in fields.lines(told.leaves)]
    kept = dict(_context(change, told)) if context else {}
    if not lines and not kept:
        return ""
    count = len(told.rest) - len(kept)
    hidden = [f"  # {told.hidden(count)}"] if count else []
    return commonmark.block([*lines, *kept.values(), *hidden], "diff")


def _context(change: Document, told: contents.Contents) -> Iterator[tuple[str, str]]:
    """The attributes around the difference that take one short line; all of one that goes are lost."""
    detail = change["change"]
    for name, value in told.rest.items() if detail["before"] is not None else ():
        first, *rest = fields.attribute_lines(name, value, "-" if detail["after"] is None else " ")
        if not rest and len(first.diff()) <= values.INLINE:
            yield name, first.diff()


def _named(change: Document) -> str:
    return f"- {code(looks.look(change).symbol)} {code(change['address'])}"


def _coded(address: str | None, check: Document) -> str:
    return f"- {code(check['code'])}{f' {code(address)}' if address else ''}"


def _reason(change: Document) -> list[str]:
    reason = change.get("action_reason")
    because = "because " if list(change["change"]["actions"]) == ["delete"] else ""
    return [f"{because}{prose(reason)}"] if reason else []


def _jobs(change: Document) -> list[str]:
    """The jobs that the change would disturb, by queue and status."""
    found: Mapping[str, Any] = change.get("disruption") or {}
    if not found.get("running_jobs"):
        return []
    rows = [
        f"{code(queue)}: " + ", ".join(prose(f"{count} {status}") for status, count in counts.items() if count)
        for queue, counts in (found.get("jobs") or {}).items()
    ]
    where = f" ({'; '.join(rows)})" if rows else ""
    return [f"**it disturbs {prose(found['running_jobs'])} jobs**{where}"]


def _drift(change: Document) -> list[str]:
    said = DRIFT.get(change.get("drift") or "")
    return [said] if said else []
