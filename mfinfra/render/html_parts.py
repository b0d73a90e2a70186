"""Pieces of the page that several of its sections are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

from mfinfra.render import inert, markup
from mfinfra.render.fields import Line
from mfinfra.render.looks import Look
from mfinfra.render.markup import Child, element

ROW: Mapping[str, str] = {"+": "add", "-": "del", "~": "mod", " ": "as-is"}
PIECE: Mapping[str, str] = {"green": "add", "red": "del", "yellow": "mod", "dim": "dim"}
WORDS: Mapping[str, str] = {
    "-": "destroy",
    "+/-": "replace",
    "-/+": "replace",
    "+": "create",
    "~": "update",
    "=": "adopt",
    "!": "blocked",
    ".": "forget",
    " ": "unchanged",
    "?": "unknown",
}


def word(look: Look) -> str:
    """The one word that the page filters a sort of action by."""
    return WORDS[look.symbol]


def anchor(number: int) -> str:
    """The id of the resource at this place of the plan, counted from 1: no address can collide with another's."""
    return f"r{number}"


def prose(text: object) -> Iterator[Child]:
    """A sentence, what stands in backticks as code; if one of them has no partner they stay as they are."""
    pieces = str(text).split("`")
    if len(pieces) % 2 == 0:
        yield str(text)
        return
    for number, piece in enumerate(pieces):
        if piece:
            yield element("code", None, piece) if number % 2 else piece


def hint(text: str | None) -> Iterator[Element]:
    """What to do, in as many lines as it was written in."""
    for number, part in enumerate(inert.lines(text) if text else ()):
        yield element("p", {"class": "hint"}, None if number else element("b", None, "hint: "), *prose(part))


def rows(lines: Iterable[Line]) -> Element | None:
    """Lines of a difference; nothing where there are none."""
    found = [_row(line) for line in lines]
    return element("div", {"class": "diff"}, *found) if found else None


def plainly(lines: Iterable[Line]) -> Element | None:
    """The same as one text without colours: a fraction of the elements, for a page of very many changes."""
    found = [line.text(0).plain for line in lines]
    return markup.several("pre", {"class": "diff"}, found) if found else None


def folded(title: str, *children: Child, open_: bool = False, **attributes: str) -> Element:
    """What is shown when it is asked for."""
    summary = element("summary", None, title)
    return element("details", {**attributes, "open": "" if open_ else None}, summary, *children)


def section(name: str, title: str, *children: Child) -> Element:
    """A part of the page with its heading, which the page's head leads to."""
    heading = element("h2", {"id": f"{name}-title"}, title)
    return element("section", {"id": name, "aria-labelledby": f"{name}-title"}, heading, *children)


def _row(line: Line) -> Element:
    """One line, its sign at its head; pieces that have another colour than the line have an element of their own."""
    mine = ROW[line.symbol]
    pieces: list[Child] = [f"{line.symbol} " if line.begins else "  "]
    for text, style in line.pieces:
        colour = PIECE.get(style)
        pieces.append(text if colour in (None, mine) else element("span", {"class": colour}, text))
    return element("div", {"class": f"{mine} in{min(line.indent, 8)}"}, *pieces)
