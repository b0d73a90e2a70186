"""The plan as text, from its document alone: the verdict first and last, what is destroyed before all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from mfinfra.plural import counted
from mfinfra.render import contents, fields, guards, inert, looks, notes, origin
from mfinfra.render.guards import Refused
from mfinfra.render.looks import Document

FEW = 8


def lines(document: Document, *, full: bool = False, summary: bool = False) -> Iterator[Text]:
    """The whole plan; `full` hides nothing, `summary` gives one line for each resource."""
    changes = [change for change in document["resource_changes"] if full or not looks.same(change)]
    yield from verdict(document)
    yield from header(document)
    refused = guards.by_address(document)
    yield from _guards(refused.get("", ()))
    if not summary:
        yield from _legend(changes)
        yield from _bodies(changes, refused, full)
    else:
        yield from _list("", sorted(changes, key=lambda change: not looks.destroys(change)))
    yield from _metaflow(document, full)
    yield from warnings(document)
    if not summary:
        yield from _list("Destroyed or replaced by this plan", filter(looks.destroys, changes))
    yield Text()
    yield from verdict(document)


def verdict(document: Document) -> Iterator[Text]:
    """What the plan comes to; the last line of a plan with changes is made for programs that look for it."""
    blocked, unchanged = looks.blocked_by(document), looks.unchanged(document)
    if blocked:
        yield Text.assemble(("Blocked: ", "bold magenta"), blocked)
    if unchanged:
        yield Text.assemble(("No changes", "bold green"), f": {unchanged}")
        return
    yield Text.assemble(("Plan: ", "bold"), f"{looks.verdict(document)}.")


def header(document: Document) -> Iterator[Text]:
    """Where, by whom and from which file."""
    yield Text()
    for name, value in origin.facts(document, origin.SHORT_COMMIT).items():
        yield Text("  ").append(f"{name:<13}", "dim").append(inert.line(value))


def _legend(changes: Sequence[Document]) -> Iterator[Text]:
    used = {looks.look(change) for change in changes if not looks.same(change)}
    shown = {look.symbol: look for look in (*looks.LOOKS.values(), looks.BLOCKED) if look in used}
    if shown:
        yield Text()
        for look in shown.values():
            yield Text("  ").append(f"{look.symbol:>3}", look.style).append(f"  {look.legend}", "dim")


def _bodies(changes: Sequence[Document], refused: Refused, full: bool) -> Iterator[Text]:
    briefly = False
    for change in sorted(changes, key=lambda change: (not looks.destroys(change), looks.same(change))):
        told = contents.of(change, full=full)
        briefly = briefly or told.briefly
        yield Text()
        yield headline(change)
        yield from _reasons(change, refused.get(change["address"], ()))
        yield from _content(change, told, full)
    if briefly:
        yield Text()
        yield Text("  # (policies in brief; `mfinfra plan --full` shows them whole)", "dim")


def headline(change: Document) -> Text:
    """One line on a resource: what is going to happen to it."""
    look, block = looks.look(change), change.get("blocked")
    line = Text("  ").append(f"{look.symbol:>3}", f"bold {look.style}".strip())
    line.append(" ").append(inert.line(change["address"]), "bold").append(f" {looks.phrase(change)}", look.style)
    return line.append(f" [{inert.line(block['code'])}]", "dim") if block else line


def _guards(refused: Sequence[Document]) -> Iterator[Text]:
    """What stops the plan as a whole."""
    for one in refused:
        yield Text()
        line = Text("  ").append(f"{looks.BLOCKED.symbol:>3}", f"bold {looks.BLOCKED.style}")
        yield line.append(" the whole plan is blocked", looks.BLOCKED.style).append(
            f" [{inert.line(one['code'])}]", "dim"
        )
        yield from _guard(one)


def _guard(refused: Document) -> Iterator[Text]:
    yield Text("      ").append(inert.line(refused["message"]), "magenta")
    for number, hint in enumerate(inert.lines(refused["hint"]) if refused.get("hint") else ()):
        yield Text("      ").append("      " if number else "hint: ", "bold").append(hint)


def _reasons(change: Document, refused: Sequence[Document]) -> Iterator[Text]:
    for said in filter(None, (notes.reason(change), notes.drift(change), notes.jobs(change))):
        yield note(f"({inert.line(said)})")
    for one in refused:
        yield from _guard(one)


def _content(change: Document, told: contents.Contents, full: bool) -> Iterator[Text]:
    if change.get("physical_id") and (looks.leaves(change) or full):
        yield from fields.attribute("physical_id", change["physical_id"], 6)
    yield from fields.rows(told.leaves, 6)
    if full:
        symbol = contents.sign(change)
        for name, value in told.rest.items():
            yield from fields.attribute(name, value, 6, symbol)
    elif told.rest:
        yield note(told.hidden(len(told.rest)))


def _metaflow(document: Document, full: bool) -> Iterator[Text]:
    leaves = contents.metaflow(document)
    if not leaves:
        return
    yield from title("Metaflow configuration")
    new = all(leaf.before is None for leaf in leaves)
    if new and len(leaves) > FEW and not full:
        yield Text(f"  # ({len(leaves)} keys to set; `mfinfra plan --full` lists them)", "dim")
        return
    yield from fields.rows(leaves, 2)


def warnings(document: Document) -> Iterator[Text]:
    """What is odd without being in the way."""
    found, suppressed = (
        [check for check in document["checks"] if check["status"] == status] for status in ("warn", "suppressed")
    )
    if found or suppressed:
        yield from title("Warnings")
    for check in found:
        line = Text("  ").append(f"[{inert.line(check['code'])}] ", "yellow")
        yield line.append(f"{inert.line(check['address'])}: " if check.get("address") else "").append(
            inert.line(check["message"])
        )
    if suppressed:
        yield Text(f"  # ({counted(len(suppressed), 'warning')} suppressed by the file)", "dim")


def _list(heading: str, changes: Iterable[Document]) -> Iterator[Text]:
    """One line for each resource."""
    rows = [headline(change) for change in changes]
    if rows:
        yield from title(heading) if heading else [Text()]
        yield from rows


def title(said: str) -> Iterator[Text]:
    """The heading of a part."""
    yield Text()
    yield Text(said, "bold")


def note(said: str) -> Text:
    """What is said of a resource beside its fields."""
    return Text("      ").append(f"# {said}", "dim")
