"""A page for each diagnostic code, from `mfinfra/explanations/`, and an index by range."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from mfinfra import explain

LINE = re.compile(r"^(\s*- )(https://\S+)$", re.MULTILINE)
NAMED = re.compile(r"`(MF[0-9]{4})`|\b(MF[0-9]{4})\b")
INTRODUCTION = """\
# Diagnostic codes

Every message that can be explained ends with a code in brackets. `mfinfra explain CODE` shows the same page in the
terminal, offline. A warning that may stand is named under `suppress:` in the file, with its code and a reason."""
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def pages() -> Iterator[tuple[str, str]]:
    """The path and the text of each page, the index first."""
    yield "codes/index.md", _index()
    for code in explain.codes():
        yield f"codes/{code}.md", page(code)


def _range(code: str) -> str:
    """What the codes of one range begin with: at least four characters, more where a part has a meaning of its own."""
    return max((prefix for prefix in (code[:4], *explain.FAMILIES) if code.startswith(prefix)), key=len)


def _named(prefix: str) -> str:
    return f"{prefix:x<6}"


def anchor(code: str) -> str:
    """Where in the index the range of `code` stands."""
    return _range(code).lower()


def _index() -> str:
    parts = [INTRODUCTION]
    for prefix, group in groupby(sorted(explain.codes(), key=_range), _range):  # stable: codes stay in order
        codes = list(group)
        parts.append(f"## {_named(prefix)}: {explain.family(codes[0])} {{ #{prefix.lower()} }}")
        parts.append("\n".join(f"- [`{code}`]({code}.md) {explain.page(code).title}" for code in codes))
    return "\n\n".join(parts) + "\n"


def page(code: str) -> str:
    """The page of `code`."""
    about = explain.page(code)
    sections = [f"## {heading}\n\n{_linked(text, code)}" for heading, text in about.sections.items()]
    above = f"[All codes](index.md) / [{_named(_range(code))}: {explain.family(code)}](index.md#{anchor(code)})"
    head = f'# {code}: {about.title}\n\n<p class="above" markdown>{above}</p>'
    return "\n\n".join([head, _linked(about.meaning, code), *sections]) + "\n"


def _linked(text: str, own: str) -> str:
    """`text` with links where pages of AWS and other codes are named; what is fenced stays as it is."""
    pieces = FENCE.split(text)
    return "".join(
        piece if piece.startswith("```") else LINE.sub(r"\1<\2>", NAMED.sub(lambda found: _link(found, own), piece))
        for piece in pieces
    )


def _link(found: re.Match[str], own: str) -> str:
    code = found[1] or found[2]
    return found[0] if code == own or code not in explain.codes() else f"[{found[0]}]({code}.md)"
