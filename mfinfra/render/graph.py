"""The resources and what each depends on, as a value, and as text for Mermaid and Graphviz.

Every arrow leads from what is made first to what needs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mfinfra.model import Environment
from mfinfra.render import inert, looks, markup, palette
from mfinfra.render.looks import Document, Look

MOST = 250
"""A drawing of more boxes than this is not read by anyone."""
MOST_ARROWS = 500
"""Where Mermaid stops drawing (`maxEdges`), and GitHub with it."""

NEUTRAL = Look(" ", "", "is in the file", "")
LABEL = 64
MERMAID_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,/")
MERMAID_WITHIN = frozenset("._-")  # Markdown and Mermaid read them at the ends of a word only


@dataclass(frozen=True, slots=True)
class Node:
    """A resource: `number` is its place in the plan, counted from 1."""

    number: int
    address: str
    kind: str
    name: str
    look: Look
    phrase: str
    same: bool = False

    @property
    def label(self) -> str:
        """Its sign, where it has one, and its address."""
        return f"{self.look.symbol} {self.address}" if self.look.symbol.strip() else self.address

    @property
    def said(self) -> str:
        """What is going to happen to it, in a sentence."""
        return f"{self.address} {self.phrase}"


@dataclass(frozen=True, slots=True)
class Graph:
    """`edges` are pairs of indices of `nodes`, what comes first before what needs it; `note` says what is left out."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]
    note: str = ""

    @property
    def legend(self) -> tuple[Look, ...]:
        """The sorts of action in it that have a sign, in the order of the plan's verdict."""
        used = {node.look for node in self.nodes}
        known = [look for look in (*looks.LOOKS.values(), looks.BLOCKED) if look in used and look.symbol.strip()]
        odd = sorted((look for look in used if look.symbol == "?"), key=lambda look: look.phrase)
        return tuple({look.symbol: look for look in (*known, *odd)}.values())


def of(document: Document) -> Graph:
    """The graph of a plan, each resource with what is going to happen to it."""
    changes: Sequence[Document] = document["resource_changes"]
    nodes = tuple(
        Node(
            number,
            str(change["address"]),
            str(change["kind"]),
            str(change["name"]),
            looks.look(change),
            looks.phrase(change),
            looks.same(change),
        )
        for number, change in enumerate(changes, 1)
    )
    environment = document["environment"]
    place = f"{environment['name']} in {environment['account']}, {environment['region']}"
    return Graph(
        f"{place}: {looks.verdict(document)}", nodes, _edges(nodes, [row.get("depends_on", ()) for row in changes])
    )


def of_environment(environment: Environment) -> Graph:
    """The graph of a file alone: without AWS nobody knows what is going to happen to anything."""
    resources = list(environment.resources.values())
    nodes = tuple(
        Node(number, str(one.address), one.kind, one.address.name, NEUTRAL, NEUTRAL.phrase)
        for number, one in enumerate(resources, 1)
    )
    scope = environment.scope
    title = f"{scope.environment} in {scope.account}, {scope.region}: what the file holds"
    return Graph(title, nodes, _edges(nodes, [sorted(map(str, one.depends_on)) for one in resources]))


def brief(graph: Graph, most: int = MOST, arrows: int = MOST_ARROWS) -> Graph:
    """`graph`, or of a large one what can be read: what changes and the neighbours of that, and `note` says so."""
    if len(graph.nodes) <= most and len(graph.edges) <= arrows:
        return graph
    changed = {at for at, node in enumerate(graph.nodes) if not node.same}
    near = {at for edge in graph.edges for at in edge if changed.intersection(edge)}
    kept, edges = _fitting(graph, changed, near, most, arrows)
    place = {at: index for index, at in enumerate(kept)}
    return replace(
        graph,
        nodes=tuple(graph.nodes[at] for at in kept),
        edges=tuple((place[start], place[end]) for start, end in edges),
        note=_left_out(graph, kept, changed),
    )


def mermaid(graph: Graph) -> str:
    """The graph in Mermaid's language."""
    graph = brief(graph)
    lines = ["flowchart LR", f"  %% {_mermaid_text(graph.title)}"]
    lines += [f"  %% {graph.note}"] if graph.note else []
    lines += [f"  %% {look.symbol} {look.legend}" for look in graph.legend]
    for node in graph.nodes:
        label = _mermaid_text(markup.shortened(node.label, LABEL))
        lines.append(f'  n{node.number}["{label}"]:::{palette.name(node.look)}')
    lines += [f"  n{graph.nodes[start].number} --> n{graph.nodes[end].number}" for start, end in graph.edges]
    for name in sorted({palette.name(node.look) for node in graph.nodes}):
        colour = palette.LIGHT[name]
        lines.append(f"  classDef {name} fill:{colour.tint},stroke:{colour.ink},color:{colour.ink}")
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """The graph in Graphviz' language, whole however large it is."""
    lines = [
        "digraph mfinfra {",
        f"  graph [rankdir=LR, labelloc=t, fontname=Helvetica, label={_dot_text(graph.title)}]",
        '  node [shape=box, style="rounded,filled", fontname=Helvetica]',
        f'  edge [color="{palette.LIGHT["plain"].ink}"]',
    ]
    lines += [f"  // {look.symbol} {look.legend}" for look in graph.legend]
    for node in graph.nodes:
        colour = palette.LIGHT[palette.name(node.look)]
        label = _dot_text(markup.shortened(node.label, LABEL))
        shown = f'color="{colour.ink}", fontcolor="{colour.ink}", fillcolor="{colour.tint}"'
        lines.append(f"  n{node.number} [label={label}, tooltip={_dot_text(node.said)}, {shown}]")
    lines += [f"  n{graph.nodes[start].number} -> n{graph.nodes[end].number}" for start, end in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _edges(nodes: Sequence[Node], depends_on: Iterable[Iterable[str]]) -> tuple[tuple[int, int], ...]:
    """What each node depends on, as far as it is in the graph too: a plan of a part names what is outside of it."""
    place = {node.address: at for at, node in enumerate(nodes)}
    pairs = ((place.get(address), at) for at, row in enumerate(depends_on) for address in row)
    return tuple(sorted({(start, end) for start, end in pairs if start is not None and start != end}))


def _left_out(graph: Graph, kept: Sequence[int], changed: set[int]) -> str:
    """Which part of a large graph is drawn."""
    if not changed:
        return f"nothing changes, and {len(graph.nodes)} resources are too many to be drawn"
    shown = changed.intersection(kept)
    drawn = f"{len(kept)} of {len(graph.nodes)} resources are drawn"
    if all(node.look == NEUTRAL for node in graph.nodes):
        return f"{drawn}: more cannot be read"
    part = "every one that changes" if shown == changed else f"{len(shown)} of {len(changed)} that change"
    return f"{drawn}: {part}{', and neighbours of them' if len(kept) > len(shown) else ''}"


def _fitting(
    graph: Graph, changed: set[int], near: set[int], most: int, arrows: int
) -> tuple[list[int], list[tuple[int, int]]]:
    """As many nodes as may be drawn, the most important first, and the edges among them."""
    links: dict[int, list[tuple[int, int]]] = {}
    for edge in graph.edges:
        for at in edge:
            links.setdefault(at, []).append(edge)
    every = sorted(changed | near, key=lambda at: (at not in changed, "-" not in graph.nodes[at].look.symbol, at))
    kept: set[int] = set()
    edges: set[tuple[int, int]] = set()
    for at in every:
        mine = {edge for edge in links.get(at, ()) if kept.issuperset(set(edge) - {at})}
        if len(kept) < most and len(edges) + len(mine) <= arrows:
            kept.add(at)
            edges |= mine
    return sorted(kept), sorted(edges)


def _mermaid_text(text: str) -> str:
    """`text` for a quoted label or a comment: what could mean anything there becomes an entity of Mermaid's own."""
    shown = inert.line(text)
    return "".join(_mermaid_char(shown, at) for at in range(len(shown)))


def _mermaid_char(text: str, at: int) -> str:
    char = text[at]
    inside = 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
    if char in MERMAID_SAFE or (char.isalnum() and not char.isascii()) or (char in MERMAID_WITHIN and inside):
        return char
    return f"#{ord(char)};"


def _dot_text(text: str) -> str:
    """`text` as a quoted string: no escape of Graphviz' own is left in it, and no entity."""
    return json.dumps(inert.line(text).replace("&", "&amp;"), ensure_ascii=False)
