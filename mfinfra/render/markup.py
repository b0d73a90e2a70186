"""Elements of HTML and SVG, made so that no value can become markup.

A value enters a tree as text or as an attribute, and passes `inert.line` on its way; only the serialiser writes tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, tostring

from rich.cells import cell_len

from mfinfra.render import inert

Child: TypeAlias = Element | str | None

ELLIPSIS = "…"
CHARACTERS_A_CELL = 2  # marks that take no room of their own do not make a short text long


def element(tag: str, attributes: Mapping[str, Any] | None = None, *children: Child) -> Element:
    """An element; an attribute or child that is `None` is left out."""
    made = Element(tag, {name: inert.line(value) for name, value in (attributes or {}).items() if value is not None})
    return extended(made, children)


def extended(made: Element, children: Iterable[Child]) -> Element:
    """`made` with `children` behind those that it has."""
    for child in children:
        if isinstance(child, str):
            text = inert.line(child)
            if len(made):
                made[-1].tail = (made[-1].tail or "") + text
            else:
                made.text = (made.text or "") + text
        elif child is not None:
            made.append(child)
    return made


def several(tag: str, attributes: Mapping[str, str], lines: Iterable[str]) -> Element:
    """An element around lines of text, each of them inert."""
    made = element(tag, attributes)
    made.text = "\n".join(map(inert.line, lines))
    return made


def verbatim(tag: str, attributes: Mapping[str, str], text: str) -> Element:
    """An element around a style sheet or script of this package, which HTML does not escape; never around a value."""
    made = Element(tag, dict(attributes))
    made.text = text
    return made


def html(root: Element) -> str:
    """A whole page."""
    return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"


def xml(root: Element) -> str:
    """A whole XML document, which needs no declaration when it is written as UTF-8."""
    return f"{tostring(root, encoding='unicode')}\n"


def shortened(text: str, cells: int) -> str:
    """`text`, inert, in at most `cells` columns of a fixed-width font."""
    shown = inert.line(text)
    if cell_len(shown) <= cells and len(shown) <= cells * CHARACTERS_A_CELL:
        return shown
    kept, used = "", cell_len(ELLIPSIS)
    for char in shown[: cells * CHARACTERS_A_CELL - 1]:
        used += cell_len(char)
        if used > cells:
            break
        kept += char
    return kept + ELLIPSIS
