"""The pages of the site as text: those that are written, with what they include, and those that are generated."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from _pages import codes, commands, formats, kinds, tables

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
INCLUDED = re.compile(r'^(?P<indent> *)--8<-- "(?P<path>[^"]+)"$', re.MULTILINE)
FENCE = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<said>[^\n]*) -->\n(?P=indent))?"
    r"```(?P<language>[\w-]*)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<body>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
WRAPPED = re.compile(r"(?<=[^\n])\n *(?=[^\n])")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `said` is the comment right before it."""

    language: str
    body: str
    title: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page at `path` below `docs/`; `text` is as it stands in the file, `whole` with what it includes."""

    path: str
    text: str

    @property
    def whole(self) -> str:
        return INCLUDED.sub(_include, self.text)

    def blocks(self, *languages: str, whole: bool = False) -> Iterator[Block]:
        """The fenced blocks in one of these languages."""
        for found in FENCE.finditer(self.whole if whole else self.text):
            if not languages or found["language"] in languages:
                body = textwrap.dedent(found["body"])
                yield Block(found["language"], body, found["title"] or "", found["said"] or "")

    def words(self) -> list[str]:
        """What stands in backticks outside of fenced blocks; what a line end broke is put together."""
        prose = FENCE.sub("", self.whole)
        return CODE.findall("\n\n".join(WRAPPED.sub(" ", part) for part in prose.split("\n\n")))


def _include(found: re.Match[str]) -> str:
    return textwrap.indent((ROOT / found["path"]).read_text("utf-8"), found["indent"]).rstrip("\n")


@cache
def written() -> tuple[Page, ...]:
    """Every page that stands in the folder, with its generated sections."""
    pages = []
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text("utf-8")
        for mark, made in {**formats.SECTIONS, **tables.TABLES}.items():
            text = text.replace(mark, made()) if mark in text else text
        pages.append(Page(path.relative_to(DOCS).as_posix(), text))
    return tuple(pages)


@cache
def generated() -> tuple[Page, ...]:
    """Every page that is made of what mfinfra says itself."""
    return tuple(Page(path, text) for path, text in (*kinds.pages(), *codes.pages(), *commands.pages()))


def every() -> tuple[Page, ...]:
    return written() + generated()
