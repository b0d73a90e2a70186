"""The graph as a picture: a file of its own, or a part of a page.

What a colour means stands there as a sign too, and in words in the title of each box. Nothing in it needs a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from xml.etree.ElementTree import Element

from mfinfra.render import layout, markup, palette
from mfinfra.render.graph import Graph, Node, brief
from mfinfra.render.layout import Box, Drawing, Point
from mfinfra.render.markup import element
from mfinfra.render.palette import Colour

BOX = Box()
MARGIN = 12.0
LINE = 20.0
NARROWEST = 640.0
LABEL_AT = 40.0
NAME_CELL = 7.6  # a fixed-width letter of the name, in pixels
KIND_CELL = 6.3
TITLE_CELL = 7.9
APART = " · "
RADIUS = 6
FONT = 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'
NEEDS = "an arrow leads from what is made first to what needs it"

Link = Callable[[Node], str]


def svg(graph: Graph) -> str:
    """A picture in a file of its own, with its title and the meaning of the signs."""
    shown = brief(graph)
    drawing = layout.drawn(len(shown.nodes), shown.edges, BOX)
    width = max(drawing.width, NARROWEST)
    head = _head(shown, width)
    top = MARGIN + (len(head) + 0.5) * LINE
    root = _root(width + 2 * MARGIN, top + drawing.height + MARGIN, {"role": "img", "aria-labelledby": "title"})
    markup.extended(
        root,
        [
            element("title", {"id": "title"}, shown.title),
            markup.verbatim("style", {}, stylesheet()),
            element("rect", {"class": "ground", "width": "100%", "height": "100%"}),
            *head,
            _picture(shown, drawing, (MARGIN, top), None),
        ],
    )
    return markup.xml(root)


def figure(graph: Graph, link: Link) -> Element:
    """A picture inside of a page that has `stylesheet` in its own; each box leads to where `link` says."""
    shown = brief(graph)
    drawing = layout.drawn(len(shown.nodes), shown.edges, BOX)
    root = _root(
        drawing.width + 2 * MARGIN,
        drawing.height + 2 * MARGIN,
        # not an image: what is inside of one cannot be reached with a keyboard
        {"role": "group", "aria-label": f"{shown.title}; {NEEDS}"},
    )
    return markup.extended(root, [_picture(shown, drawing, (MARGIN, MARGIN), link)])


def stylesheet() -> str:
    """The rules of the picture, for light and dark ground; also for readers of SVG that know no variables."""
    light = _colours(palette.GROUND, palette.LIGHT)
    dark = _colours(palette.DARK_GROUND, palette.DARK)
    return (
        f".graph {{ font-family: {FONT}; }}\n"
        ".graph .sign { font-size: 14px; font-weight: 700; text-anchor: middle; white-space: pre; }\n"
        ".graph .kind { font-size: 10px; }\n"
        ".graph .name, .graph .line { font-size: 12px; }\n"
        ".graph .head { font-size: 13px; font-weight: 700; }\n"
        ".graph .edge { fill: none; stroke-width: 1.3; }\n"
        f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"
    )


def _colours(ground: Colour, colours: Mapping[str, Colour]) -> str:
    plain = colours["plain"].ink
    rules = [
        f".graph .ground {{ fill: {ground.tint}; }}",
        f".graph text {{ fill: {ground.ink}; }}",
        f".graph .kind {{ fill: {plain}; }}",
        f".graph .edge {{ stroke: {plain}; }}",
        f".graph .tip {{ fill: {plain}; }}",
    ]
    for name, colour in colours.items():
        rules.append(f".graph .{name} rect {{ fill: {colour.tint}; stroke: {colour.ink}; }}")
        rules.append(f".graph .{name} .sign {{ fill: {colour.ink}; }}")
    return "".join(f"{rule}\n" for rule in rules)


def _root(width: float, height: float, attributes: Mapping[str, str]) -> Element:
    size = {"width": _number(width), "height": _number(height), "viewBox": f"0 0 {_number(width)} {_number(height)}"}
    return element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "graph", **size, **attributes})


def _head(graph: Graph, width: float) -> list[Element]:
    """Title, note and legend, a line each."""
    cells = int(width / TITLE_CELL)
    said = _filled([*(f"{look.symbol} {look.legend}" for look in graph.legend), NEEDS], cells)
    lines = [("head", graph.title), *(("line", line) for line in (graph.note, *said) if line)]
    return [
        element("text", {"class": kind, "x": _number(MARGIN), "y": _number(MARGIN + (number + 0.6) * LINE)},
                markup.shortened(text, cells))
        for number, (kind, text) in enumerate(lines)
    ]  # fmt: skip


def _filled(phrases: Sequence[str], cells: int) -> list[str]:
    """`phrases` in as few lines as take them whole."""
    lines: list[str] = []
    for phrase in phrases:
        if lines and len(lines[-1]) + len(APART) + len(phrase) <= cells:
            lines[-1] += APART + phrase
        else:
            lines.append(phrase)
    return lines


def _picture(graph: Graph, drawing: Drawing, corner: Point, link: Link | None) -> Element:
    tip = element("marker", {"id": "tip", "viewBox": "0 0 8 8", "refX": "8", "refY": "4", "markerWidth": "8",
                             "markerHeight": "8", "markerUnits": "userSpaceOnUse", "orient": "auto"},
                  element("path", {"class": "tip", "d": "M0 0 8 4 0 8Z"}))  # fmt: skip
    return element(
        "g",
        {"transform": _moved(corner)},
        element("defs", None, tip),
        *(
            element("path", {"class": "edge", "d": _curve(drawing.routes[edge]), "marker-end": "url(#tip)"})
            for edge in graph.edges
        ),
        *(_box(node, at, link) for node, at in zip(graph.nodes, drawing.corners, strict=True)),
    )


def _box(node: Node, corner: Point, link: Link | None) -> Element:
    room = BOX.width - LABEL_AT - 6
    size = {"width": _number(BOX.width), "height": _number(BOX.height), "rx": str(RADIUS)}
    drawn = [
        element("title", None, node.said),
        element("rect", size),
        element("text", {"class": "sign", "x": "20", "y": "24"}, node.look.symbol.strip() or None),
        element("text", {"class": "kind", "x": _number(LABEL_AT), "y": "15"},
                markup.shortened(node.kind, int(room / KIND_CELL))),
        element("text", {"class": "name", "x": _number(LABEL_AT), "y": "30"},
                markup.shortened(node.name, int(room / NAME_CELL))),
    ]  # fmt: skip
    attributes = {"class": palette.name(node.look), "transform": _moved(corner)}
    if link is None:
        return element("g", attributes, *drawn)
    return element("a", {**attributes, "href": link(node)}, *drawn)


def _curve(points: Sequence[Point]) -> str:
    """From column to column in a curve that leaves and arrives level, through a column in a line."""
    written = [f"M{_pair(points[0])}"]
    for at in range(1, len(points)):
        start, end = points[at - 1], points[at]
        if at % 2 == 0:
            written.append(f"L{_pair(end)}")
            continue
        half = (start[0] + end[0]) / 2
        written.append(f"C{_pair((half, start[1]))} {_pair((half, end[1]))} {_pair(end)}")
    return "".join(written)


def _moved(corner: Point) -> str:
    return f"translate({_pair(corner)})"


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
