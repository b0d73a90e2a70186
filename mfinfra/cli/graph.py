"""`mfinfra graph`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfinfra.cli._options import Parallelism

if TYPE_CHECKING:
    from mfinfra.render.graph import Graph

EXAMPLES = (
    "mfinfra graph environments/prod.yaml --offline",
    "mfinfra graph .mfinfra/prod.plan.json --format html -o plan.html",
)
CODES = (0, 1, 3, 4, 70, 130)


class Format(StrEnum):
    """What a graph is drawn as."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    HTML = "html"


def command(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|PLAN", help="An environment file, or a saved plan.", show_default=False)
    ],
    format_: Annotated[
        Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to draw the graph as.")
    ] = Format.MERMAID,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="OUT", envvar="MFINFRA_OUT", help="Write it here (0600).")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", envvar="MFINFRA_OFFLINE", help="Of the file alone: AWS is not asked.")
    ] = False,
    parallelism: Parallelism = 16,
) -> int:
    """Draw the resources and what each depends on, coloured by what is going to happen to them.

    Of a file a plan is made, which reads AWS and writes nothing; with `--offline` nothing is known of actions. HTML is
    the whole plan as one page. Every arrow leads from what is made first to what needs it.
    """
    from mfinfra.cli import _out
    from mfinfra.render import streams

    _out.guard(out, [path])
    text = _of_file(path, format_) if offline else _of_plan(path, format_, parallelism)
    if out is None:
        streams.put(text, sys.stdout)
    else:
        _out.write(text, out)
    return 0


def _of_plan(path: Path, format_: Format, parallelism: int) -> str:
    from mfinfra.cli import _documents
    from mfinfra.render import graph, html

    document = _documents.of(path, parallelism)
    return html.page(document) if format_ is Format.HTML else _drawn(graph.of(document), format_)


def _of_file(path: Path, format_: Format) -> str:
    from mfinfra import desired
    from mfinfra.cli import _check, _saved
    from mfinfra.render import graph, html

    _saved.refuse(path, "graph --offline")
    reading = desired.read(path)
    _check.show(reading.warnings)
    found = graph.of_environment(reading.environment)
    if format_ is Format.HTML:
        return html.graph_page(found, {"file": str(path)})
    return _drawn(found, format_)


def _drawn(found: Graph, format_: Format) -> str:
    from mfinfra.render import graph, svg

    match format_:
        case Format.DOT:
            return graph.dot(found)
        case Format.SVG:
            return svg.svg(found)
        case _:
            return graph.mermaid(found)
