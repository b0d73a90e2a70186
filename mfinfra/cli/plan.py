"""`mfinfra plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._formats import Format, FormatOption, Full, MaxChars, Summary
from mfinfra.cli._options import Adopt, DetailedExitcode, Exclude, File, Forget, Parallelism, Replace, Target

EXAMPLES = (
    "mfinfra plan environments/prod.yaml",
    "mfinfra plan environments/prod.yaml --detailed-exitcode --format markdown -o plan.json",
)
CODES = (0, 1, 2, 3, 70, 130)


Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="PLAN", envvar="MFINFRA_OUT", help="Save the plan here (JSON, 0600)."),
]
NoSave = Annotated[bool, typer.Option("--no-save", envvar="MFINFRA_NO_SAVE", help="Save no plan.")]
Strict = Annotated[
    bool, typer.Option("--strict", envvar="MFINFRA_STRICT", help="Exit 1 if there are warnings, 3 if blocked.")
]
Destroy = Annotated[
    bool, typer.Option("--destroy", envvar="MFINFRA_DESTROY", help="Plan what `mfinfra destroy` would do.")
]


def command(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    file: File,
    format_: FormatOption = Format.TEXT,
    out: Out = None,
    no_save: NoSave = False,
    detailed_exitcode: DetailedExitcode = False,
    strict: Strict = False,
    summary: Summary = False,
    full: Full = False,
    max_chars: MaxChars = 60_000,
    destroy: Destroy = False,
    target: Target = None,
    exclude: Exclude = None,
    replace: Replace = None,
    adopt: Adopt = None,
    forget: Forget = None,
    parallelism: Parallelism = 16,
) -> int:
    """Show what `apply` would do. Writes nothing to AWS.

    Observes every resource of the file, and everything else that carries this environment's tags, and prints the
    difference in the order in which it would be carried out. The plan is saved for `mfinfra apply`, which carries out
    exactly this or nothing.
    """
    from rich.text import Text

    from mfinfra import saved
    from mfinfra.cli import _addresses, _formats, _out, _run, _strict
    from mfinfra.planning import document
    from mfinfra.planning.plan import Options
    from mfinfra.render import console, inert

    reading = _run.read(file, "plan")
    _out.guard(out, reading.environment.source.files)
    options = Options(destroy, *(frozenset(chosen or ()) for chosen in (adopt, target, exclude, replace, forget)))
    _addresses.check(reading, options)
    reviewed = _run.review(reading, options, parallelism)
    text = document.text(reviewed.document)
    if out is not None:
        _out.write(text, out)
    elif not no_save:
        path = saved.keep(text, reading.environment.scope.environment)
        said = f"saved to {inert.line(path)}: `mfinfra apply` carries out this plan or none"
        console.write([Text(said)], sys.stderr)
    _formats.put(reviewed.document, format_, full=full, summary=summary, max_chars=max_chars)
    if strict:
        _strict.refuse(reviewed.document)
    return 2 if detailed_exitcode and reviewed.plan.changes else 0
