"""`mfinfra apply`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._options import (
    Adopt,
    AllowDestroy,
    AllowDisruption,
    AllowReplace,
    Json,
    JsonInto,
    LockExpiry,
    LockTimeout,
    MaxDeletes,
    NoLock,
    NoPreflight,
    Parallelism,
    Yes,
)

EXAMPLES = (
    "mfinfra plan environments/prod.yaml && mfinfra apply",
    "mfinfra apply environments/prod.yaml --yes --adopt bucket.datastore",
)
CODES = (0, 1, 3, 4, 5, 6, 70, 130)


FileOrPlan = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE|PLAN",
        help="An environment file, or a saved plan; without it, the last one that was saved in this folder.",
        show_default=False,
    ),
]
Checksum = Annotated[
    str | None,
    typer.Option(
        "--checksum", metavar="SHA", envvar="MFINFRA_CHECKSUM", help="Apply only the plan with this plan_sha256."
    ),
]
MaxAge = Annotated[
    float,
    typer.Option("--max-age", metavar="HOURS", min=0, envvar="MFINFRA_MAX_AGE", help="How old a plan may be."),
]


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    path: FileOrPlan = None,
    yes: Yes = False,
    checksum: Checksum = None,
    max_age: MaxAge = 24.0,
    adopt: Adopt = None,
    allow_destroy: AllowDestroy = None,
    allow_replace: AllowReplace = None,
    allow_disruption: AllowDisruption = False,
    max_deletes: MaxDeletes = None,
    parallelism: Parallelism = 16,
    lock_timeout: LockTimeout = 0.0,
    lock_expiry: LockExpiry = 300.0,
    no_lock: NoLock = False,
    no_preflight: NoPreflight = False,
    json: Json = False,
    json_into: JsonInto = None,
) -> int:
    """Bring AWS to what the file says: plan, ask, carry it out.

    Given a saved plan it asks nothing: it reads everything again, and goes ahead only if the plan is still the same.
    The plan and the progress go to stderr, the report of what was done to stdout. What a guard refuses stops the whole
    plan before the first write. After a failure the same command goes on from where it stopped.
    """
    from mfinfra.cli import _apply, _run
    from mfinfra.operation import Locking
    from mfinfra.planning.gate import Allowed

    way = _run.Way(
        allowed=Allowed(frozenset(allow_destroy or ()), frozenset(allow_replace or ()), allow_disruption, max_deletes),
        locking=Locking(not no_lock, lock_expiry, lock_timeout),
        parallelism=parallelism,
        preflight=not no_preflight,
        json=json,
        json_into=json_into,
    )
    adopted = frozenset(adopt or ())
    return _apply.run(_apply.Asked(path=path, adopt=adopted, yes=yes, checksum=checksum, max_age=max_age, way=way))
