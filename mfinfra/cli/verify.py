"""`mfinfra verify`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mfinfra.cli._checks import Format, FormatOption, Only, Skip, Strict, Verbose
from mfinfra.cli._options import File, Parallelism

EXAMPLES = (
    "mfinfra verify environments/prod.yaml",
    "mfinfra verify environments/prod.yaml --run --timeout 600",
)
CODES = (0, 1, 3, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    format_: FormatOption = Format.TEXT,
    only: Only = None,
    skip: Skip = None,
    strict: Strict = False,
    verbose: Verbose = False,
    run: Annotated[
        bool, typer.Option("--run", envvar="MFINFRA_RUN", help="Run a job of Batch too: it takes minutes.")
    ] = False,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout", metavar="S", min=1, max=86_400, envvar="MFINFRA_TIMEOUT", help="Seconds that the job has."
        ),
    ] = 900.0,
    python: Annotated[
        str | None,
        typer.Option(
            "--python", metavar="PATH", envvar="MFINFRA_PYTHON", help="A Python with Metaflow.", show_default=False
        ),
    ] = None,
    parallelism: Parallelism = 16,
) -> int:
    """Prove that the environment serves Metaflow, and say of what does not hold how to mend it.

    The configuration, the bucket, queues, table and roles are looked at; IAM is asked whether each role may do what
    Metaflow does; the real client, where there is one, runs a flow and compiles another. What is written for that is
    removed again, and named. Exits 1 if a check fails.
    """
    from mfinfra import client, verification
    from mfinfra.cli import _checks, _run

    environment = _run.read(file, "verify").environment
    found = client.find(python)
    aws = _checks.connect(environment, parallelism)
    every = verification.checks(aws, environment, found, job=run, patience=timeout)
    run_ = verification.run(aws, verification.chosen(every, only or (), skip or ()))
    outcome = _checks.follow(run_)
    _checks.put("verify", environment.scope, outcome.checked, format_, sys.stdout, verbose=verbose)
    return _checks.code(outcome, strict=strict)
