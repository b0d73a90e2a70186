"""`mfinfra permissions`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "mfinfra permissions environments/prod.yaml --for plan",
    "mfinfra permissions environments/prod.yaml --for apply --into policies",
)
CODES = (0, 1, 3, 4, 70)


class Purpose(StrEnum):
    """What the permissions are for."""

    PLAN = "plan"
    APPLY = "apply"
    DESTROY = "destroy"
    FORGET = "forget"
    RUN = "run"
    VERIFY = "verify"
    DOCTOR = "doctor"
    IMPORT = "import"


def command(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE|PLAN",
            help="An environment file, or a saved plan; none for an import, which makes one.",
            show_default=False,
        ),
    ] = None,
    purpose: Annotated[
        Purpose, typer.Option("--for", envvar="MFINFRA_FOR", help="What is to be done with them.")
    ] = Purpose.APPLY,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="FOLDER",
            envvar="MFINFRA_INTO",
            help="Write a file for each policy there instead; those of an earlier run go.",
        ),
    ] = None,
) -> int:
    """Print the IAM policy that a command, or running flows, take. Asks AWS nothing.

    Of a file it is all that the command may ever send for what is in it; of a saved plan, what this plan sends. What is
    protected is not deleted by any plan, so no policy here allows to delete it. Where one managed policy of 6,144
    characters has no room for all, it is a list of several.
    """
    from mfinfra.cli import _permissions
    from mfinfra.render import inert, json, streams

    found = _permissions.of(path, purpose.value)
    if into is not None:
        written, gone = _permissions.write(found, into)
        streams.put("".join(f"{inert.line(path)}\n" for path in written), sys.stdout)
        streams.put("".join(f"{inert.line(path)} was of an earlier run, and is gone\n" for path in gone), sys.stderr)
        return 0
    streams.put(json.policies([policy for _, policy in found]), sys.stdout)
    return 0
