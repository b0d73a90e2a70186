"""How high each item of a layered drawing stands: close to what it is linked to, and in the order it was given. Pure.

Each row is put where the squares of its distances from its neighbours are smallest. With the order and the room between
items kept, that is isotonic regression, which pooling adjacent violators solves in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mfinfra.render.layout_order import Item, Layers

SWEEPS = 8
STRAIGHT = 8.0  # how much more a long edge wants to run level than a box wants to stand in the middle


@dataclass(frozen=True, slots=True)
class Spacing:
    """The least distance, in pixels, from the middle of a box to that of the next, and between two passing edges."""

    box: float
    edge: float

    def between(self, one: Item, other: Item, boxes: frozenset[Item]) -> float:
        """The least distance between the middles of two items of a row."""
        return sum((self.box if item in boxes else self.edge) / 2 for item in (one, other))


def placed(layers: Layers, boxes: frozenset[Item], spacing: Spacing) -> dict[Item, float]:
    """The middle of each item; where it begins counting is not fixed."""
    offsets = [_offsets(row, boxes, spacing) for row in layers.rows]
    middles = {item: at for row, places in zip(layers.rows, offsets, strict=True)
               for item, at in zip(row, places, strict=True)}  # fmt: skip
    both = {item: (*layers.before.get(item, ()), *layers.after.get(item, ())) for item in middles}
    rightwards = list(zip(layers.rows, offsets, strict=True))
    for sweep in range(SWEEPS):
        last = sweep >= SWEEPS - 2
        links: Mapping[Item, Sequence[Item]] = both if last else layers.after if sweep % 2 else layers.before
        for row, places in rightwards[::-1] if sweep % 2 else rightwards:
            wishes = [_wish(item, links.get(item, ()), middles, boxes) for item in row]
            middles.update(zip(row, _settled(wishes, places), strict=True))
    return middles


def _offsets(row: Sequence[Item], boxes: frozenset[Item], spacing: Spacing) -> list[float]:
    """Where each item of a row stands if all of them stand as close as they may."""
    places = [0.0]
    for at in range(1, len(row)):
        places.append(places[-1] + spacing.between(row[at - 1], row[at], boxes))
    return places


def _wish(
    item: Item, links: Sequence[Item], middles: Mapping[Item, float], boxes: frozenset[Item]
) -> tuple[float, float]:
    """Where an item wants to be, and how much."""
    if not links:
        return middles[item], 0.1
    weights = [1.0 if item in boxes or link in boxes else STRAIGHT for link in links]
    place = sum(weight * middles[link] for weight, link in zip(weights, links, strict=True)) / sum(weights)
    return place, sum(weights)


def _settled(wishes: Sequence[tuple[float, float]], offsets: Sequence[float]) -> list[float]:
    """The places nearest to the wishes that keep the order and at least the distances of `offsets`."""
    pools: list[tuple[float, float, int]] = []  # place, weight, how many items
    for (place, weight), offset in zip(wishes, offsets, strict=True):
        pool = (place - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            last = pools.pop()
            heavy = last[1] + pool[1]
            pool = ((last[0] * last[1] + pool[0] * pool[1]) / heavy, heavy, last[2] + pool[2])
        pools.append(pool)
    levels = [level for level, _, count in pools for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]
