"""A plan as JUnit XML, the format in which build servers collect tests.

The suite `checks` has a case for each check of the plan; then each kind has a suite, and each resource a case in it. A
case fails where a guard refuses: there nothing can be applied. To plan changes is no failure, not even to destroy; that
is what a plan is for. What would change stands in the case's output, and a case without output is one without change.
What a guard says of a step is told at its resource, and not once more among the checks. Nothing is timed: a plan is
compared as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mfinfra.render import contents, fields, guards, inert, looks
from mfinfra.render.looks import Document

CHECKS = "checks"
PLAN = "plan"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Failure:
    """What a guard says: its code, its sentence, and what lifts it."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that passes or fails, with what there is to tell of it."""

    classname: str
    name: str
    failure: Failure | None = None
    output: tuple[str, ...] = ()


def text(document: Document) -> str:
    """The report as XML text; what is not ASCII is a character reference, so that no encoding can spoil it."""
    suites = _suites(document)
    root = Element("testsuites", {"name": f"mfinfra plan: {inert.line(document['environment']['name'])}"})
    _count(root, [case for cases in suites.values() for case in cases])
    for name, cases in suites.items():
        suite = SubElement(root, "testsuite", {"name": name})
        _count(suite, cases)
        if moment := MOMENT.match(str(document.get("created", ""))):
            suite.set("timestamp", moment[0])
        for case in _unlike(cases):
            _write(suite, case)
    indent(root)
    return f"{HEAD}{tostring(root, 'us-ascii').decode('ascii')}\n"


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
    said = (f"warning: {check['message']}", *_hint(check)) if status == "warn" else ()
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
    if change.get("physical_id") and looks.destroys(change):
        yield f"  physical_id: {inert.scalar(change['physical_id'])}"
    yield from (row.plain for row in fields.rows(contents.of(change).leaves, 2))


def _failure(row: Document) -> Failure:
    return Failure(row["code"], row["message"], "\n".join(_hint(row)))


def _hint(row: Document) -> tuple[str, ...]:
    return (f"hint: {row['hint']}",) if row.get("hint") else ()


def _count(element: Element, cases: Sequence[Case]) -> None:
    """Nothing is an error of the tests themselves, and nothing is left out."""
    counts = {"tests": len(cases), "failures": sum(1 for case in cases if case.failure), "errors": 0}
    element.attrib.update({name: str(count) for name, count in counts.items()})


def _unlike(cases: Sequence[Case]) -> Iterator[Case]:
    """The cases, with a number behind each name that was there before: build servers take equal names for one case."""
    seen: Counter[tuple[str, str]] = Counter()
    for case in cases:
        seen[case.classname, case.name] += 1
        count = seen[case.classname, case.name]
        name = f"{case.name} ({count})" if count > 1 else case.name
        yield Case(case.classname, name, case.failure, case.output)


def _write(suite: Element, case: Case) -> None:
    """Attributes are one line each, and every line of a text is inert: what XML cannot hold is a visible escape."""
    element = SubElement(suite, "testcase", {"classname": inert.line(case.classname), "name": inert.line(case.name)})
    if case.failure:
        said = {"type": inert.line(case.failure.code), "message": inert.line(case.failure.message)}
        SubElement(element, "failure", said).text = "\n".join(inert.lines(case.failure.hint))
    if case.output:
        SubElement(element, "system-out").text = "\n".join(inert.line(line) for line in case.output)
