"""A plan as SARIF 2.1.0, the format in which code hosts collect findings.

What a guard refuses is an error. Warnings, everything that is destroyed or replaced, and what somebody changed behind
our back are warnings. Changes that lose nothing are no findings. A finding keeps its fingerprint while its address and
code stay, wherever in the file it moves to.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mfinfra.render import guards, inert, looks, rules
from mfinfra.render.looks import Document

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# GitHub takes this many results of a run, and shows this much of a message.
MOST_RESULTS = 25_000
LONGEST_MESSAGE = 1000
LONGEST_NAME = 255
LISTED = 10
ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell: its code, `error` or `warning`, a sentence, and the resource that it is about."""

    code: str
    level: str
    message: str
    address: str


def text(document: Document) -> str:
    """The SARIF log as JSON text; what is not ASCII is escaped."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(document)]}
    return json.dumps(log, indent=2, sort_keys=True) + "\n"


def _run(document: Document) -> dict[str, Any]:
    found = sorted(_findings(document), key=lambda one: one.level != ERROR)
    told = found[:MOST_RESULTS]
    codes = {code: number for number, code in enumerate(sorted({one.code for one in told}))}
    driver = {"name": "mfinfra", "version": inert.line(document.get("mfinfra_version", ""))}
    return {
        # Behind the last slash a run would have a name of its own; what stands before it sets runs apart.
        "automationDetails": {"id": f"mfinfra/{inert.line(document['environment']['name'])}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(len(found) - len(told))],
        "results": list(_results(document, told, codes)),
        "tool": {"driver": {**driver, "rules": [_rule(code, told) for code in codes]}},
    }


def _findings(document: Document) -> Iterator[Finding]:
    """Everything to tell: guards, what is lost, warnings, drift. A guard's own check is not told twice."""
    changes: Sequence[Document] = document["resource_changes"]
    for row in changes:
        if block := row.get("blocked"):
            yield Finding(block["code"], ERROR, _sentence(row["address"], block), row["address"])
    for change in filter(looks.leaves, changes):
        yield _loss(change)
    for check in guards.apart(document):
        # GitHub shows a result with `suppressions` as an alert like any other: what is suppressed is left out.
        if check["status"] in {"pass", "suppressed"}:
            continue
        level, address = ERROR if check["status"] == "fail" else WARNING, check.get("address") or ""
        yield Finding(check["code"], level, _sentence(address, check), address)
    for change in changes:
        if _live(change):
            yield _drift(change)


def _loss(change: Document) -> Finding:
    """What is destroyed, for good or to be made anew, or given up."""
    address, because = change["address"], change.get("action_reason")
    code = rules.DESTROYED if change["change"].get("after") is None else rules.REPLACED
    code = rules.FORGOTTEN if looks.forgets(change) else code
    known = f" (`{change['physical_id']}`)" if change.get("physical_id") else ""
    forced = [inert.path(tuple(field["path"])) for field in change["change"]["fields"] if field.get("replaces")]
    why = f", because {because}" if because else f", because of {_listed(forced)}" if forced else ""
    guarded = "; a guard blocks that" if change.get("blocked") else ""
    return Finding(code, WARNING, f"{address}{known} {looks.action(change).phrase}{why}{guarded}", address)


def _drift(change: Document) -> Finding:
    fields = [inert.path(tuple(field["path"])) for field in change["change"]["fields"] if _live(field)]
    where = f" in {_listed(fields)}" if fields else ""
    said = f"{change['address']}: something else than mfinfra changed it{where} since the last apply"
    return Finding(rules.DRIFTED, WARNING, said, change["address"])


def _results(document: Document, told: Sequence[Finding], codes: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    places = {change["address"]: change.get("source_range") for change in document["resource_changes"]}
    seen: Counter[tuple[str, str]] = Counter()
    for one in told:
        seen[one.code, one.address] += 1
        yield {
            "level": one.level,
            "locations": [_location(document, one.address, places)],
            "message": {"text": _message(one.message)},
            "partialFingerprints": _fingerprints(one, seen[one.code, one.address]),
            "ruleId": _name(one.code),
            "ruleIndex": codes[one.code],
        }


def _location(document: Document, address: str, places: Mapping[str, Any]) -> dict[str, Any]:
    """Where the file wishes for the resource; what it does not hold is told at its first line."""
    place = _place(address, places)
    start = place.get("start", {})
    region = {name: max(1, int(start[key])) for name, key in REGION.items() if start.get(key)}
    path = place.get("file") or document["source"]["path"]
    physical = {"artifactLocation": _artifact(str(path)), "region": {"startLine": 1, **region}}
    logical = {"fullyQualifiedName": _name(address), "kind": "resource"}
    return {"physicalLocation": physical, **({"logicalLocations": [logical]} if address else {})}


REGION = {"startLine": "line", "startColumn": "column"}


def _place(address: str, places: Mapping[str, Any]) -> Mapping[str, Any]:
    """The place of an address, or of the resource that a longer one (`bucket.data.tags`) stands in."""
    while address:
        if places.get(address):
            found: Mapping[str, Any] = places[address]
            return found
        address = address.rpartition(".")[0]
    return {}


def _artifact(path: str) -> dict[str, str]:
    """A path as URI; a relative one is relative to the root of the sources, wherever that is."""
    uri = quote(posixpath.normpath(path), errors="backslashreplace")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _fingerprints(one: Finding, occurrence: int) -> dict[str, str]:
    """What the finding is known by from run to run; GitHub looks at one name only, which is its own."""
    digest = hashlib.sha256(json.dumps([one.code, one.address]).encode()).hexdigest()[:32]
    value = f"{digest}:{occurrence}"
    return {"mfinfraCodeAndAddress/v1": value, "primaryLocationLineHash": value}


def _rule(code: str, told: Sequence[Finding]) -> dict[str, Any]:
    level = ERROR if any(one.code == code and one.level == ERROR for one in told) else WARNING
    return {
        "defaultConfiguration": {"level": level},
        "id": _name(code),
        "shortDescription": {"text": _message(rules.description(code))},
    }


def _invocation(left_out: int) -> dict[str, Any]:
    """The tool ran; a limit that it kept to is told as its own note, not as a finding."""
    note = f"{left_out} of the findings are left out: {MOST_RESULTS} are told, the worst of them"
    notes = [{"level": WARNING, "message": {"text": note}}] if left_out else []
    return {
        "executionSuccessful": True,
        **({"toolExecutionNotifications": notes} if notes else {}),
    }


def _message(said: str) -> str:
    """Plain text of SARIF: braces are doubled (they would be placeholders), and nothing in it is a link."""
    whole = inert.line(said)
    shown = whole if len(whole) <= LONGEST_MESSAGE else f"{whole[: LONGEST_MESSAGE - 1]}…"
    return shown.replace("{", "{{").replace("}", "}}").replace("](", "] (") or "-"


def _name(said: str) -> str:
    return inert.line(said)[:LONGEST_NAME]


def _sentence(address: str, row: Document) -> str:
    """What a guard or a check says, about what, and what to do about it where that is known."""
    said = row["message"] if address in row["message"] else f"{address}: {row['message']}"
    return f"{said}; {row['hint']}" if row.get("hint") else said


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:LISTED]]
    return ", ".join([*shown, *([f"{len(names) - LISTED} more"] if len(names) > LISTED else [])])


def _live(row: Document) -> bool:
    return row.get("drift") in {"live", "both"}
