"""Where the boxes of a directed graph stand and how its arrows run, layer by layer, from left to right. Pure.

Sugiyama's method: layers, a place for every long edge in each layer that it passes, an order with few crossings, and
coordinates. An edge runs between columns or through its own place in one, so that it never crosses a box.
Deterministic: the same graph is always drawn alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mfinfra.render.layout_order import Edge, Item, Layers, layered
from mfinfra.render.layout_place import Spacing, placed

Point: TypeAlias = tuple[float, float]

CHANNEL = 52.0  # the least room between two columns
CHANNEL_STEP = 3.0  # and what each edge in it adds
CHANNEL_MOST = 110.0
COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """The size of every box and the free room above and below it, in pixels."""

    width: float = 212.0
    height: float = 38.0
    room: float = 12.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """The left upper corner of each box, and for each edge the points that it passes.

    A route begins at a side of its first box and ends at one of its last; between its points it goes, in turn, from one
    column to the next and level through a column.
    """

    width: float
    height: float
    corners: tuple[Point, ...]
    routes: Mapping[Edge, tuple[Point, ...]]


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of the graph that nothing connects to the rest: the middle of every item, counted from its own top."""

    layers: Layers
    boxes: frozenset[Item]
    middles: Mapping[Item, float]
    height: float

    @property
    def first(self) -> int:
        return min(node for node, _ in self.boxes)


def drawn(count: int, edges: Iterable[Edge], box: Box | None = None, columns: int = COLUMNS) -> Drawing:
    """`count` boxes and the arrows between them, in at least `columns` columns where there are as many boxes.

    `edges` are pairs of indices, from what comes first to what needs it; circles are drawn with one arrow turned back.
    """
    box = box or Box()
    kept = sorted({(start, end) for start, end in edges if start != end})
    blocks = [_block(nodes, inner, box) for nodes, inner in components(count, kept)]
    blocks.sort(key=lambda block: (-len(block.boxes), block.first))
    wide = max((min(columns, count), *(len(block.layers.rows) for block in blocks)))
    places, height = _packed(blocks, wide, box)
    lefts = _lefts(blocks, places, wide, box)
    corners = {node: (lefts[places[node, layer][0]], places[node, layer][1] - box.height / 2)
               for block in blocks for node, layer in block.boxes}  # fmt: skip
    trails = {edge: trail for block in blocks for edge, trail in block.layers.trails.items()}
    routes = {edge: _route([places[item] for item in trail], lefts, box.width) for edge, trail in trails.items()}
    width = max((left for left, _ in corners.values()), default=-box.width) + box.width
    return Drawing(width, height, tuple(corners[node] for node in range(count)), routes)


def components(count: int, edges: Sequence[Edge]) -> list[tuple[list[int], list[Edge]]]:
    """The parts of a graph that nothing connects, each with its nodes and edges, by their first node."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for start, end in edges:
        low, high = sorted((root(start), root(end)))
        parent[high] = low
    found: dict[int, tuple[list[int], list[Edge]]] = {}
    for node in range(count):
        found.setdefault(root(node), ([], []))[0].append(node)
    for edge in edges:
        found[root(edge[0])][1].append(edge)
    return list(found.values())


def _block(nodes: Sequence[int], edges: Sequence[Edge], box: Box) -> _Block:
    layers = layered(nodes, edges)
    passing = {item for trail in layers.trails.values() for item in trail[1:-1]}
    boxes = frozenset(item for row in layers.rows for item in row) - passing
    middles = placed(layers, boxes, Spacing(box.height + box.room, box.room))
    reach = {item: box.height / 2 if item in boxes else box.room / 2 for item in middles}
    top = min(middles[item] - reach[item] for item in middles)
    bottom = max(middles[item] + reach[item] for item in middles)
    return _Block(layers, boxes, {item: middle - top for item, middle in middles.items()}, bottom - top)


def _packed(blocks: Sequence[_Block], wide: int, box: Box) -> tuple[dict[Item, tuple[int, float]], float]:
    """Each item's column and middle, every block as high up and as far left as there is room; and the whole height."""
    free = [0.0] * wide
    height = 0.0
    places: dict[Item, tuple[int, float]] = {}
    for block in blocks:
        span = len(block.layers.rows)
        tops = [max(free[at : at + span]) for at in range(wide - span + 1)]
        first = tops.index(min(tops))
        for item, middle in block.middles.items():
            places[item] = first + item[1], tops[first] + middle
        height = max(height, tops[first] + block.height)
        free[first : first + span] = [tops[first] + block.height + box.room * (1 if span == 1 else 2)] * span
    return places, height


def _lefts(blocks: Sequence[_Block], places: Mapping[Item, tuple[int, float]], wide: int, box: Box) -> list[float]:
    """Where each column begins: the more links run between two columns, the more room they have."""
    links = [0] * wide
    for block in blocks:
        for start, ends in block.layers.after.items():
            links[places[start][0]] += len(ends)
    lefts = [0.0]
    for count in links[:-1]:
        lefts.append(lefts[-1] + box.width + min(CHANNEL_MOST, CHANNEL + CHANNEL_STEP * count))
    return lefts


def _route(trail: Sequence[tuple[int, float]], lefts: Sequence[float], width: float) -> tuple[Point, ...]:
    """The points of an edge: out of the first box, in and out of each column that it passes, into the last box."""
    points: list[Point] = []
    for column, middle in trail:
        sides = (lefts[column], middle), (lefts[column] + width, middle)
        points.extend(sides if trail[0][0] <= trail[-1][0] else sides[::-1])
    return tuple(points[1:-1])
