"""`mfinfra init`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._options import Account, AwsProfile, Endpoint, Overwrite, Region

EXAMPLES = ("mfinfra init", "mfinfra init environments/prod.yaml --preset spot --vpc vpc-0123456789abcdef0")
CODES = (0, 1, 3, 70, 130)


class Preset(StrEnum):
    """What the jobs run on."""

    FARGATE = "fargate"
    EC2 = "ec2"
    SPOT = "spot"
    PRIVATE = "private"
    SANDBOX = "sandbox"


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The file to write; by default NAME.yaml, in the folder `environments` where there is one.",
            show_default=False,
        ),
    ] = None,
    preset: Annotated[
        Preset | None, typer.Option("--preset", envvar="MFINFRA_PRESET", help="What jobs run on; fargate by default.")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            metavar="NAME",
            envvar="MFINFRA_ENVIRONMENT",
            help="What the environment is called; by default as FILE, or dev.",
        ),
    ] = None,
    vpc: Annotated[
        str | None,
        typer.Option("--vpc", metavar="ID", envvar="MFINFRA_VPC", help="Where jobs run; by default the default VPC."),
    ] = None,
    subnet: Annotated[
        list[str] | None,
        typer.Option(
            "--subnet",
            metavar="ID",
            envvar="MFINFRA_SUBNET",
            help="Its subnets; by default all of the kind that suits best. May be repeated.",
        ),
    ] = None,
    route_table: Annotated[
        list[str] | None,
        typer.Option(
            "--route-table",
            metavar="ID",
            envvar="MFINFRA_ROUTE_TABLE",
            help="For preset private, where the account cannot tell. May be repeated.",
        ),
    ] = None,
    bucket: Annotated[
        str | None,
        typer.Option("--bucket", metavar="NAME", envvar="MFINFRA_BUCKET", help="What the new bucket is called."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", metavar="NAME", envvar="MFINFRA_PROFILE", help="Metaflow's profile; by default as NAME."
        ),
    ] = None,
    account: Account = None,
    region: Region = None,
    aws_profile: AwsProfile = None,
    endpoint: Endpoint = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            envvar="MFINFRA_OFFLINE",
            help="Ask AWS nothing: --account, --region, --vpc and --subnet say it.",
        ),
    ] = False,
    no_input: Annotated[
        bool, typer.Option("--no-input", envvar="MFINFRA_NO_INPUT", help="Ask nobody, at a terminal neither.")
    ] = False,
    overwrite: Overwrite = False,
) -> int:
    """Write a first environment file, from a few answers and what the account tells.

    At a terminal it asks; each answer is a flag too. The file has comments, is valid, and its plan only creates. AWS is
    read and nothing is written there: VPCs, subnets, route tables, endpoints, and whether the new names are free.
    Beside FILE a copy of the schema is put, for editors, unless one is near already.
    """
    from mfinfra.cli import _init
    from mfinfra.starting.given import Given

    given = Given(
        file=file,
        preset=preset.value if preset else None,
        environment=environment,
        account=account,
        region=region,
        aws_profile=aws_profile,
        endpoint=endpoint,
        vpc=vpc,
        subnets=tuple(subnet or ()),
        tables=tuple(route_table or ()),
        bucket=bucket,
        profile=profile,
        overwrite=overwrite,
        offline=offline,
    )
    _init.init(given, asking=not no_input)
    return 0
