"""`mfinfra show`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._formats import Format, FormatOption, Full, MaxChars, Summary
from mfinfra.cli._options import addresses

EXAMPLES = (
    "mfinfra show environments/prod.yaml job_queue.default",
    "mfinfra show .mfinfra/prod.plan.json --format markdown",
)
CODES = (0, 1, 3, 4, 70)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    path: Annotated[
        Path, typer.Argument(metavar="FILE|PLAN", help="An environment file, or a saved plan.", show_default=False)
    ],
    address: Annotated[
        str | None,
        typer.Argument(metavar="ADDRESS", help="Only this resource.", autocompletion=addresses, show_default=False),
    ] = None,
    format_: FormatOption = Format.TEXT,
    summary: Summary = False,
    full: Full = False,
    max_chars: MaxChars = 60_000,
) -> int:
    """Print a file with every default and reference filled in, or a saved plan in any format.

    Of a file, role presets are spelled out; the output is an environment file again, and what only AWS can tell stays a
    reference. A plan is shown as `mfinfra plan` showed it, without asking AWS, however old it is.
    """
    from mfinfra import desired, document, saved
    from mfinfra.cli import _check, _formats
    from mfinfra.errors import UserError
    from mfinfra.metaflow import presets
    from mfinfra.render import streams

    if saved.looks_like_one(path):
        plan = saved.load(path)
        _formats.put(_formats.only(plan, address), format_, full=full, summary=summary, max_chars=max_chars)
        return 0
    reading = document.read(path)
    if format_ is not Format.TEXT or summary or full:
        raise UserError(f"`{path}` is an environment file, and is shown as one", hint="formats are for saved plans")
    reading = replace(reading, environment=desired.wired(presets.expand(reading.environment)))
    _check.show(reading.warnings)
    streams.put(document.show(reading, address), sys.stdout)
    return 0
