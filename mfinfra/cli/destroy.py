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
    Parallelism,
    Yes,
)
from mfinfra.errors import UserError

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
    json: Json = False,
    json_into: JsonInto = None,
) -> int:
    """Delete everything that the environment owns, in order.

    Only what carries all of this environment's ownership tags is deleted. What holds data takes `protect: false` in
    the file and `--allow-destroy` here.
    """
    from mfinfra.cli import _addresses, _confirm, _run
    from mfinfra.operation import Locking
    from mfinfra.planning.gate import Allowed
    from mfinfra.planning.plan import Options

    reading = _run.read(file, "destroy")
    options = Options(destroy=True)
    allowed = Allowed(frozenset(allow_destroy or ()), disruption=allow_disruption)
    _addresses.check(reading, options, allowed)
    name = reading.environment.scope.environment
    if confirm not in (None, name):
        raise UserError(f"`--confirm {confirm}` is not this environment's name", hint=f"the file is of `{name}`")
    if confirm is None and not yes:
        _confirm.require_terminal(f"`--confirm {name}` or `--yes`")
    reviewed = _run.review(reading, options, parallelism)
    if _run.nothing_to_do(reviewed):
        return 0
    _run.show(reviewed, allowed)
    _run.refuse_blocked(reviewed, allowed)
    if confirm is None and not yes:
        _confirm.ask(reviewed.document["environment"], "Destroy all of", name)
    locking = Locking(not no_lock, lock_expiry, lock_timeout)
    return _run.carry_out(reviewed, _run.Way("destroy", allowed, locking, json, json_into))
