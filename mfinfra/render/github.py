"""The plan in GitHub Actions: annotations on stdout, the summary of the step, outputs for later steps.

A value can neither begin a command of the runner nor end the line that it stands in.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfinfra.errors import UserError
from mfinfra.render import guards, inert, looks, markdown
from mfinfra.render.looks import Document

SUMMARY_BYTES = 900 * 1024  # the runner refuses a step's summary of over 1 MiB
MOST = 10  # GitHub shows this many annotations of a kind, of one step
SUMMARY, OUTPUT = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"
DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY = DATA | str.maketrans({":": "%3A", ",": "%2C"})
COUNTS = ("adopt", "create", "update", "replace", "delete", "forget")
LOSSES: Mapping[tuple[str, ...], int] = {("delete",): 0, ("delete", "create"): 1, ("create", "delete"): 2}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation: `error`, `warning` or `notice`, a title, a sentence, and the place in the file."""

    kind: str
    title: str
    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None

    def command(self) -> str:
        """The line that the runner obeys."""
        named = {"file": self.file, "line": self.line, "col": self.column, "title": self.title}
        parts = (f"{name}={inert.line(value).translate(PROPERTY)}" for name, value in named.items() if value)
        return f"::{self.kind} {','.join(parts)}::{inert.line(self.message).translate(DATA)}\n"


def publish(document: Document, environ: Mapping[str, str]) -> str:
    """Append the summary and the outputs to the files that `environ` names, and return what belongs on stdout.

    Raises `UserError` where a file cannot be written.
    """
    if path := environ.get(SUMMARY):
        _append(SUMMARY, path, step_summary(document, SUMMARY_BYTES - _size(SUMMARY, path)))
    if path := environ.get(OUTPUT):
        _append(OUTPUT, path, outputs(document))
    return commands(document)


def commands(document: Document) -> str:
    """Errors for what is refused, warnings for what is lost and what is odd, a notice for what the plan comes to."""
    found = [*_errors(document), *_warnings(document)]
    return "".join(
        [
            *_most([one for one in found if one.kind == "error"], document),
            *_most([one for one in found if one.kind == "warning"], document),
            _verdict(document).command(),
        ]
    )


def step_summary(document: Document, most: int = SUMMARY_BYTES) -> str:
    """The plan in Markdown of at most `most` bytes; raises `UserError` where not even the addresses fit."""
    return markdown.fitted(document, most, lambda text: len(text.encode()), "bytes")


def outputs(document: Document) -> str:
    """`name=value` lines: whether there are changes, whether a guard is in the way, the plan's hash, the counts."""
    changes = document["resource_changes"]
    counts: Mapping[str, Any] = document["summary"]
    plan = (document.get("integrity") or {}).get("plan_sha256")
    rows = {
        "changes": _word(not all(map(looks.same, changes))),
        "blocked": _word(bool(looks.blocked_by(document))),
        **({"plan_sha256": plan} if plan else {}),
        **{name: counts[name] for name in COUNTS if name in counts},
    }
    return "".join(f"{name}={inert.line(value)}\n" for name, value in rows.items())


def _errors(document: Document) -> Iterator[Annotation]:
    """What stands in the way: of the whole plan first, then of what would be lost, then the rest."""
    changes: Sequence[Document] = document["resource_changes"]
    blocked = [change for change in changes if change.get("blocked")]
    rest = [check for check in guards.apart(document) if check["status"] == "fail"]
    places = {change["address"]: change for change in changes}
    for check in sorted(rest, key=lambda check: bool(check.get("address"))):
        yield _annotation("error", check["code"], _said(check), places.get(check.get("address")), document)
    for change in sorted(blocked, key=_rank):
        block = change["blocked"]
        yield _annotation("error", block["code"], f"{change['address']}: {_said(block)}", change, document)


def _warnings(document: Document) -> Iterator[Annotation]:
    """What is destroyed, then what is replaced, then the warnings."""
    changes: Sequence[Document] = document["resource_changes"]
    places = {change["address"]: change for change in changes}
    for change in sorted(filter(looks.destroys, changes), key=_rank):
        known = f" ({change['physical_id']})" if change.get("physical_id") else ""
        because = f": {change['action_reason']}" if change.get("action_reason") else ""
        said = f"{change['address']}{known} {looks.phrase(change)}{because}"
        yield _annotation(
            "warning", f"{looks.action(change).verdict} {change['address']}".strip(), said, change, document
        )
    for check in document["checks"]:
        if check["status"] == "warn":
            address = check.get("address")
            said = f"{address}: {_said(check)}" if address else _said(check)
            yield _annotation("warning", check["code"], said, places.get(address), document)


def _verdict(document: Document) -> Annotation:
    unchanged, blocked = looks.unchanged(document), looks.blocked_by(document)
    said = f"No changes: {unchanged}" if unchanged else f"Plan: {looks.verdict(document)}"
    title = f"mfinfra plan: {document['environment']['name']}"
    return Annotation("notice", title, f"Blocked: {blocked}. {said}" if blocked else said)


def _annotation(kind: str, title: str, said: str, change: Document | None, document: Document) -> Annotation:
    """At the place of the resource; at the file where it has none, as what is no longer in the file."""
    place = (change.get("source_range") if change else None) or {}
    start = place.get("start") or {}
    file = place.get("file") or document["source"]["path"]
    return Annotation(kind, title, said, file, start.get("line"), start.get("column"))


def _said(check: Document) -> str:
    """A check's sentence, its hint, and what lifts it where the hint does not say that."""
    lifted = guards.lifting(check)
    return "; ".join(filter(None, (check["message"], check.get("hint"), f"`{lifted}` lifts it" if lifted else "")))


def _most(found: Sequence[Annotation], document: Document) -> Iterator[str]:
    """The worst of one kind, and how many more there are."""
    yield from (one.command() for one in found[:MOST])
    if more := found[MOST:]:
        title = f"mfinfra plan: {document['environment']['name']}"
        yield Annotation(more[0].kind, title, f"and {len(more)} more").command()


def _rank(change: Document) -> int:
    return LOSSES.get(tuple(change["change"]["actions"]), len(LOSSES))


def _word(yes: bool) -> str:
    return "true" if yes else "false"


def _size(name: str, path: str) -> int:
    """Bytes that the step has written already."""
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise _unwritable(name, error) from error


def _append(name: str, path: str, text: str) -> None:
    """Append `text` on lines of its own, whatever another tool left there."""
    try:
        with Path(path).open("a+b") as stream:
            stream.seek(0)
            before = stream.read()
            stream.write((b"\n" if before and not before.endswith(b"\n") else b"") + text.encode())
    except OSError as error:
        raise _unwritable(name, error) from error


def _unwritable(name: str, error: OSError) -> UserError:
    why = (error.strerror or str(error)).lower()
    return UserError(
        f"the file that `{name}` names cannot be written: {why}", hint="the runner of GitHub Actions sets it"
    )
