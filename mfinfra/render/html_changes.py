"""The part of the page that says what is going to happen to each resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from mfinfra.plural import counted
from mfinfra.render import contents, fields, guards, inert, looks, notes, palette
from mfinfra.render.html_parts import anchor, folded, hint, plainly, prose, rows, section, word
from mfinfra.render.looks import Document
from mfinfra.render.markup import Child, element

IN_DETAIL = 200
"""With more changes, differences have no colours and the rest is only counted: the page has to open at once."""
MANY = 60
"""With more, those out of sight are not laid out before they are scrolled to."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A resource of the plan, and its place there, counted from 1."""

    number: int
    change: Document


def numbered(document: Document) -> list[Numbered]:
    """The resources as the page has them: what is destroyed or replaced first, else in the order of the plan."""
    found = [Numbered(number, change) for number, change in enumerate(document["resource_changes"], 1)]
    return sorted(found, key=lambda row: not looks.destroys(row.change))


def changes(document: Document, tools: Element) -> Element:
    """Every resource: those that change each with its differences, the others as one list that is folded up."""
    every = numbered(document)
    changed = [row for row in every if not looks.same(row.change)]
    places = {str(row.change["address"]): row.number for row in every}
    detailed, refused = len(changed) <= IN_DETAIL, guards.by_address(document)
    unchanged = [row for row in every if looks.same(row.change)]
    return section(
        "changes",
        "Changes",
        tools,
        None if changed else element("p", None, "Nothing changes."),
        element("div", {"class": "many"} if len(changed) > MANY else None,
                *(_change(row, places, refused.get(str(row.change["address"]), ()), detailed) for row in changed)),
        _unchanged(unchanged) if unchanged else None,
    )  # fmt: skip


def headline(row: Numbered) -> list[Child]:
    """The sign, the address, and what is going to happen."""
    look = looks.look(row.change)
    block = row.change.get("blocked")
    return [
        element("span", {"class": "sign"}, look.symbol),
        " ",
        element("code", None, str(row.change["address"])),
        " ",
        element("span", {"class": "phrase"}, looks.phrase(row.change)),
        *([" ", element("span", {"class": "code"}, str(block["code"]))] if block else ()),
    ]


def _change(row: Numbered, places: Mapping[str, int], refused: Sequence[Document], detailed: bool) -> Element:
    change, look = row.change, looks.look(row.change)
    told = contents.of(change)
    attributes = {
        "class": f"change {palette.name(look)}",
        "id": anchor(row.number),
        "data-is": word(look),
        "open": "" if looks.destroys(change) or change.get("blocked") else None,
    }
    return element(
        "details",
        attributes,
        element("summary", None, *headline(row)),
        *_reasons(change, refused),
        (rows if detailed else plainly)((*_identity(change), *fields.lines(told.leaves))),
        *(_in_full(change, told) if detailed else _counts(told)),
        *_about(change, places),
        _calls(change) if detailed else None,
    )


def _reasons(change: Document, refused: Sequence[Document]) -> Iterator[Element]:
    """Why it is planned, what it disturbs, and every guard that refuses it."""
    if reason := notes.reason(change):
        yield element("p", {"class": "why"}, *prose(reason))
    for said in filter(None, (notes.drift(change), notes.jobs(change))):
        yield element("p", {"class": "why"}, said)
    for guard in refused:
        yield element("p", {"class": "block"}, *prose(guard["message"]))
        yield from hint(guard.get("hint"))


def _identity(change: Document) -> Iterator[fields.Line]:
    """What AWS calls a resource that goes: the name under which whoever reviews it finds it."""
    if change.get("physical_id") and looks.leaves(change):
        yield from fields.attribute_lines("physical_id", change["physical_id"])


def _in_full(change: Document, told: contents.Contents) -> Iterator[Element]:
    """What is folded up: policies as they are, and what does not differ."""
    if told.briefly:
        yield folded("policies and tags in full", rows(fields.lines(contents.of(change, full=True).leaves)))
    if told.rest:
        lines = (line for name, value in told.rest.items() for line in fields.attribute_lines(name, value))
        yield folded(counted(len(told.rest), f"{told.rest_is}attribute"), rows(lines))


def _counts(told: contents.Contents) -> Iterator[Element]:
    if told.rest:
        yield element("p", {"class": "dim"}, told.hidden(len(told.rest)))


def _about(change: Document, places: Mapping[str, int]) -> Iterator[Element]:
    """Where it is written, and what it hangs together with."""
    parts: list[Child] = []
    place = change.get("source_range")
    if place:
        parts.append(f"{place['file']}:{place['start']['line']}")
    if change.get("protected"):
        parts.append("protected: it holds data")
    needs = [link(address, places) for address in change.get("depends_on", ())]
    shown = [child for number, part in enumerate(parts) for child in ((" · ", part) if number else (part,))]
    if shown:
        yield element("p", {"class": "dim"}, *shown)
    if needs:
        commas = [child for number, need in enumerate(needs) for child in ((", ", need) if number else (need,))]
        yield element("p", {"class": "dim"}, "depends on ", *commas)


def link(address: str, places: Mapping[str, int]) -> Element:
    """An address, which leads to its resource where the page has it."""
    if address not in places:
        return element("code", None, address)
    return element("a", {"href": f"#{anchor(places[address])}"}, element("code", None, address))


def _calls(change: Document) -> Element | None:
    calls: Sequence[Document] = change.get("calls") or ()
    if not calls:
        return None
    steps = element("ol", None, *(element("li", None, *_step(call)) for call in calls))
    return folded(f"how apply does it, in {counted(len(calls), 'step')}", steps)


def _step(call: Document) -> Iterator[Child]:
    if "wait" in call:
        yield f"wait until it is {' or '.join(map(str, call['until']))}, {call['timeout_seconds']} s at most"
        return
    yield element("code", None, _named(call.get("with") or call))
    if "repeat" in call:
        yield ", as long as "
        yield element("code", None, _named(call["repeat"]))
        yield " finds any"


def _named(call: Document) -> str:
    return f"{call['service']}:{call['operation']}"


def _unchanged(unchanged: Sequence[Numbered]) -> Element:
    items = (
        element("li", {"id": anchor(row.number), "data-is": "unchanged"}, inert.line(row.change["address"]))
        for row in unchanged
    )
    title = f"{counted(len(unchanged), 'resource')} unchanged"
    return folded(title, element("ul", {"class": "addresses"}, *items), id="unchanged")
