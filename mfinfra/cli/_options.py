"""Arguments and flags that several commands take, each with its environment variable."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """What a document is printed as."""

    TEXT = "text"
    JSON = "json"


def addresses(ctx: typer.Context, incomplete: str) -> list[str]:
    """The addresses of the file on the command line, for the shell to complete; none while it cannot be read."""
    from mfinfra import document, errors

    file = ctx.params.get("file") or next(iter(ctx.args), None)
    if file is None:
        return []
    try:
        environment = document.read(file).environment
    except errors.MfinfraError:  # the command itself will say what is wrong with the file
        return []
    every = sorted(str(address) for address in (*environment.resources, *environment.disabled))
    return [address for address in every if address.startswith(incomplete)]


File = Annotated[Path, typer.Argument(metavar="FILE", help="The environment file.", show_default=False)]

Adopt = Annotated[
    list[str] | None,
    typer.Option(
        "--adopt",
        metavar="ADDR|all",
        envvar="MFINFRA_ADOPT",
        autocompletion=addresses,
        help="Take over what exists already and nobody owns, at this address or at all. May be repeated.",
    ),
]
AllowDestroy = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-destroy",
        metavar="ADDR",
        envvar="MFINFRA_ALLOW_DESTROY",
        autocompletion=addresses,
        help="Let this resource be destroyed although it holds data. May be repeated.",
    ),
]
AllowReplace = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-replace",
        metavar="ADDR",
        envvar="MFINFRA_ALLOW_REPLACE",
        autocompletion=addresses,
        help="Let this resource be replaced although it holds data. May be repeated.",
    ),
]
Parallelism = Annotated[
    int,
    # A pool of connections is laid out in full when it is made: a number without bounds would take all memory.
    typer.Option(
        "--parallelism", metavar="N", min=1, max=256, envvar="MFINFRA_PARALLELISM", help="Calls side by side."
    ),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", "--auto-approve", envvar="MFINFRA_YES", help="Do not ask; for runs without a person."),
]
