"""What a plan says of one resource in Markdown, in several lengths from the longest to the shortest."""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.render import commonmark, contents, fields, guards, inert, looks, notes, values
from mfinfra.render.commonmark import code, prose
from mfinfra.render.looks import Document


def entry(change: Document) -> str:
    """One line: sign, address, what is going to happen."""
    return f"{_named(change)} {prose(looks.phrase(change))}\n"


def loss(change: Document) -> tuple[str, ...]:
    """What is destroyed, for good or to be replaced: with its reason and its name in AWS, in a line, its address."""
    known = f" ({code(change['physical_id'])})" if change.get("physical_id") else ""
    said = "; ".join(_why(change))
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
    lifted = guards.lifting(check)
    more = [*map(prose, hints), *([f"Lifted by {code(lifted)}"] if lifted else ())]
    head = f"{_coded(address, check)}: {prose(check['message'])}\n"
    return head + "".join(f"  {line}\n" for line in more if line)


def named(address: str | None, check: Document) -> tuple[str]:
    """The shortest that a check is told in: its code and address."""
    return (f"{_coded(address, check)}\n",)


def body(change: Document, told: contents.Contents) -> tuple[str, ...]:
    """What differs, folded away: with what stays for context, without it. Empty where there is nothing to say."""
    beside = [*([] if looks.destroys(change) else _why(change)), *filter(None, [notes.drift(change)])]
    return tuple(_folded(change, beside, _block(change, told, context=context)) for context in (True, False))


def _folded(change: Document, beside: list[str], block: str) -> str:
    if not block and not beside:
        return ""
    look = looks.look(change)
    address = commonmark.html(f"{look.symbol} {change['address']}", literal=True)
    head = f"{address} {commonmark.html(looks.phrase(change))}"
    listed = "".join(f"- {note}\n" for note in beside)
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
    sign = contents.sign(change)
    for name, value in told.rest.items() if sign != "+" else ():
        first, *rest = fields.attribute_lines(name, value, sign)
        if not rest and len(first.diff()) <= values.INLINE:
            yield name, first.diff()


def _named(change: Document) -> str:
    return f"- {code(looks.look(change).symbol)} {code(change['address'])}"


def _coded(address: str | None, check: Document) -> str:
    return f"- {code(check['code'])}{f' {code(address)}' if address else ''}"


def _why(change: Document) -> list[str]:
    """The reason, and the jobs that it would disturb."""
    reason, jobs = prose(notes.reason(change)), prose(notes.jobs(change))
    return [*([reason] if reason else ()), *([f"**{jobs}**"] if jobs else ())]
