"""`mfinfra apply`."""

from __future__ import annotations

from mfinfra.cli._options import Adopt, AllowDestroy, AllowReplace, File, Parallelism, Yes

EXAMPLES = (
    "mfinfra apply environments/prod.yaml",
    "mfinfra apply environments/prod.yaml --yes --adopt bucket.datastore",
)
CODES = (0, 1, 3, 6, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    yes: Yes = False,
    adopt: Adopt = None,
    allow_destroy: AllowDestroy = None,
    allow_replace: AllowReplace = None,
    parallelism: Parallelism = 16,
) -> int:
    """Bring AWS to what the file says: plan, ask, carry it out.

    The plan and the progress go to stderr, the report of what was done to stdout. What a guard refuses stops the
    whole plan before the first write. After a failure the same command goes on from where it stopped.
    """
    from mfinfra.cli import _addresses, _confirm, _run
    from mfinfra.planning.gate import Allowed
    from mfinfra.planning.plan import Options

    allowed = Allowed(frozenset(allow_destroy or ()), frozenset(allow_replace or ()))
    reading = _run.read(file, "apply")
    _addresses.check(reading, adopt, [*(allow_destroy or ()), *(allow_replace or ())])
    if not yes:
        _confirm.require_terminal("`--yes`")
    reviewed = _run.review(reading, Options(adopt=frozenset(adopt or ())), parallelism)
    if _run.nothing_to_do(reviewed):
        return 0
    _run.show(reviewed)
    run = _run.unblocked(reviewed, allowed)
    if reviewed.plan.changes and not yes:
        _confirm.ask(reviewed.document["environment"], "Apply this plan to", "yes")
    return _run.carry_out(run, "Apply")
