"""The plan as text, from its document alone: the verdict first and last, what is destroyed before all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from mfinfra.render import fields, inert, looks, policies
from mfinfra.render.looks import Document

OWNERSHIP = "mfinfra:"
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
    for change in sorted(changes, key=lambda change: (not looks.destroys(change), looks.same(change))):
        yield Text()
        yield _headline(change)
        yield from _reasons(change)
        yield from _content(change, full)
    if any(policies.in_brief(leaf) for change in changes for leaf in _leaves(change, full)):
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


def _content(change: Document, full: bool) -> Iterator[Text]:
    if change.get("physical_id") and (looks.destroys(change) or full):
        yield from fields.attribute("physical_id", change["physical_id"], 6)
    found = _leaves(change, full)
    owned = [leaf for leaf in found if _ownership(leaf)]
    if owned and not full:
        tags = f"({len(owned)} ownership tag{'s' if len(owned) != 1 else ''} of mfinfra)"
        found = [*(leaf for leaf in found if leaf not in owned), fields.Leaf(("tags",), None, None, note=tags)]
    yield from fields.rows(found, 6)
    yield from _rest(change, {leaf.path[0] for leaf in found}, full)


def _leaves(change: Document, full: bool) -> list[fields.Leaf]:
    """What differs in a resource; of one that goes nothing but its going, if not in `full`."""
    detail = change["change"]
    if detail["after"] is None and not full:
        return []
    found = fields.leaves(detail["fields"])
    return list(found) if full else [part for leaf in found for part in policies.briefly(leaf)]


def _rest(change: Document, shown: set[str | int], full: bool) -> Iterator[Text]:
    """The attributes that do not differ, or that only go or come with their resource."""
    before, after = change["change"]["before"], change["change"]["after"]
    rest = {name: value for name, value in (after if after is not None else before or {}).items() if name not in shown}
    if full:
        symbol = "-" if after is None else "+" if before is None else " "
        for name, value in rest.items():
            yield from fields.attribute(name, value, 6, symbol)
    elif rest:
        word = "more " if before is None else "" if after is None else "unchanged "
        yield _note(f"# ({len(rest)} {word}attribute{'s' if len(rest) != 1 else ''} hidden)")


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


def _ownership(leaf: fields.Leaf) -> bool:
    return len(leaf.path) > 1 and leaf.path[0] == "tags" and str(leaf.path[1]).startswith(OWNERSHIP)
