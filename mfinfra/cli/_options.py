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
    """The addresses of the file or plan on the command line, for the shell to complete; none while there is none."""
    from mfinfra.cli import _known

    named = (ctx.params.get("file"), ctx.params.get("path"), *ctx.args)
    path = next((Path(one) for one in named if one is not None and not str(one).startswith("-")), None)
    return [address for address in _known.addresses(path) if address.startswith(incomplete)]


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
DetailedExitcode = Annotated[
    bool,
    typer.Option("--detailed-exitcode", envvar="MFINFRA_DETAILED_EXITCODE", help="Exit 2 if there are changes."),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", "--auto-approve", envvar="MFINFRA_YES", help="Do not ask; for runs without a person."),
]
AllowDisruption = Annotated[
    bool,
    typer.Option("--allow-disruption", envvar="MFINFRA_ALLOW_DISRUPTION", help="Go ahead although jobs are running."),
]
MaxDeletes = Annotated[
    int | None,
    typer.Option(
        "--max-deletes", metavar="N", min=0, envvar="MFINFRA_MAX_DELETES", help="How many deletes one plan may hold."
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDR",
        envvar="MFINFRA_TARGET",
        autocompletion=addresses,
        help="Plan only this resource and what it needs. May be repeated.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="ADDR",
        envvar="MFINFRA_EXCLUDE",
        autocompletion=addresses,
        help="Leave out this resource and what needs it. May be repeated.",
    ),
]
Replace = Annotated[
    list[str] | None,
    typer.Option(
        "--replace",
        metavar="ADDR",
        envvar="MFINFRA_REPLACE",
        autocompletion=addresses,
        help="Make this resource anew although nothing of it differs. May be repeated.",
    ),
]
Forget = Annotated[
    list[str] | None,
    typer.Option(
        "--forget",
        metavar="ADDR|all",
        envvar="MFINFRA_FORGET",
        autocompletion=addresses,
        help="Plan what `mfinfra forget` would do with this resource, or with all. May be repeated.",
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout", metavar="S", min=0, envvar="MFINFRA_LOCK_TIMEOUT", help="Seconds to wait for another run."
    ),
]
LockExpiry = Annotated[
    float,
    typer.Option(
        "--lock-expiry",
        metavar="S",
        min=3,
        max=86_400,
        envvar="MFINFRA_LOCK_EXPIRY",
        help="Seconds without a sign of life after which others may take the lock over.",
    ),
]
NoLock = Annotated[bool, typer.Option("--no-lock", envvar="MFINFRA_NO_LOCK", help="Take no lock.")]
NoPreflight = Annotated[
    bool,
    typer.Option(
        "--no-preflight",
        envvar="MFINFRA_NO_PREFLIGHT",
        help="Do not ask IAM beforehand whether it allows all that the plan sends.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", envvar="MFINFRA_JSON", help="Print events as JSON lines in place of the report.")
]
JsonInto = Annotated[
    Path | None,
    typer.Option("--json-into", metavar="PATH", envvar="MFINFRA_JSON_INTO", help="Write the events there too."),
]
Region = Annotated[
    str | None,
    typer.Option("--region", metavar="REGION", envvar="MFINFRA_REGION", help="By default that of the AWS profile."),
]
AwsProfile = Annotated[
    str | None,
    typer.Option(
        "--aws-profile",
        metavar="NAME",
        envvar="MFINFRA_AWS_PROFILE",
        help="Whose AWS credentials are used, now and by the file.",
    ),
]
Account = Annotated[
    str | None,
    typer.Option("--account", metavar="ID", envvar="MFINFRA_ACCOUNT", help="Take no other account than this one."),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="sandbox|URL",
        envvar="MFINFRA_ENDPOINT",
        help="Look at this emulator, and write it into the file.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", envvar="MFINFRA_OVERWRITE", help="Replace FILE where it is there already.")
]
