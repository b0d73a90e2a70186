"""`mfinfra forget`."""

from __future__ import annotations

from typing import Annotated

import typer

from mfinfra.cli._options import (
    File,
    Json,
    JsonInto,
    LockExpiry,
    LockTimeout,
    NoLock,
    NoPreflight,
    Parallelism,
    Yes,
    addresses,
)

EXAMPLES = (
    "mfinfra forget environments/prod.yaml table.foreach bucket.datastore",
    "mfinfra plan environments/prod.yaml --forget all --out leave.plan.json",
)
CODES = (0, 1, 3, 4, 5, 6, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    chosen: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDR|all",
            help="What is given up: of the file, or what has left it and still carries its tags; `all` of it.",
            show_default=False,
            autocompletion=addresses,
        ),
    ],
    yes: Yes = False,
    parallelism: Parallelism = 16,
    lock_timeout: LockTimeout = 0.0,
    lock_expiry: LockExpiry = 300.0,
    no_lock: NoLock = False,
    no_preflight: NoPreflight = False,
    json: Json = False,
    json_into: JsonInto = None,
) -> int:
    """Give resources up: they stay as they are, and mfinfra no longer owns them.

    The tags that made them ours are removed, those of mfinfra alone; settings, data and all other tags stay. Take the
    resource out of the file as well, before or after: a plan of a file that still has it stops at what nobody owns.
    """
    from mfinfra.cli import _forget, _run
    from mfinfra.operation import Locking
    from mfinfra.planning.gate import Allowed

    way = _run.Way(
        allowed=Allowed(),
        locking=Locking(not no_lock, lock_expiry, lock_timeout),
        parallelism=parallelism,
        preflight=not no_preflight,
        json=json,
        json_into=json_into,
    )
    return _forget.run(_forget.Asked(file=file, chosen=frozenset(chosen), yes=yes, way=way))
