"""`mfinfra plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._options import Adopt, File, Format, Parallelism

EXAMPLES = (
    "mfinfra plan environments/prod.yaml",
    "mfinfra plan environments/prod.yaml --detailed-exitcode --format json -o plan.json",
)
CODES = (0, 1, 2, 3, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    format_: Annotated[
        Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to print the plan as.")
    ] = Format.TEXT,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PLAN", envvar="MFINFRA_OUT", help="Save the plan as JSON too (0600)."),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", envvar="MFINFRA_DETAILED_EXITCODE", help="Exit 2 if there are changes."),
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", envvar="MFINFRA_SUMMARY", help="One line for each resource.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", envvar="MFINFRA_FULL", help="Show what does not change, too.")
    ] = False,
    destroy: Annotated[
        bool, typer.Option("--destroy", envvar="MFINFRA_DESTROY", help="Plan what `mfinfra destroy` would do.")
    ] = False,
    adopt: Adopt = None,
    parallelism: Parallelism = 16,
) -> int:
    """Show what `apply` would do. Writes nothing to AWS.

    Observes every resource of the file, and everything else that carries this environment's tags, and prints the
    difference in the order in which it would be carried out.
    """
    from mfinfra.cli import _addresses, _run, _saved
    from mfinfra.planning import document
    from mfinfra.planning.plan import Options
    from mfinfra.render import console, streams, text

    reading = _run.read(file, "plan")
    _addresses.check(reading, adopt)
    reviewed = _run.review(reading, Options(destroy=destroy, adopt=frozenset(adopt or ())), parallelism)
    if out is not None:
        _saved.save(document.text(reviewed.document), out)
        streams.put(f"saved to {out}\n", sys.stderr)
    if format_ is Format.JSON:
        streams.put(document.text(reviewed.document), sys.stdout)
    else:
        console.write(text.lines(reviewed.document, full=full, summary=summary), sys.stdout)
    return 2 if detailed_exitcode and reviewed.plan.changes else 0
