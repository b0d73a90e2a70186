"""`mfinfra schema`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mfinfra.errors import UserError

EXAMPLES = ("mfinfra schema > environment.schema.json", "mfinfra schema compute_environment")
CODES = (0, 1, 70)


def kinds(incomplete: str) -> list[str]:
    """The kinds there are, for the shell to complete."""
    from mfinfra import schemas

    return [kind for kind in schemas.kinds() if kind.startswith(incomplete)]


def command(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="KIND", help="Only this kind of resource.", autocompletion=kinds, show_default=False),
    ] = None,
) -> int:
    """Print the JSON Schema of the environment file, for an editor.

    It is one document and needs no network. In VS Code name it in the first line of a file:
    `# yaml-language-server: $schema=environment.schema.json`
    """
    from mfinfra import schemas
    from mfinfra.document import bundle
    from mfinfra.document.nearest import did_you_mean
    from mfinfra.render import json, streams

    known = schemas.kinds()
    if kind is not None and kind not in known:
        near = did_you_mean(kind, known)
        raise UserError(f"there is no kind `{kind}`", hint=near or f"the kinds are {', '.join(known)}")
    streams.put(json.text(bundle.bundled(kind)), sys.stdout)
    return 0
