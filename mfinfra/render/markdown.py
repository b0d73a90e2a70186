"""The plan as a comment on a pull request, from its document alone, never longer than it may be.

What is destroyed, replaced or blocked is always there. Of the rest goes first what says least: what stays as it is,
then how things are updated, then how they are made, then which; and the end says how much is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mfinfra.errors import UserError
from mfinfra.plural import counted
from mfinfra.render import commonmark, contents, fields, fit, guards, looks, markdown_frame, markdown_steps
from mfinfra.render.commonmark import code
from mfinfra.render.fit import Measure, Part
from mfinfra.render.looks import Document

MAX_CHARS = 60_000  # GitHub takes 65,536
FRAME = 800  # what titles and the lines that count what is missing take at most
LOSS, REFUSAL, FAILED, REPLACED = "loss", "refusal", "failed", "replaced"
CREATED, UPDATED, METAFLOW, WARNING = "created", "updated", "metaflow", "warning"
WEIGHTY = frozenset({LOSS, REFUSAL, FAILED})
CHANGED = frozenset({CREATED, UPDATED})
BODIES = CHANGED | {REPLACED}
BRIEF, ENTRY, GONE = 1, 2, 3  # the lengths of a body behind its longest
LADDER: fit.Ladder = (
    (BODIES, BRIEF),
    (frozenset({UPDATED}), ENTRY),
    (frozenset({CREATED}), ENTRY),
    (frozenset({REPLACED}), GONE),
    (CHANGED, GONE),
    (frozenset({WARNING}), 1),
    (frozenset({METAFLOW}), 1),
    (WEIGHTY, 1),
    (frozenset({METAFLOW}), 2),
    (WEIGHTY, 2),
)
IN_BRIEF = "Policies are told in brief; `mfinfra plan --full` shows them whole.\n\n"


def text(document: Document, max_chars: int = MAX_CHARS) -> str:
    """The plan in at most `max_chars` characters, counted as they or as UTF-16 units, whichever are more.

    Raises `UserError` where not even the addresses of what is destroyed, replaced or blocked fit.
    """
    return fitted(document, max_chars, commonmark.units, "characters")


def fitted(document: Document, limit: int, measure: Measure, unit: str) -> str:
    """The plan in at most `limit` of what `measure` counts, which people call `unit`; raises `UserError` as `text`."""
    head, foot = markdown_frame.head(document), markdown_frame.foot(document)
    changes = [change for change in document["resource_changes"] if not looks.same(change) or change.get("blocked")]
    parts, briefly = _parts(document, changes)
    least = [len(part.lengths) - 1 for part in parts]
    shortest: list[int] = []
    for chosen, weighty in _attempts(parts, least, changes, limit - measure(head + foot) - FRAME, measure):
        shown = head + weighty + _listed(parts, chosen, IN_BRIEF if briefly else "") + foot + _missing(parts, chosen)
        if measure(shown) <= limit:
            return shown
        shortest.append(measure(shown))
    raise UserError(
        f"the plan does not fit into {limit} {unit}: "
        f"what it destroys, replaces or is blocked at takes {min(shortest)} with nothing but its addresses",
        hint="`mfinfra show PLAN` has all of it",
    )


def _attempts(
    parts: Sequence[Part], least: list[int], changes: Sequence[Document], room: int, measure: Measure
) -> Iterator[tuple[list[int], str]]:
    """Lengths of the parts with the text of what is never left out: all of it, what fits, addresses and no more."""
    whole = [0] * len(parts)
    yield whole, _weighty(parts, whole)
    chosen = fit.levels(parts, LADDER, room, measure)
    yield chosen, _weighty(parts, chosen)
    failed = _titled("Failed checks", _of(parts, least, FAILED))
    for by_kind in (False, True):
        yield least, markdown_frame.addresses(changes, by_kind=by_kind) + failed


def _parts(document: Document, changes: Sequence[Document]) -> tuple[list[Part], bool]:
    """Everything that is told, and whether a policy is told in brief."""
    told = [contents.of(change) for change in changes]
    losses = [change for change in changes if looks.destroys(change)]
    parts = [
        *(Part(LOSS, markdown_steps.loss(change)) for change in losses),
        *(Part(REFUSAL, markdown_steps.refusal(change)) for change in changes if change.get("blocked")),
        *_checks(document),
        *(_body(change, one) for change, one in sorted(zip(changes, told, strict=True), key=_losses_first)),
        *_metaflow(document),
    ]
    return parts, any(one.briefly for one in told)


def _losses_first(pair: tuple[Document, contents.Contents]) -> bool:
    return not looks.destroys(pair[0])


def _body(change: Document, told: contents.Contents) -> Part:
    look, entry = looks.action(change), markdown_steps.entry(change)
    whole, brief = markdown_steps.body(change, told)
    if looks.destroys(change):
        return Part(REPLACED, (whole, brief, brief, ""))
    kind = CREATED if list(change["change"]["actions"]) == ["create"] else UPDATED
    return Part(kind, (whole or entry, brief or entry, entry, ""), look.verdict or look.legend)


def _checks(document: Document) -> Iterator[Part]:
    """What is not said at a blocked step already."""
    for check in guards.apart(document):
        if check["status"] in {"pass", "suppressed"}:
            continue
        address = check.get("address")
        said = markdown_steps.said(address, check)
        if check["status"] == "fail":
            yield Part(FAILED, (said, *markdown_steps.named(address, check)))
        else:
            yield Part(WARNING, (said, ""))


def _metaflow(document: Document) -> Iterator[Part]:
    found = contents.metaflow(document)
    if found:
        block = commonmark.block([line.diff() for line in fields.lines(found)], "diff")
        names = ", ".join(code(leaf.path[0]) for leaf in found)
        number = f"{counted(len(found), 'setting')} of it will differ\n"
        yield Part(METAFLOW, (block, f"{names}\n", number))


def _weighty(parts: Sequence[Part], chosen: Sequence[int]) -> str:
    return "".join(
        (
            _titled("Destroyed or replaced", _of(parts, chosen, LOSS)),
            _titled("Blocked", _of(parts, chosen, REFUSAL)),
            _titled("Failed checks", _of(parts, chosen, FAILED)),
        )
    )


def _listed(parts: Sequence[Part], chosen: Sequence[int], in_brief: str) -> str:
    """Everything that may be shortened."""
    pairs = [(part, level) for part, level in zip(parts, chosen, strict=True) if part.kind in BODIES]
    bodies = "".join(part.lengths[level] for part, level in pairs if level < ENTRY)
    short = [part.lengths[level] for part, level in pairs if level == ENTRY and part.kind in CHANGED]
    gone = Counter(part.counted_as for part, level in pairs if level == GONE and part.kind in CHANGED)
    folded = f"<details><summary>{len(short)} without detail</summary>\n\n{''.join(short)}\n</details>\n\n"
    more = f"And {gone.total()} more: {', '.join(f'{count} {word}' for word, count in gone.items())}\n"
    quiet = sum(part.kind == WARNING and level > 0 for part, level in zip(parts, chosen, strict=True))
    warnings = "".join(_of(parts, chosen, WARNING))
    warned = f"And {counted(quiet, 'more warning')}\n" if quiet else ""
    apart = "\n" if warnings and warned else ""
    told = f"{in_brief if bodies else ''}{bodies}{folded if short else ''}{more if gone else ''}"
    return "".join(
        (
            _titled("Changes", [f"{told.rstrip()}\n" if told else ""]),
            _titled("Metaflow configuration", _of(parts, chosen, METAFLOW)),
            _titled("Warnings", [warnings, apart, warned]),
        )
    )


def _missing(parts: Sequence[Part], chosen: Sequence[int]) -> str:
    """The last line, where details are missing."""
    short = [
        part
        for part, level in zip(parts, chosen, strict=True)
        if part.kind in BODIES and part.lengths[level] != part.lengths[BRIEF] and level >= ENTRY
    ]
    if not short:
        return ""
    count = "1 resource is" if len(short) == 1 else f"{len(short)} resources are"
    return f"\n{count} shown without detail; the full plan is in the artifact or `mfinfra show PLAN`\n"


def _of(parts: Sequence[Part], chosen: Sequence[int], kind: str) -> list[str]:
    return [part.lengths[level] for part, level in zip(parts, chosen, strict=True) if part.kind == kind]


def _titled(title: str, found: Iterable[str]) -> str:
    said = "".join(found)
    return f"\n#### {title}\n\n{said}" if said else ""
