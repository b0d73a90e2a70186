"""`mfinfra destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from mfinfra.cli._options import (
    AllowDestroy,
    AllowDisruption,
    File,
    Json,
    JsonInto,
    LockExpiry,
    LockTimeout,
    NoLock,
    NoPreflight,
    Parallelism,
    Yes,
)

EXAMPLES = (
    "mfinfra plan --destroy environments/dev.yaml",
    "mfinfra destroy environments/dev.yaml --confirm dev --allow-destroy bucket.datastore",
)
CODES = (0, 1, 3, 4, 5, 6, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm", metavar="NAME", envvar="MFINFRA_CONFIRM", help="The environment's name, instead of typing it."
        ),
    ] = None,
    yes: Yes = False,
    allow_destroy: AllowDestroy = None,
    allow_disruption: AllowDisruption = False,
    parallelism: Parallelism = 16,
    lock_timeout: LockTimeout = 0.0,
    lock_expiry: LockExpiry = 300.0,
    no_lock: NoLock = False,
    no_preflight: NoPreflight = False,
    json: Json = False,
    json_into: JsonInto = None,
) -> int:
    """Delete everything that the environment owns, in order.

    Only what carries all of this environment's ownership tags is deleted. What holds data takes `protect: false` in
    the file and `--allow-destroy` here.
    """
    from mfinfra.cli import _destroy, _run
    from mfinfra.operation import Locking
    from mfinfra.planning.gate import Allowed

    way = _run.Way(
        allowed=Allowed(frozenset(allow_destroy or ()), disruption=allow_disruption),
        locking=Locking(not no_lock, lock_expiry, lock_timeout),
        parallelism=parallelism,
        preflight=not no_preflight,
        json=json,
        json_into=json_into,
    )
    return _destroy.run(_destroy.Asked(file=file, confirm=confirm, yes=yes, way=way))
