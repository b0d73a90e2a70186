"""`mfinfra export`: leaving for another tool."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli import _help
from mfinfra.cli._options import File, Parallelism
from mfinfra.render import streams

CODES = (0, 1, 3, 70, 130)
TERRAFORM = (
    "mfinfra export terraform environments/prod.yaml --out terraform",
    "mfinfra export terraform environments/prod.yaml --strict > prod.tf",
)
CLOUDFORMATION = (
    "mfinfra export cloudformation environments/prod.yaml --out cloudformation",
    "mfinfra export cloudformation environments/prod.yaml > template.yaml",
)

app = typer.Typer(
    cls=_help.Group,
    rich_markup_mode=None,
    epilog=_help.ending((TERRAFORM[0], CLOUDFORMATION[0]), CODES),
    help="Write the environment in the words of another tool, which then takes it over as it is.",
)


class Provider(StrEnum):
    """Major versions of Terraform's AWS provider."""

    SIX = "6"
    FIVE = "5"


Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", envvar="MFINFRA_OUT", help="Write files into this folder instead."),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", envvar="MFINFRA_STRICT", help="Exit 1 if AWS is not as the file wishes; write nothing."),
]


@app.callback(invoke_without_command=True)
def root(ctx: typer.Context) -> None:
    """Show the help where no target is named."""
    if ctx.invoked_subcommand is None:
        streams.put(f"{ctx.get_help()}\n", sys.stdout)


@app.command(cls=_help.Command, epilog=_help.ending(TERRAFORM, CODES))
def terraform(
    file: File,
    out: Out = None,
    strict: Strict = False,
    provider: Annotated[
        Provider, typer.Option("--provider", envvar="MFINFRA_PROVIDER", help="The AWS provider's major version.")
    ] = Provider.SIX,
    parallelism: Parallelism = 16,
) -> int:
    """Write Terraform import blocks, and the configuration that they are imported into. Writes nothing to AWS.

    For Terraform and OpenTofu, 1.5 and newer. Its plan imports everything and changes nothing: values are those of AWS,
    and the file's wherever it differs. mfinfra's own tags are not in it. The steps stand at the top. Needs what
    `mfinfra permissions --for plan` names.
    """
    from mfinfra.cli import _export
    from mfinfra.exporting import terraform as target

    return _export.put(
        _export.chosen(file, parallelism, strict=strict), lambda it: target.write(it, int(provider)), out
    )


@app.command(cls=_help.Command, epilog=_help.ending(CLOUDFORMATION, CODES))
def cloudformation(file: File, out: Out = None, strict: Strict = False, parallelism: Parallelism = 16) -> int:
    """Write a CloudFormation template that retains everything, for an import. Writes nothing to AWS.

    With `--out` also the list of what is imported under which id. The commands stand at the top. What is written is
    what AWS has, and the file's wish wherever that differs. Needs what `mfinfra permissions --for plan` names.
    """
    from mfinfra.cli import _export
    from mfinfra.exporting import cloudformation as target

    return _export.put(_export.chosen(file, parallelism, strict=strict), target.write, out)
