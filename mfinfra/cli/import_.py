"""`mfinfra import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._options import Account, AwsProfile, Endpoint, Overwrite, Parallelism, Region

EXAMPLES = (
    "mfinfra import environments/prod.yaml --from-metaflow-profile default",
    "mfinfra import prod.yaml --resource job_queue=metaflow --tag team=ml",
)
CODES = (0, 1, 3, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to write; `-`: stdout.", show_default=False)],
    from_metaflow_profile: Annotated[
        str | None,
        typer.Option(
            "--from-metaflow-profile",
            metavar="NAME",
            envvar="MFINFRA_FROM_METAFLOW_PROFILE",
            help="Begin at a profile of Metaflow's; `default` is config.json.",
        ),
    ] = None,
    from_metaflow_config: Annotated[
        Path | None,
        typer.Option(
            "--from-metaflow-config",
            metavar="PATH",
            envvar="MFINFRA_FROM_METAFLOW_CONFIG",
            help="Begin at a configuration file of Metaflow's.",
        ),
    ] = None,
    from_environment: Annotated[
        bool,
        typer.Option(
            "--from-environment",
            envvar="MFINFRA_FROM_ENVIRONMENT",
            help="Begin at the METAFLOW_* variables of the shell.",
        ),
    ] = False,
    from_cloudformation: Annotated[
        list[str] | None,
        typer.Option(
            "--from-cloudformation",
            metavar="STACK",
            envvar="MFINFRA_FROM_CLOUDFORMATION",
            help="Begin at a stack, by name or ARN. May be repeated.",
        ),
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(
            "--resource",
            metavar="KIND=NAME|ID|ARN",
            envvar="MFINFRA_RESOURCE",
            help="Begin at this resource; an ARN needs no KIND. May be repeated.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="KEY=VALUE",
            envvar="MFINFRA_TAG",
            help="Begin at all that carries this tag; of several, at what carries all.",
        ),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            metavar="NAME",
            envvar="MFINFRA_ENVIRONMENT",
            help="What the environment is called; by default as FILE.",
        ),
    ] = None,
    region: Region = None,
    profile: AwsProfile = None,
    account: Account = None,
    endpoint: Endpoint = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="ADDR|KIND",
            envvar="MFINFRA_EXCLUDE",
            help="Leave this out; what refers to it names it as AWS does. May be repeated.",
        ),
    ] = None,
    handover: Annotated[
        Path | None,
        typer.Option(
            "--handover",
            metavar="FOLDER",
            envvar="MFINFRA_HANDOVER",
            help="Write the templates there by which stacks let go.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    parallelism: Parallelism = 16,
) -> int:
    """Write an environment file from what is live. Nothing is written to AWS.

    From a configuration of Metaflow's, a stack, names or tags, which may be combined, references are followed: a queue
    to its compute environments, their roles, groups and launch templates, the VPC's endpoints, the keys. What is as
    mfinfra would make it is not written. A plan of the file with `--adopt all` puts tags on and changes nothing: that
    is checked, and what would differ is told with exit 1.
    """
    from mfinfra.cli import _import

    wanted = {
        "--from-metaflow-profile": () if from_metaflow_profile is None else (from_metaflow_profile,),
        "--from-metaflow-config": () if from_metaflow_config is None else (str(from_metaflow_config),),
        "--from-environment": ("",) if from_environment else (),
        "--from-cloudformation": from_cloudformation or (),
        "--resource": resource or (),
        "--tag": tag or (),
    }
    task = _import.Task(
        file=file,
        wanted={flag: tuple(values) for flag, values in wanted.items() if values},
        environment=environment,
        account=account,
        region=region,
        profile=profile,
        endpoint=endpoint,
        exclude=frozenset(exclude or ()),
        handover=handover,
        overwrite=overwrite,
        parallelism=parallelism,
    )
    return task.run()
