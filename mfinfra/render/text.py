"""The plan as text, from its document alone: the verdict first and last, what is destroyed before all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from mfinfra.render import contents, fields, inert, looks
from mfinfra.render.looks import Document

SHORT_COMMIT = 12


def lines(document: Document, *, full: bool = False, summary: bool = False) -> Iterator[Text]:
    """The whole plan; `full` hides nothing, `summary` gives one line for each resource."""
    changes = [change for change in document["resource_changes"] if full or not looks.same(change)]
    yield from verdict(document)
    yield from _header(document)
    if not summary:
        yield from _legend(changes)
        yield from _bodies(changes, full)
    else:
        yield from _list("", sorted(changes, key=lambda change: not looks.destroys(change)))
    yield from _metaflow(document)
    yield from _checks(document, changes)
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


def _header(document: Document) -> Iterator[Text]:
    environment, source = document["environment"], document["source"]
    commit = source.get("git_commit")
    dirty = ", with uncommitted changes" if source.get("git_dirty") else ""
    rows = {
        "environment": environment["name"],
        "account": f"{environment['account']}, {environment['region']}",
        "caller": environment["caller"],
        "endpoint": _endpoint(environment.get("endpoint")),
        "file": source["path"],
        "commit": f"{commit[:SHORT_COMMIT]}{dirty}" if commit else None,
    }
    yield Text()
    for name, value in rows.items():
        if value:
            yield Text("  ").append(f"{name:<13}", "dim").append(inert.line(value))


def _endpoint(endpoint: str | None) -> str | None:
    return "sandbox (an emulator on this machine, not AWS)" if endpoint == "sandbox" else endpoint


def _legend(changes: Sequence[Document]) -> Iterator[Text]:
    used = {looks.look(change) for change in changes if not looks.same(change)}
    shown = {look.symbol: look for look in (*looks.LOOKS.values(), looks.BLOCKED) if look in used}
    if shown:
        yield Text()
        for look in shown.values():
            yield Text("  ").append(f"{look.symbol:>3}", look.style).append(f"  {look.legend}", "dim")


def _bodies(changes: Sequence[Document], full: bool) -> Iterator[Text]:
    briefly = False
    for change in sorted(changes, key=lambda change: (not looks.destroys(change), looks.same(change))):
        told = contents.of(change, full=full)
        briefly = briefly or told.briefly
        yield Text()
        yield _headline(change)
        yield from _reasons(change)
        yield from _content(change, told, full)
    if briefly:
        yield Text()
        yield Text("  # (policies in brief; `mfinfra plan --full` shows them whole)", "dim")


def _headline(change: Document) -> Text:
    look, block = looks.look(change), change.get("blocked")
    line = Text("  ").append(f"{look.symbol:>3}", f"bold {look.style}".strip())
    line.append(" ").append(inert.line(change["address"]), "bold").append(f" {looks.phrase(change)}", look.style)
    return line.append(f" [{inert.line(block['code'])}]", "dim") if block else line


def _reasons(change: Document) -> Iterator[Text]:
    if change.get("action_reason"):
        word = "because " if change["change"]["actions"] == ["delete"] else ""
        yield _note(f"# ({word}{inert.line(change['action_reason'])})")
    block = change.get("blocked")
    if block:
        yield Text("      ").append(inert.line(block["message"]), "magenta")
        for number, hint in enumerate(inert.lines(block["hint"])):
            yield Text("      ").append("      " if number else "hint: ", "bold").append(hint)


def _content(change: Document, told: contents.Contents, full: bool) -> Iterator[Text]:
    if change.get("physical_id") and (looks.destroys(change) or full):
        yield from fields.attribute("physical_id", change["physical_id"], 6)
    yield from fields.rows(told.leaves, 6)
    if full:
        symbol = "-" if change["change"]["after"] is None else "+" if change["change"]["before"] is None else " "
        for name, value in told.rest.items():
            yield from fields.attribute(name, value, 6, symbol)
    elif told.rest:
        yield _note(f"# {told.hidden(len(told.rest))}")


def _metaflow(document: Document) -> Iterator[Text]:
    found = [
        fields.Leaf((name,), row["before"], row["after"])
        for name, row in (document.get("metaflow_changes") or {}).items()
    ]
    if found:
        yield from _title("Metaflow configuration")
        yield from fields.rows(found, 2)


def _checks(document: Document, changes: Sequence[Document]) -> Iterator[Text]:
    """What is worth a look and is not said at its resource already."""
    told = {(change["address"], change["blocked"]["code"]) for change in changes if change.get("blocked")}
    found = [
        check
        for check in document["checks"]
        if check["status"] != "pass" and (check.get("address"), check["code"]) not in told
    ]
    if found:
        yield from _title("Warnings")
    for check in found:
        line = Text("  ").append(f"[{inert.line(check['code'])}] ", "yellow")
        yield line.append(f"{inert.line(check['address'])}: " if check.get("address") else "").append(
            inert.line(check["message"])
        )


def _list(title: str, changes: Iterable[Document]) -> Iterator[Text]:
    """One line for each resource."""
    rows = [_headline(change) for change in changes]
    if rows:
        yield from _title(title) if title else [Text()]
        yield from rows


def _title(text: str) -> Iterator[Text]:
    yield Text()
    yield Text(text, "bold")


def _note(text: str) -> Text:
    return Text("      ").append(text, "dim")
