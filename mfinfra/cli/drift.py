"""`mfinfra drift`."""

from __future__ import annotations

import sys

from mfinfra.cli._formats import Format, FormatOption, Full, MaxChars, Summary
from mfinfra.cli._options import DetailedExitcode, File, Parallelism

EXAMPLES = (
    "mfinfra drift environments/prod.yaml",
    "mfinfra drift environments/prod.yaml --detailed-exitcode --summary",
)
CODES = (0, 1, 2, 3, 70, 130)


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    format_: FormatOption = Format.TEXT,
    detailed_exitcode: DetailedExitcode = False,
    summary: Summary = False,
    full: Full = False,
    max_chars: MaxChars = 60_000,
    parallelism: Parallelism = 16,
) -> int:
    """Show what changed in AWS since the last apply, and what changed in the file. Writes nothing.

    The same differences as `mfinfra plan`, in two parts; what both sides changed stands in both. Every apply leaves a
    digest of what it wished in a tag of each resource (`mfinfra:spec`), which tells the two apart. Other formats than
    text print the whole plan, in which every change says who made it. No plan is saved.
    """
    from mfinfra.cli import _formats, _run
    from mfinfra.planning.plan import Options
    from mfinfra.render import console, drift

    reviewed = _run.review(_run.read(file, "drift"), Options(), parallelism)
    if format_ is Format.TEXT:
        console.write(drift.lines(reviewed.document, full=full, summary=summary), sys.stdout)
    else:
        _formats.put(reviewed.document, format_, max_chars=max_chars)
    return 2 if detailed_exitcode and reviewed.plan.changes else 0
