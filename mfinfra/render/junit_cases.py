"""JUnit XML from suites of cases, whatever they are cases of.

What is not ASCII is a character reference, so that no encoding can spoil a report. Every text is inert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mfinfra.render import inert

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a case failed: a code, a sentence, and what to do."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that passes, fails or is skipped, with what there is to tell of it; `seconds` it took, if timed."""

    classname: str
    name: str
    failure: Failure | None = None
    output: tuple[str, ...] = ()
    skipped: str | None = None
    seconds: float | None = None


def text(title: str, suites: Mapping[str, Sequence[Case]], timestamp: str = "") -> str:
    """The report; a suite's name is its key."""
    root = Element("testsuites", {"name": inert.line(title)})
    _count(root, [case for cases in suites.values() for case in cases])
    for name, cases in suites.items():
        suite = SubElement(root, "testsuite", {"name": inert.line(name)})
        _count(suite, cases)
        if any(case.skipped is not None for case in cases):
            suite.set("skipped", str(sum(case.skipped is not None for case in cases)))
        if timestamp:
            suite.set("timestamp", timestamp)
        for case in _unlike(cases):
            _write(suite, case)
    indent(root)
    return f"{HEAD}{tostring(root, 'us-ascii').decode('ascii')}\n"


def _count(element: Element, cases: Sequence[Case]) -> None:
    """Nothing is an error of the tests themselves."""
    counts = {"tests": len(cases), "failures": sum(1 for case in cases if case.failure), "errors": 0}
    element.attrib.update({name: str(count) for name, count in counts.items()})
    timed = [case.seconds for case in cases if case.seconds is not None]
    if timed:
        element.set("time", f"{sum(timed):.3f}")


def _unlike(cases: Sequence[Case]) -> Iterator[Case]:
    """The cases, with a number behind each name that was there before: build servers take equal names for one case."""
    seen: Counter[tuple[str, str]] = Counter()
    for case in cases:
        seen[case.classname, case.name] += 1
        count = seen[case.classname, case.name]
        yield replace(case, name=f"{case.name} ({count})") if count > 1 else case


def _write(suite: Element, case: Case) -> None:
    """Attributes are one line each, and every line of a text is inert: what XML cannot hold is a visible escape."""
    element = SubElement(suite, "testcase", {"classname": inert.line(case.classname), "name": inert.line(case.name)})
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.3f}")
    if case.skipped is not None:
        SubElement(element, "skipped", {"message": inert.line(case.skipped)})
    if case.failure:
        said = {"type": inert.line(case.failure.code), "message": inert.line(case.failure.message)}
        SubElement(element, "failure", said).text = "\n".join(inert.lines(case.failure.hint))
    if case.output:
        SubElement(element, "system-out").text = "\n".join(inert.line(line) for line in case.output)
