"""`mfinfra schema`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mfinfra.errors import UserError

EXAMPLES = ("mfinfra schema --install environments/prod.yaml", "mfinfra schema compute_environment")
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
    install: Annotated[
        list[Path] | None,
        typer.Option(
            "--install",
            metavar="FILE|FOLDER",
            envvar="MFINFRA_INSTALL",
            help="Make editors use it for this file, or for a workspace of VS Code. May be repeated.",
        ),
    ] = None,
) -> int:
    """Print the JSON Schema of the environment file, for an editor; or install it.

    It is one document and needs no network. `--install` puts a copy of it beside the file and names that in the file's
    first lines, as VS Code, Neovim and JetBrains read them. Of a folder it writes `.vscode/settings.json` instead, for
    all environment files in it. Commit the copy: it serves whoever has the checkout. Done again, it brings the copy up
    to date.
    """
    from mfinfra import schemas
    from mfinfra.document import bundle
    from mfinfra.document.nearest import did_you_mean
    from mfinfra.render import json, streams

    if install:
        return _installed(kind, install)
    known = schemas.kinds()
    if kind is not None and kind not in known:
        near = did_you_mean(kind, known)
        raise UserError(f"there is no kind `{kind}`", hint=near or f"the kinds are {', '.join(known)}")
    streams.put(json.text(bundle.bundled(kind)), sys.stdout)
    return 0


def _installed(kind: str | None, paths: list[Path]) -> int:
    from mfinfra.cli import _editor
    from mfinfra.render import inert, streams

    if kind is not None:
        raise UserError("`--install` installs the whole schema", hint=f"leave out `{kind}`, or `--install`")
    for line in dict.fromkeys(line for path in paths for line in _editor.install(path)):
        streams.put(f"{inert.line(line)}\n", sys.stdout)
    return 0
