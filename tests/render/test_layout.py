"""Where boxes and arrows of the graph stand."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import many

from mfinfra.render import graph, layout, layout_order
from mfinfra.render.layout import Box

BOX = Box()


@st.composite
def graphs(draw):
    count = draw(st.integers(0, 24))
    ends = st.integers(0, max(0, count - 1))
    return count, draw(st.lists(st.tuples(ends, ends), max_size=0 if count == 0 else 50))


def passed(route):
    """Points close to each other along a route, as the picture draws it."""
    for at, (start, end) in enumerate(pairwise(route)):
        for step in range(21):
            part = step / 20
            if at % 2:
                yield start[0] + (end[0] - start[0]) * part, start[1]
                continue
            x = start[0] + (end[0] - start[0]) * (1.5 * part * (1 - part) + part**3)
            yield x, start[1] + (end[1] - start[1]) * (3 * part**2 - 2 * part**3)


def inside(point, corner):
    return corner[0] < point[0] < corner[0] + BOX.width and corner[1] < point[1] < corner[1] + BOX.height


@settings(max_examples=150)
@given(graphs())
def test_no_box_covers_another_and_no_arrow_crosses_a_box(given_graph):
    count, edges = given_graph
    drawing = layout.drawn(count, edges)
    for one, other in combinations(drawing.corners, 2):
        apart = abs(one[0] - other[0]) >= BOX.width or abs(one[1] - other[1]) >= BOX.height + BOX.room - 1e-6
        assert apart, (one, other)
    for route in drawing.routes.values():
        assert not [point for point in passed(route) if any(inside(point, corner) for corner in drawing.corners)]


@settings(max_examples=80)
@given(graphs())
def test_every_arrow_runs_from_its_first_box_to_its_last_inside_of_the_drawing(given_graph):
    count, edges = given_graph
    drawing = layout.drawn(count, edges)
    assert set(drawing.routes) == {(start, end) for start, end in edges if start != end}
    for (start, end), route in drawing.routes.items():
        for node, point in ((start, route[0]), (end, route[-1])):
            left, top = drawing.corners[node]
            assert point[0] in (left, left + BOX.width)
            assert point[1] == pytest.approx(top + BOX.height / 2)
    every = [point for route in drawing.routes.values() for point in route]
    every += [(left + BOX.width, top + BOX.height) for left, top in drawing.corners]
    assert all(0 <= x <= drawing.width + 1e-6 and 0 <= y <= drawing.height + 1e-6 for x, y in every)


@settings(max_examples=80)
@given(graphs())
def test_the_same_graph_is_always_drawn_alike_whatever_the_order_of_its_edges(given_graph):
    count, edges = given_graph
    assert layout.drawn(count, edges) == layout.drawn(count, list(reversed(edges)))


@given(graphs())
def test_without_a_circle_every_arrow_runs_to_the_right(given_graph):
    count, edges = given_graph
    drawing = layout.drawn(count, [(min(edge), max(edge)) for edge in edges])
    assert all(start[0] < end[0] for route in drawing.routes.values() for start, end in pairwise(route))


def test_a_circle_is_drawn_with_one_arrow_turned_back():
    drawing = layout.drawn(3, [(0, 1), (1, 2), (2, 0)])
    back = [edge for edge, route in drawing.routes.items() if route[0][0] > route[-1][0]]
    assert back == [(2, 0)]


def test_a_box_stands_behind_the_longest_way_to_it_and_one_without_needs_close_to_what_needs_it():
    ranks = layout_order.ranks(range(5), [(0, 1), (1, 2), (0, 2), (3, 2)])
    assert ranks == {0: 0, 1: 1, 2: 2, 3: 1, 4: 0}


@given(graphs())
def test_crossings_are_counted_as_comparing_every_pair_of_edges_counts_them(given_graph):
    count, edges = given_graph
    rows = [[(node, 0) for node in range(count)], [(node, 1) for node in range(count)]]
    after = {}
    for start, end in sorted(set(edges)):
        after.setdefault((start, 0), []).append((end, 1))
    pairs = combinations(sorted(set(edges)), 2)
    assert layout_order.crossings(rows, after) == sum(1 for (a, b), (c, d) in pairs if (a - c) * (b - d) < 0)


@pytest.mark.parametrize(
    ("count", "edges"),
    [
        (6, [(0, 4), (1, 3), (2, 5)]),
        (7, [(0, 6), (0, 5), (1, 4), (1, 3), (2, 3), (2, 6)]),
        (8, [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 6), (5, 7)]),
        (15, [(node, child) for node in range(7) for child in (2 * node + 1, 2 * node + 2)]),
    ],
)
def test_what_can_be_drawn_without_a_crossing_is(count, edges):
    assert sum(_crossings(nodes, inner) for nodes, inner in layout.components(count, sorted(edges))) == 0


def _crossings(nodes, edges):
    layers = layout_order.layered(nodes, edges)
    return layout_order.crossings(layers.rows, layers.after)


def test_a_plan_of_sixty_resources_has_less_than_half_the_crossings_that_its_own_order_has():
    found = graph.of(many.plan(6))
    assert len(found.nodes) == 57
    parts = [layout_order.layered(*part) for part in layout.components(len(found.nodes), found.edges)]
    drawn = sum(layout_order.crossings(part.rows, part.after) for part in parts)
    as_planned = sum(layout_order.crossings([sorted(row) for row in part.rows], part.after) for part in parts)
    assert drawn * 2 < as_planned


def test_a_long_arrow_runs_level_past_the_boxes_between():
    drawing = layout.drawn(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)])
    route = drawing.routes[0, 4]
    assert len({round(y, 1) for _, y in route[1:-1]}) == 1


def test_parts_that_nothing_connects_stand_one_below_the_other_or_beside_each_other():
    assert layout.components(5, [(0, 3), (1, 2)]) == [([0, 3], [(0, 3)]), ([1, 2], [(1, 2)]), ([4], [])]
    assert layout.drawn(5, []).corners[:2] == ((0.0, 0.0), (BOX.width + layout.CHANNEL, 0.0))


def test_nothing_takes_no_room():
    assert layout.drawn(0, []) == layout.Drawing(0.0, 0.0, (), {})
