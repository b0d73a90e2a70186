"""`mfinfra doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._checks import Format, FormatOption, Strict, Verbose
from mfinfra.cli._options import Parallelism

EXAMPLES = ("mfinfra doctor environments/prod.yaml", "mfinfra doctor --error flow.log")
CODES = (0, 1, 3, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The environment file.", show_default=False)
    ] = None,
    job: Annotated[
        str | None, typer.Option("--job", metavar="ID", envvar="MFINFRA_JOB", help="Explain this Batch job.")
    ] = None,
    error: Annotated[
        Path | None,
        typer.Option("--error", metavar="PATH", envvar="MFINFRA_ERROR", help="Explain this log, offline; `-`: stdin."),
    ] = None,
    connect: Annotated[
        bool, typer.Option("--connect", envvar="MFINFRA_CONNECT", help="Ask the metadata service for an answer, too.")
    ] = False,
    format_: FormatOption = Format.TEXT,
    strict: Strict = False,
    verbose: Verbose = False,
    parallelism: Parallelism = 16,
) -> int:
    """Say why jobs do not run: queues, roles, network, image, capacity, and what failed jobs said. Writes nothing.

    Looks at the jobs that wait or failed in the queues of the file, or at one job. With --error it explains a log or a
    traceback of Metaflow, without asking AWS. Exits 1 if something is found that keeps flows from running.
    """
    from mfinfra.cli import _checks, _diagnosis, _run
    from mfinfra.errors import UserError

    if error is not None:
        return _diagnosis.explain(error, format_)
    if file is None:
        raise UserError("there is nothing to look at", hint="name an environment file, or a log: `--error PATH`")
    environment = _run.read(file, "doctor").environment
    outcome = _diagnosis.run(environment, job, parallelism, connect=connect)
    _diagnosis.put(environment.scope, outcome.checked, format_, verbose=verbose)
    return _checks.code(outcome, strict=strict)
