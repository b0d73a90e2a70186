"""The error ladder: what a text of Metaflow, botocore, Batch or ECS means, and what to write so that it goes away.

Offline: a log or a traceback goes in, a finding comes out. The texts are those of Metaflow 2.19.39; a test takes them
from the installed package, so that a reworded one is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mfinfra.metaflow.doctor.rungs import Rung
from mfinfra.metaflow.doctor.rungs_client import CLIENT
from mfinfra.metaflow.doctor.rungs_container import CONTAINER
from mfinfra.metaflow.doctor.rungs_denied import DENIED
from mfinfra.model import Finding, Verdict

LADDER: tuple[Rung, ...] = (*DENIED, *CLIENT, *CONTAINER)
"""What names its cause comes before what is said of many causes: the first rung that a text has is its explanation."""
_LONGEST = 240
_HALF = 2000
# A mapping of YAML has a colon, or spaces, between its braces.
_NAME = re.compile(r"\{(\w+)\}")


def explain(text: str) -> Finding | None:
    """The most telling explanation of `text`; `None` if nothing in it is known."""
    return next(explanations(text), None)


def explanations(text: str) -> Iterator[Finding]:
    """Every explanation of `text`, the most telling first, each code once."""
    seen, text = set[str](), "\n".join(map(_cut, text.split("\n")))
    for rung in LADDER:
        found = None if rung.code in seen else rung.pattern.search(text)
        if found:
            seen.add(rung.code)
            named = {name: value or "" for name, value in found.groupdict().items()}
            line = _line(text, found.start(), found.end())
            yield Finding(
                Verdict.FAILED,
                _filled(rung.subject, named),
                _filled(rung.message, named),
                rung.code,
                (f"`{line}`",),
                _filled(rung.fix, named),
            )


def _cut(line: str) -> str:
    """A line without its middle where it is so long that looking for texts in it would take long."""
    return line if len(line) <= 2 * _HALF else f"{line[:_HALF]} … {line[-_HALF:]}"


def _filled(text: str, named: Mapping[str, str]) -> str:
    return _NAME.sub(lambda name: named.get(name[1], name[0]), text)


def _line(text: str, start: int, end: int) -> str:
    """The last line that a match touches, cut to what a person reads."""
    before = text.rfind("\n", 0, max(start, end - 1)) + 1
    after = text.find("\n", end)
    line = text[before : len(text) if after < 0 else after].strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
