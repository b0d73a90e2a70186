"""`mfinfra validate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.cli._options import Format

EXAMPLES = ("mfinfra validate environments/prod.yaml", "mfinfra validate --format json environments/*.yaml")
CODES = (0, 1, 70)


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Environment files.", show_default=False)],
    format_: Annotated[
        Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to print the problems as.")
    ] = Format.TEXT,
) -> int:
    """Check environment files offline: YAML, schema, references, lint.

    All problems of all files are reported in one run. No credentials are needed and nothing is read from AWS.
    """
    from mfinfra.cli import _check
    from mfinfra.render import json, streams

    checked = [_check.check(file) for file in files]
    found = [problem for one in checked for problem in one.problems]
    if format_ is Format.JSON:
        suppressed = [problem for one in checked for problem in one.suppressed]
        streams.put(json.problems([*found, *suppressed], [str(file) for file in files]), sys.stdout)
    else:
        _check.show(found)
        _check.more(found)
        streams.put(_check.verdicts(checked), sys.stdout)
    return 0 if all(one.valid for one in checked) else 1
