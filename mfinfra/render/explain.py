"""A page about a code, and the list of all of them, as lines and as JSON.

Off a terminal a page is its Markdown without the marks that only a browser needs; on one, headings and examples stand
out, and prose is as wide as the terminal, 80 columns at most.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.text import Text

from mfinfra import explain
from mfinfra.explain import Page
from mfinfra.render import inert

WIDTH = 80
INDENT = 4
FENCE = "```"
_ITEM = re.compile(r"(- |[0-9]+\. )")
_CODE = re.compile(r"`[^`]+`")
_LINK = re.compile(r"https?://\S+")


def document(code: str | None) -> dict[str, Any]:
    """The page of `code`, or all codes with their titles, for programs."""
    if code is None:
        return {"format_version": "1.0", "codes": [_entry(known) for known in explain.codes()]}
    page = explain.page(code)
    return {
        "format_version": "1.0",
        **_entry(code),
        "meaning": page.meaning,
        "fails": page.example("Fails"),
        "passes": page.example("Passes"),
        "what_to_do": page.sections.get("What to do"),
        "more": _LINK.findall(page.sections.get("More", "")),
    }


def lines(code: str | None) -> Iterator[Text]:
    """The same for people."""
    yield from _list() if code is None else _page(explain.page(code))


def _entry(code: str) -> dict[str, str]:
    return {"code": code, "title": explain.page(code).title, "family": explain.family(code)}


def _list() -> Iterator[Text]:
    for number, (family, codes) in enumerate(groupby(explain.codes(), explain.family)):
        if number:
            yield Text()
        yield Text(family, "bold")
        for code in codes:
            yield Text.assemble("  ", (code, "cyan"), f"  {inert.line(explain.page(code).title)}")


def _page(page: Page) -> Iterator[Text]:
    yield Text.assemble((page.code, "bold cyan"), ": ", (inert.line(page.title), "bold"))
    yield Text()
    yield from _body(page.meaning)
    for heading, text in page.sections.items():
        yield Text()
        yield Text(inert.line(heading), "bold underline")
        yield Text()
        yield from _body(text)


def _body(text: str) -> Iterator[Text]:
    """Paragraphs and items filled to the width; what stands in a fence is kept as it is, further in."""
    fenced, paragraph = False, list[str]()
    for line in text.splitlines():
        fence = line.startswith(FENCE)
        if fence or not line.strip() or _ITEM.match(line):
            yield from _filled(paragraph)
            paragraph = []
        if fence:
            fenced = not fenced
        elif fenced:
            yield Text(f"{' ' * INDENT}{inert.line(line)}".rstrip(), "dim", no_wrap=True)
        elif line.strip():
            paragraph.append(line.strip())
        else:
            yield Text()
    yield from _filled(paragraph)


def _filled(paragraph: list[str]) -> Iterator[Text]:
    text = " ".join(paragraph)
    item = _ITEM.match(text)
    hang = " " * len(item[0]) if item else ""
    whole = item and _LINK.fullmatch(text, item.end())  # a link that is broken is none
    wrap = textwrap.TextWrapper(WIDTH, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    for line in [text] if whole else wrap.wrap(text):
        shown = Text(inert.line(line))
        shown.highlight_regex(_CODE.pattern, "cyan")
        shown.highlight_regex(_LINK.pattern, "underline")
        shown.no_wrap = True
        yield shown
