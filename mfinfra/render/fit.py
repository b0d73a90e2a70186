"""Parts of a text, each in several lengths, made to fit into a limit: what says least goes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Measure = Callable[[str], int]
Ladder = Sequence[tuple[frozenset[str], int]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text, of some kind, in `lengths` from the longest to the shortest; the shortest may be empty.

    `counted_as` is what it counts as where it is missing.
    """

    kind: str
    lengths: tuple[str, ...]
    counted_as: str = ""


def levels(parts: Sequence[Part], ladder: Ladder, room: int, measure: Measure) -> list[int]:
    """Which of its lengths each part has: the longest for as many as fit into `room`.

    `ladder` says which kinds go down to which length, one rung after the other; on a rung the part that frees the most
    goes first, so that the fewest go. Where even the last rung is too long the answer is the shortest there is.
    """
    sizes = [[measure(length) for length in part.lengths] for part in parts]
    chosen = [0] * len(parts)
    total = sum(size[0] for size in sizes)
    for kinds, rung in ladder:
        lower = {at: min(rung, len(part.lengths) - 1) for at, part in enumerate(parts) if part.kind in kinds}
        freed = {at: sizes[at][chosen[at]] - sizes[at][low] for at, low in lower.items() if low > chosen[at]}
        for at in sorted(freed, key=lambda at: -freed[at]):
            if total <= room:
                return chosen
            if freed[at] <= 0:
                break
            total -= freed[at]
            chosen[at] = lower[at]
    return chosen
