"""What stands around the changes in Markdown: which plan it is and what it comes to; and addresses and no more."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from mfinfra.render import commonmark, inert, looks, origin
from mfinfra.render.commonmark import code, cut, prose
from mfinfra.render.looks import Document

ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,30}")
LONGEST_NAME = 31
LONGEST_FACT = 200


def head(document: Document) -> str:
    """The marker by which a bot finds its comment again, the title, the verdict, the counts."""
    return f"{_marker(document)}\n" + "\n\n".join([_title(document), *_facts(document), *_verdict(document)]) + "\n"


def foot(document: Document) -> str:
    """Which plan exactly, made of what by whom, and the command that carries it out."""
    source, environment = document["source"], document["environment"]
    commit, plan = source.get("git_commit"), (document.get("integrity") or {}).get("plan_sha256")
    facts = [
        f"plan {_fact(plan)}" if plan else "",
        f"mfinfra {_fact(document['mfinfra_version'])}" if document.get("mfinfra_version") else "",
        f"commit {code(inert.line(commit)[: origin.SHORT_COMMIT])}{origin.uncommitted(document)}" if commit else "",
        f"file {_fact(source['path'])}",
        f"planned {_fact(document['created'])}" if document.get("created") else "",
        f"by {_fact(environment['caller'])}",
    ]
    said = ", ".join(filter(None, facts))
    return f"\n{said[0].upper()}{said[1:]}\n{_apply(document)}"


def addresses(changes: Sequence[Document], *, by_kind: bool) -> str:
    """Everything that is destroyed, replaced or blocked, by nothing but its address.

    `by_kind` names each kind once, where there is no room for it before every name.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        block = change.get("blocked")
        if block or looks.destroys(change):
            guard = f" {code(block['code'])}" if block else ""
            groups[prose(looks.phrase(change)) + guard].append(inert.line(change["address"]))
    return "".join(
        f"\n#### {len(found)} {phrase}\n\n{commonmark.block(_by_kind(found) if by_kind else found)}"
        for phrase, found in groups.items()
    )


def _by_kind(found: Iterable[str]) -> Iterator[str]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for address in found:
        kind, _, name = address.partition(".")
        kinds[kind].append(name)
    return (f"{kind}: {' '.join(names)}" for kind, names in kinds.items())


def _marker(document: Document) -> str:
    """The hidden first line; a name that is none cannot end the comment."""
    name = str(document["environment"]["name"])
    safe = name if ENVIRONMENT.fullmatch(name) else quote(name[:LONGEST_NAME], safe="", errors="backslashreplace")
    return f"<!-- mfinfra:plan environment={safe} -->"


def _title(document: Document) -> str:
    environment = document["environment"]
    name = prose(cut(environment["name"], LONGEST_FACT))
    return f"### mfinfra plan: {name} ({_fact(environment['account'])} / {_fact(environment['region'])})"


def _facts(document: Document) -> Iterator[str]:
    """What makes this plan another than one expects: it is not of AWS, or not of the whole file."""
    endpoint, options = document["environment"].get("endpoint"), origin.options(document)
    if endpoint:
        what = "the sandbox, an emulator and not AWS" if endpoint == "sandbox" else _fact(endpoint)
        yield f"**Endpoint:** {what}"
    if options:
        yield f"**Options:** {_fact(' '.join(options))}"


def _verdict(document: Document) -> Iterator[str]:
    blocked, unchanged = looks.blocked_by(document), looks.unchanged(document)
    if blocked:
        yield f"**Blocked:** {blocked}"
    if unchanged:
        yield f"**No changes:** {unchanged}"
        return
    yield f"**Plan:** {looks.verdict(document)}."
    yield _table(document)


def _table(document: Document) -> str:
    """How many of each sort, a blocked one as nothing else; numbers and our own words only."""
    counts = Counter(looks.look(change) for change in document["resource_changes"])
    words = Counter({"unchanged": 0})
    for look, count in counts.items():
        words[look.verdict.removeprefix("to ") or look.legend or "unchanged"] += count
    names = [verdict.removeprefix("to ") for verdict in looks.VERDICTS]
    names = [name for name in names if name != "forget" or words[name]]
    columns = [*names, *(word for word in words if word not in names and word != "unchanged"), "unchanged"]
    rows = (columns, ["--:"] * len(columns), [str(words[word]) for word in columns])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _apply(document: Document) -> str:
    """The command, of a plan that can be applied."""
    command = origin.command(document)
    return f"\nApply it: {code(command)}\n" if command else ""


def _fact(value: object) -> str:
    return code(cut(value, LONGEST_FACT))
