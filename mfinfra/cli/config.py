"""`mfinfra config`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._options import DetailedExitcode

EXAMPLES = (
    "mfinfra config environments/prod.yaml --write",
    "mfinfra config environments/prod.yaml --format env > metaflow.env && . ./metaflow.env",
)
CODES = (0, 1, 2, 3, 70, 130)


class ConfigFormat(StrEnum):
    """What Metaflow's configuration is printed as."""

    JSON = "json"
    ENV = "env"
    DIFF = "diff"


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="The environment file; without one, that of the last plan.", show_default=False
        ),
    ] = None,
    format_: Annotated[
        ConfigFormat | None,
        typer.Option(
            "--format",
            envvar="MFINFRA_FORMAT",
            help="json: Metaflow's own format, the default. env: lines to `eval`. diff: against the profile's file.",
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", envvar="MFINFRA_WRITE", help="Write the keys into the profile's file.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            envvar="MFINFRA_PRUNE",
            help="Remove keys that follow from nothing in FILE any more, and empty ones.",
        ),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", envvar="MFINFRA_PROFILE", help="This profile, not that of FILE."),
    ] = None,
    detailed_exitcode: DetailedExitcode = False,
) -> int:
    """Show what Metaflow's configuration has to be, or write it.

    Every METAFLOW_* key that follows from the `metaflow` block, for the file `config_<profile>.json` in
    ~/.metaflowconfig (or METAFLOW_HOME). Keys of others in it are kept. Secrets are read only when they are written.
    """
    from mfinfra.cli import _config

    task = _config.Task.of(file, profile, prune=prune)
    if write:
        changed = task.write()
        if format_ is not None:
            task.put(format_, fresh=False)
    else:
        changed = task.put(format_ or ConfigFormat.JSON)
    return 2 if detailed_exitcode and changed else 0
