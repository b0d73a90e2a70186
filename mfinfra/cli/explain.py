"""`mfinfra explain`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mfinfra.cli._options import Format
from mfinfra.errors import UserError

EXAMPLES = ("mfinfra explain MF2102", "mfinfra explain --format json")
CODES = (0, 1, 70)


def known(incomplete: str) -> list[str]:
    """The codes there are, for the shell to complete."""
    from mfinfra import explain

    return [code for code in explain.codes() if code.startswith(incomplete.upper())]


def command(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="A code, as messages end with it: MF2102.", autocompletion=known, show_default=False
        ),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to print the page as.")
    ] = Format.TEXT,
) -> int:
    """Say what a code of a message means, what to do about it, and where to read more; offline.

    Without a code, all of them are listed with their titles.
    """
    from mfinfra import explain
    from mfinfra.document.nearest import did_you_mean
    from mfinfra.render import console, json, streams
    from mfinfra.render import explain as pages

    wanted = code.upper() if code else None
    if wanted is not None and wanted not in explain.codes():
        alike = [known for known in explain.codes() if known[:3] == wanted[:3]]
        near = did_you_mean(wanted, alike) or did_you_mean(wanted, explain.codes())
        raise UserError(f"there is no code `{code}`", hint=near or "`mfinfra explain` lists all codes")
    if format_ is Format.JSON:
        streams.put(json.text(pages.document(wanted)), sys.stdout)
    else:
        console.write(pages.lines(wanted), sys.stdout)
    return 0
