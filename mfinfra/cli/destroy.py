"""`mfinfra destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from mfinfra.cli._options import AllowDestroy, File, Parallelism, Yes
from mfinfra.errors import UserError

EXAMPLES = (
    "mfinfra plan --destroy environments/dev.yaml",
    "mfinfra destroy environments/dev.yaml --confirm dev --allow-destroy bucket.datastore",
)
CODES = (0, 1, 3, 6, 70, 130)


def command(
    file: File,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm", metavar="NAME", envvar="MFINFRA_CONFIRM", help="The environment's name, instead of typing it."
        ),
    ] = None,
    yes: Yes = False,
    allow_destroy: AllowDestroy = None,
    parallelism: Parallelism = 16,
) -> int:
    """Delete everything that the environment owns, in order.

    Only what carries all of this environment's ownership tags is deleted. What holds data takes `protect: false` in
    the file and `--allow-destroy` here.
    """
    from mfinfra.cli import _addresses, _confirm, _run
    from mfinfra.planning.gate import Allowed
    from mfinfra.planning.plan import Options

    reading = _run.read(file, "destroy")
    _addresses.check(reading, None, allow_destroy)
    name = reading.environment.scope.environment
    if confirm not in (None, name):
        raise UserError(f"`--confirm {confirm}` is not this environment's name", hint=f"the file is of `{name}`")
    if confirm is None and not yes:
        _confirm.require_terminal(f"`--confirm {name}` or `--yes`")
    reviewed = _run.review(reading, Options(destroy=True), parallelism)
    if _run.nothing_to_do(reviewed):
        return 0
    _run.show(reviewed)
    run = _run.unblocked(reviewed, Allowed(destroy=frozenset(allow_destroy or ())))
    if confirm is None and not yes:
        _confirm.ask(reviewed.document["environment"], "Destroy all of", name)
    return _run.carry_out(run, "Destroy")
