"""`mfinfra show`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from mfinfra.cli._options import File, addresses

EXAMPLES = ("mfinfra show environments/prod.yaml", "mfinfra show environments/prod.yaml job_queue.default")
CODES = (0, 1, 70)


def command(
    file: File,
    address: Annotated[
        str | None,
        typer.Argument(metavar="ADDRESS", help="Only this resource.", autocompletion=addresses, show_default=False),
    ] = None,
) -> int:
    """Print the file with every default and reference filled in.

    Role presets are spelled out. The output is an environment file again; what only AWS can tell stays a reference.
    """
    from mfinfra import document
    from mfinfra.cli import _check, _saved
    from mfinfra.metaflow import presets
    from mfinfra.render import streams

    _saved.refuse(file, "show")
    reading = document.read(file)
    reading = replace(reading, environment=presets.expand(reading.environment))
    _check.show(reading.warnings)
    streams.put(document.show(reading, address), sys.stdout)
    return 0
