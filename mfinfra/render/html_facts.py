"""The parts of the page that are about the plan as a whole: verdict, provenance, checks, Metaflow, how to apply it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from mfinfra.plural import counted
from mfinfra.render import contents, fields, looks, origin, palette
from mfinfra.render.html_changes import headline, link, numbered
from mfinfra.render.html_parts import anchor, folded, hint, prose, rows, section
from mfinfra.render.looks import Document
from mfinfra.render.markup import element

STATUS: Mapping[str, str] = {"fail": "magenta", "warn": "yellow", "pass": "plain", "suppressed": "plain"}


def verdict(document: Document) -> Element:
    """What the plan comes to, in one or two sentences."""
    blocked, unchanged = looks.blocked_by(document), looks.unchanged(document)
    said = f"No changes: {unchanged}" if unchanged else f"Plan: {looks.verdict(document)}."
    return element(
        "div",
        {"class": "verdict"},
        element("p", {"class": "magenta block"}, element("b", None, "! Blocked: "), blocked) if blocked else None,
        element("p", None, element("b", None, said)),
    )


def guards(document: Document) -> Iterator[Element]:
    """What stops the whole plan and stands at no resource."""
    for check in document["checks"]:
        if check["status"] == "fail" and not check.get("address"):
            yield element("p", {"class": "block"}, f"[{check['code']}] ", *prose(check["message"]))
            yield from hint(check.get("hint"))


def facts(document: Document) -> Element:
    """Whose plan this is, of what, by whom, from where."""
    found = {
        **origin.facts(document),
        "created": document.get("created"),
        "options": ", ".join(origin.options(document)),
        "part": None if document.get("complete", True) else "this plan is of a part of the environment only",
    }
    return described({name: value for name, value in found.items() if value})


def described(found: Mapping[str, Any]) -> Element:
    """Names and what they are."""
    pairs = (
        element("div", None, element("dt", None, name), element("dd", None, str(value)))
        for name, value in found.items()
    )
    return element("dl", None, *pairs)


def legend(document: Document) -> Element | None:
    """The signs that are used, what they mean, and how often."""
    used = [looks.look(change) for change in document["resource_changes"] if not looks.same(change)]
    known = {look.symbol: look for look in (*looks.LOOKS.values(), looks.BLOCKED, *used) if look in used}
    items = (
        element(
            "li",
            {"class": palette.name(look)},
            element("span", {"class": "sign"}, look.symbol),
            f" {look.legend}: {sum(1 for other in used if other.symbol == look.symbol)}",
        )
        for look in known.values()
    )
    return element("ul", {"class": "legend"}, *items) if known else None


def destroyed(document: Document) -> Element | None:
    """What goes, once more, in one line each: nobody has to look for it."""
    found = [row for row in numbered(document) if looks.destroys(row.change)]
    items = (
        element(
            "li",
            {"class": palette.name(looks.look(row.change))},
            element("a", {"href": f"#{anchor(row.number)}"}, *headline(row)),
        )
        for row in found
    )
    return section("destroyed", "Destroyed or replaced", element("ul", {"class": "bare"}, *items)) if found else None


def checks(document: Document) -> Element | None:
    """What was checked: what is refused first, then what is odd; what is well is counted."""
    found: Sequence[Document] = document["checks"]
    shown = [check for status in ("fail", "warn") for check in found if check["status"] == status]
    shown += [check for check in found if check["status"] not in STATUS]
    passed, suppressed = ([check for check in found if check["status"] == status] for status in ("pass", "suppressed"))
    places = {str(row.change["address"]): row.number for row in numbered(document)}
    if not found:
        return None
    return section(
        "checks",
        "Checks",
        element("ul", {"class": "bare"}, *(_check(check, places) for check in shown)) if shown else None,
        folded(f"{counted(len(suppressed), 'warning')} suppressed",
               element("ul", {"class": "bare"}, *(_check(check, places) for check in suppressed)))
        if suppressed else None,
        folded(f"{counted(len(passed), 'check')} passed",
               element("ul", {"class": "bare"}, *(_check(check, places) for check in passed))) if passed else None,
    )  # fmt: skip


def _check(check: Document, places: Mapping[str, int]) -> Element:
    address = check.get("address")
    return element(
        "li",
        None,
        element("b", {"class": STATUS.get(check["status"], "red")}, str(check["status"])),
        " ",
        element("span", {"class": "code"}, check["code"]),
        " ",
        *((link(address, places), ": ") if address else ()),
        *prose(check["message"]),
        *((f" (suppressed: {check['reason']})",) if check.get("reason") else ()),
        *hint(check.get("hint")),
    )


def metaflow(document: Document) -> Element | None:
    """How the Metaflow configuration is going to differ."""
    leaves = contents.metaflow(document)
    return section("metaflow", "Metaflow configuration", rows(fields.lines(leaves))) if leaves else None


def footer(document: Document) -> Element:
    """The plan's identity, and how it is applied."""
    integrity = document.get("integrity") or {}
    found = {
        "plan_sha256": integrity.get("plan_sha256"),
        "document_sha256": integrity.get("document_sha256"),
        "mfinfra": document.get("mfinfra_version"),
    }
    command = origin.command(document)
    needed = document.get("required_actions") or ()
    return element(
        "footer",
        None,
        verdict(document),
        element("p", None, "To apply exactly this:") if command else None,
        element("pre", {"tabindex": "0"}, element("code", None, command)) if command else None,
        folded(f"{counted(len(needed), 'IAM action')} that apply needs",
               element("ul", {"class": "addresses"}, *(element("li", None, str(name)) for name in needed)))
        if needed else None,
        described({name: value for name, value in found.items() if value}),
    )  # fmt: skip
