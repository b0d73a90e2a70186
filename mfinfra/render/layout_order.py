"""Which layer of a drawing each node stands in, and in which order: edges go to the right, and few of them cross. Pure.

Medians and means by turns, with exchanges of neighbours, as in Gansner, Koutsofios, North and Vo, "A technique for
drawing directed graphs" (1993). One thing is different: the long edges of one node share their places, as a trunk that
branches late. That is easier to follow, and there are never more places than nodes times layers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TypeAlias

Edge: TypeAlias = tuple[int, int]
Item: TypeAlias = tuple[int, int]
"""A node and a layer: the node's box in its own layer, in one further right the place where its edges pass."""

SWEEPS = 12
EXCHANGED = 120  # in a longer row every exchange of neighbours would take too long


@dataclass(frozen=True, slots=True)
class Layers:
    """A connected graph in rows of items, and which items of the next and the last row each one is linked to.

    `trails` has for each edge the items that it passes, both ends included, from its start to its end.
    """

    rows: tuple[tuple[Item, ...], ...]
    after: Mapping[Item, tuple[Item, ...]]
    before: Mapping[Item, tuple[Item, ...]]
    trails: Mapping[Edge, tuple[Item, ...]]


def layered(nodes: Sequence[int], edges: Sequence[Edge]) -> Layers:
    """`nodes`, which `edges` connect, in layers; an edge that closes a circle is laid the other way round."""
    turned = closing(nodes, edges)
    forward = sorted({(end, start) if (start, end) in turned else (start, end) for start, end in edges})
    rank = ranks(nodes, forward)
    trails: dict[Edge, tuple[Item, ...]] = {}
    links: set[tuple[Item, Item]] = set()
    for start, end in edges:
        low, high = (end, start) if (start, end) in turned else (start, end)
        trail = (*((low, layer) for layer in range(rank[low], rank[high])), (high, rank[high]))
        links.update(pairwise(trail))
        trails[start, end] = trail if low == start else trail[::-1]
    after, before = _neighbours(sorted(links))
    depth = 1 + max(rank.values())
    starts = [_first_order([(node, rank[node]) for node in nodes], after, side, depth) for side in ({}, before)]
    rows = min((_ordered(rows, after, before) for rows in starts), key=lambda rows: crossings(rows, after))
    return Layers(tuple(map(tuple, _ordered(rows, after, before))), after, before, trails)


def closing(nodes: Sequence[int], edges: Sequence[Edge]) -> set[Edge]:
    """The edges without which there is no circle, as a walk from the first nodes on finds them."""
    following: dict[int, list[int]] = {node: [] for node in nodes}
    for start, end in edges:
        following[start].append(end)
    found: set[Edge] = set()
    state: dict[int, bool] = {}  # true while the walk is below the node
    for first in nodes:
        walk = [] if first in state else [(first, iter(following[first]))]
        state.setdefault(first, True)
        while walk:
            node, rest = walk[-1]
            following_node = next(rest, None)
            if following_node is None:
                state[node] = False
                walk.pop()
            elif following_node not in state:
                state[following_node] = True
                walk.append((following_node, iter(following[following_node])))
            elif state[following_node]:
                found.add((node, following_node))
    return found


def ranks(nodes: Sequence[int], edges: Sequence[Edge]) -> dict[int, int]:
    """The layer of each node: by the longest way to it, and a node that nothing leads to close to what follows it."""
    following: dict[int, list[int]] = {node: [] for node in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for start, end in edges:
        following[start].append(end)
        waiting[end] += 1
    first = [node for node in nodes if not waiting[node]]
    order, rank = list(first), dict.fromkeys(nodes, 0)
    for node in order:
        for end in following[node]:
            rank[end] = max(rank[end], rank[node] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                order.append(end)
    for node in first:
        rank[node] = min((rank[end] - 1 for end in following[node]), default=0)
    return rank


def crossings(rows: Sequence[Sequence[Item]], after: Mapping[Item, Sequence[Item]]) -> int:
    """How many pairs of edges cross between the rows."""
    found = 0
    for row, following in pairwise(rows):
        place = {item: at for at, item in enumerate(following)}
        ends: list[int] = []
        for item in row:
            mine = sorted(place[end] for end in after.get(item, ()))
            found += sum(len(ends) - bisect_left(ends, end + 1) for end in mine)
            for end in mine:
                ends.insert(bisect_left(ends, end), end)
    return found


def _neighbours(links: Iterable[tuple[Item, Item]]) -> tuple[dict[Item, tuple[Item, ...]], ...]:
    after: dict[Item, list[Item]] = {}
    before: dict[Item, list[Item]] = {}
    for start, end in links:
        after.setdefault(start, []).append(end)
        before.setdefault(end, []).append(start)
    return tuple({item: tuple(ends) for item, ends in side.items()} for side in (after, before))


def _first_order(
    boxes: Sequence[Item], after: Mapping[Item, Sequence[Item]], before: Mapping[Item, Sequence[Item]], depth: int
) -> list[list[Item]]:
    """Rows as a walk meets the items: what belongs together begins side by side. With no `before` it only goes on."""
    rows: list[list[Item]] = [[] for _ in range(depth)]
    seen: set[Item] = set()
    waiting = sorted(boxes, key=lambda item: (item[1], len(after.get(item, ())) + len(before.get(item, ()))))[::-1]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            rows[item[1]].append(item)
            waiting.extend(reversed((*after.get(item, ()), *before.get(item, ()))))
    return rows


def _ordered(
    rows: list[list[Item]], after: Mapping[Item, Sequence[Item]], before: Mapping[Item, Sequence[Item]]
) -> list[list[Item]]:
    """The order with the fewest crossings that sweeps to the right and back come across."""
    best, fewest = rows, crossings(rows, after)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        wish = _median if sweep % 4 < 2 else fmean  # noqa: PLR2004 - each there and back
        rows = _swept(rows, before if sweep % 2 == 0 else after, wish, backwards=sweep % 2 == 1)
        _exchange(rows, after, before)
        count = crossings(rows, after)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _swept(
    rows: list[list[Item]],
    towards: Mapping[Item, Sequence[Item]],
    wish: Callable[[Sequence[int]], float],
    *,
    backwards: bool,
) -> list[list[Item]]:
    """Every row sorted by where its items wish to be among their neighbours; what has none keeps its place."""
    swept = list(reversed(rows)) if backwards else list(rows)
    for at in range(1, len(swept)):
        place = {item: index for index, item in enumerate(swept[at - 1])}
        wished = {item: wish(sorted(place[end] for end in towards[item])) for item in swept[at] if towards.get(item)}
        movable = iter(sorted(wished, key=lambda item: wished[item]))
        swept[at] = [next(movable) if item in wished else item for item in swept[at]]
    return list(reversed(swept)) if backwards else swept


def _median(places: Sequence[int]) -> float:
    half = len(places) // 2
    return float(places[half]) if len(places) % 2 else (places[half - 1] + places[half]) / 2


def _exchange(
    rows: list[list[Item]], after: Mapping[Item, Sequence[Item]], before: Mapping[Item, Sequence[Item]]
) -> None:
    """Exchange neighbours in each row while that takes crossings away."""
    for depth, row in enumerate(rows):
        if len(row) > EXCHANGED:
            continue
        sides = [(side, {item: at for at, item in enumerate(rows[beside])})
                 for beside, side in ((depth - 1, before), (depth + 1, after)) if 0 <= beside < len(rows)]  # fmt: skip
        ends = {item: [sorted(place[end] for end in side.get(item, ())) for side, place in sides] for item in row}
        better = True
        while better:
            better = False
            for at in range(len(row) - 1):
                left, right = row[at], row[at + 1]
                if _crossed(ends[right], ends[left]) < _crossed(ends[left], ends[right]):
                    row[at], row[at + 1] = right, left
                    better = True


def _crossed(left: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> int:
    """Crossings between the edges of two neighbours that stand in this order."""
    return sum(len(one) - bisect_left(one, end + 1) for one, other in zip(left, right, strict=True) for end in other)
