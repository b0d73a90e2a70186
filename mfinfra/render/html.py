"""The plan as one HTML page that needs nothing else: no network, and no script to be read.

With scripts the list can be filtered. The page allows itself its own style sheet and script, by their hashes, and
nothing else: a value that became markup in spite of all would still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from xml.etree.ElementTree import Element

from mfinfra.render import graph, html_changes, html_facts, looks, markup, palette, svg
from mfinfra.render.graph import Graph
from mfinfra.render.html_parts import anchor, section, word
from mfinfra.render.looks import Document, Look
from mfinfra.render.markup import Child, element
from mfinfra.render.palette import Colour


def page(document: Document) -> str:
    """The page of a plan, from its document alone."""
    name = document["environment"]["name"]
    said = looks.unchanged(document) or looks.verdict(document)
    sections = [
        html_facts.destroyed(document),
        html_changes.changes(document, _tools(document)),
        drawn(graph.of(document)),
        html_facts.checks(document),
        html_facts.metaflow(document),
    ]
    shown = [one for one in sections if one is not None]
    head = element(
        "header",
        None,
        element("h1", None, "Plan of ", element("code", None, name)),
        html_facts.verdict(document),
        *html_facts.guards(document),
        html_facts.facts(document),
        html_facts.legend(document),
        _contents(shown),
    )
    return _whole(f"{name}: {said}", [head, element("main", None, *shown), html_facts.footer(document)])


def graph_page(shown: Graph, facts: Mapping[str, str]) -> str:
    """A page with a graph alone, for a file that was not compared with AWS; `facts` are told at its head."""
    head = element("header", None, element("h1", None, shown.title), html_facts.described(facts))
    items = (element("li", {"id": anchor(node.number)}, node.address) for node in shown.nodes)
    listed = section("resources", "Resources", element("ul", {"class": "addresses"}, *items))
    return _whole(shown.title, [head, element("main", None, drawn(shown), listed)])


def drawn(shown: Graph) -> Element | None:
    """The section with the graph, which scrolls inside of its own frame."""
    if not shown.nodes:
        return None
    brief = graph.brief(shown)
    if not brief.nodes:
        return section("graph", "Resource graph", element("p", None, f"{brief.note[0].upper()}{brief.note[1:]}."))
    picture = svg.figure(brief, lambda node: f"#{anchor(node.number)}")
    frame = {"class": "frame", "tabindex": "0", "role": "region", "aria-label": "the graph, which can be scrolled"}
    return section(
        "graph",
        "Resource graph",
        element("p", None, element("a", {"class": "skip", "href": "#after-graph"}, "skip the graph")),
        element("p", None, f"{brief.note}.") if brief.note else None,
        element("p", {"class": "dim"}, f"{svg.NEEDS[0].upper()}{svg.NEEDS[1:]}; a box leads to its resource."),
        element("div", frame, picture),
        element("span", {"id": "after-graph"}),
    )


def _tools(document: Document) -> Element:
    """What a script makes work, and shows then: without one it stays hidden."""
    every: list[Look] = [looks.look(change) for change in document["resource_changes"]]
    words = {word(look): look for look in (*looks.LOOKS.values(), looks.BLOCKED, *every) if look in every}
    buttons = (
        element(
            "button",
            {"type": "button", "class": palette.name(look), "data-only": name, "aria-pressed": "false"},
            f"{look.symbol} {name}".strip(),
        )
        for name, look in words.items()
    )
    search = {"id": "filter", "type": "search", "autocomplete": "off", "placeholder": "filter: part of any text"}
    return element(
        "div",
        {"id": "tools", "hidden": ""},
        element("label", {"for": "filter"}, "Filter ", element("kbd", None, "/")),
        element("input", search),
        element("div", {"role": "group", "aria-label": "Only these actions"}, *buttons),
        element("div", None, element("button", {"type": "button", "id": "expand"}, "expand all"),
                element("button", {"type": "button", "id": "collapse"}, "collapse all"),
                element("output", {"id": "said", "role": "status", "aria-live": "polite"})),
    )  # fmt: skip


def _contents(sections: Iterable[Element]) -> Element:
    """Links to the sections."""
    links = (element("a", {"href": f"#{one.get('id')}"}, one[0].text or "") for one in sections)
    return element("nav", {"aria-label": "Sections"}, *links)


def _whole(title: str, body: Iterable[Child]) -> str:
    style, script = _style(), _script()
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    head = element(
        "head",
        None,
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("meta", {"name": "referrer", "content": "no-referrer"}),
        element("meta", {"name": "robots", "content": "noindex"}),
        element("link", {"rel": "icon", "href": "data:,"}),
        element("title", None, title),
        markup.verbatim("style", {}, style),
    )
    root = element("html", {"lang": "en"}, head, element("body", None, *body, markup.verbatim("script", {}, script)))
    return markup.html(root)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _style() -> str:
    light = _variables(palette.GROUND, palette.LIGHT)
    dark = _variables(palette.DARK_GROUND, palette.DARK)
    colours = f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return colours + _file("page.css") + svg.stylesheet()


def _variables(ground: Colour, colours: Mapping[str, Colour]) -> str:
    found = {"ground": ground, **colours}
    return " ".join(f"--{name}: {colour.ink}; --{name}-tint: {colour.tint};" for name, colour in found.items())


@cache
def _script() -> str:
    return _file("page.js")


def _file(name: str) -> str:
    return resources.files("mfinfra.render").joinpath(name).read_text("utf-8")
