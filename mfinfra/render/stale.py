"""What is not as it was reviewed, before a stale plan is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.text import Text

from mfinfra.planning.staleness import Difference
from mfinfra.render import inert, values

LONGEST = 120


def lines(differences: Iterable[Difference]) -> Iterator[Text]:
    """One block for each resource: what was reviewed, and what is there now."""
    yield Text("Not as reviewed", "bold")
    for address, found in groupby(differences, key=lambda one: one.address):
        yield Text("  ").append(inert.line(address or "the plan as a whole"), "bold")
        for one in found:
            line = Text("    ").append(f"{inert.line(one.subject)}: ")
            line.append(_short(one.reviewed), "red").append(" -> ", "dim")
            yield line.append(_short(one.now), "green").append("  # reviewed -> now", "dim")
    yield Text()


def _short(value: object) -> str:
    said = "nothing" if value is None else inert.line(values.inline(value))
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
