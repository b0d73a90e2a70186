"""`mfinfra history`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mfinfra.cli._options import File, Format

EXAMPLES = ("mfinfra history environments/prod.yaml", "mfinfra history environments/prod.yaml 3f9c0a17")
CODES = (0, 1, 3, 70, 130)


def command(
    file: File,
    id_: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Only this run, with its steps and calls.", show_default=False),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", min=1, max=1000, envvar="MFINFRA_LIMIT", help="How many runs to list."),
    ] = 20,
    format_: Annotated[
        Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to print the receipts as.")
    ] = Format.TEXT,
) -> int:
    """Show who applied what, when, from which commit, and how it ended; the newest first.

    Every apply and destroy leaves a receipt in the bucket that its lock is in.
    """
    from mfinfra import history
    from mfinfra.cli import _place
    from mfinfra.render import console, json, streams
    from mfinfra.render import history as shown

    aws, place = _place.of(file, "history", "history")
    if id_ is not None:
        receipt = history.find(aws, place, id_)
        document, lines = receipt, shown.whole(receipt)
    else:
        receipts = history.newest(aws, place, limit)
        document, lines = shown.document(place.environment, receipts), shown.rows(receipts)
    if format_ is Format.JSON:
        streams.put(json.text(document), sys.stdout)
    else:
        console.write(lines, sys.stdout)
    return 0
