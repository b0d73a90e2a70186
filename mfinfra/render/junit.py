"""A plan as JUnit XML, the format in which build servers collect tests.

The suite `checks` has a case for each check of the plan; then each kind has a suite, and each resource a case in it. A
case fails where a guard refuses: there nothing can be applied. To plan changes is no failure, not even to destroy; that
is what a plan is for. What would change stands in the case's output, and a case without output is one without change.
What a guard says of a step is told at its resource, and not once more among the checks. Nothing is timed: a plan is
compared as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mfinfra.render import contents, fields, guards, inert, junit_cases, looks
from mfinfra.render.junit_cases import Case, Failure
from mfinfra.render.looks import Document

CHECKS = "checks"
PLAN = "plan"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def text(document: Document) -> str:
    """The report as XML text."""
    moment = MOMENT.match(str(document.get("created", "")))
    title = f"mfinfra plan: {inert.line(document['environment']['name'])}"
    return junit_cases.text(title, _suites(document), moment[0] if moment else "")


def _suites(document: Document) -> dict[str, list[Case]]:
    """The cases of each suite; a suite without any is left out."""
    changes: Sequence[Document] = document["resource_changes"]
    found = guards.apart(document)
    suites = {CHECKS: [_check(check) for check in found]} if found else {}
    for change in changes:
        suites.setdefault(inert.line(change["kind"]), []).append(_resource(change))
    return suites


def _check(check: Document) -> Case:
    address, code, status = check.get("address") or "", check["code"], check["status"]
    classname = address.partition(".")[0] or PLAN
    name = " ".join(filter(None, (address, code)))
    if status == "fail":
        return Case(classname, name, _failure(check))
    said: tuple[str, ...] = ()
    if status == "warn":
        said = (f"warning: {check['message']}", *_hint(check))
    elif status == "suppressed":
        said = (f"suppressed: {check['message']}", f"reason: {check.get('reason')}")
    return Case(classname, name, output=said)


def _resource(change: Document) -> Case:
    block = change.get("blocked")
    output = () if looks.same(change) and not block else tuple(_told(change))
    return Case(change["kind"], change["address"], _failure(block) if block else None, output)


def _told(change: Document) -> Iterator[str]:
    """What is going to happen to a resource, as the plan in text tells it."""
    yield f"{looks.action(change).symbol} {inert.line(change['address'])} {looks.phrase(change)}"
    if change.get("action_reason"):
        yield f"  because {inert.line(change['action_reason'])}"
    if change.get("physical_id") and looks.leaves(change):
        yield f"  physical_id: {inert.scalar(change['physical_id'])}"
    yield from (row.plain for row in fields.rows(contents.of(change).leaves, 2))


def _failure(row: Document) -> Failure:
    return Failure(row["code"], row["message"], "\n".join(_hint(row)))


def _hint(row: Document) -> tuple[str, ...]:
    return (f"hint: {row['hint']}",) if row.get("hint") else ()
