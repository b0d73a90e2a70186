"""The policies of `mfinfra permissions`, each with the name of a file for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mfinfra import desired, files, saved
from mfinfra.cli import _saved
from mfinfra.errors import UserError
from mfinfra.grants import fit, needed
from mfinfra.grants.grant import Statement
from mfinfra.model import Environment

Policy = tuple[str, dict[str, Any]]
TOLD: Mapping[str, Callable[[Environment], list[Statement]]] = {
    "plan": needed.to_plan,
    "apply": needed.to_apply,
    "destroy": needed.to_destroy,
    "forget": needed.to_forget,
    "run": needed.to_run,
    "verify": needed.to_verify,
    "doctor": needed.to_diagnose,
}


IMPORT = "import"


def of(path: Path | None, purpose: str) -> list[Policy]:
    """The policies for one purpose, of a file or of a saved plan; an import has neither yet."""
    if purpose == IMPORT:
        return _named("mfinfra-import", fit.documents(needed.to_import()))
    if path is None:
        said = f"`--for {purpose}` is about an environment file, and none is named"
        raise UserError(said, hint=f"`mfinfra permissions FILE --for {purpose}`")
    if saved.looks_like_one(path):
        document = saved.load(path)
        reading = desired.read(_saved.source(document))
        _saved.guard_file(document, reading)
        if purpose != "apply":
            raise UserError(
                f"a saved plan is there to be applied, and `--for {purpose}` is about the whole environment",
                hint=f"`mfinfra permissions {document['source']['path']} --for {purpose}`",
            )
        statements = needed.to_carry_out(reading.environment, document)
    else:
        reading = desired.read(path)
        statements = TOLD[purpose](reading.environment)
    policies = fit.documents(statements)
    return _named(f"mfinfra-{reading.environment.scope.environment}-{purpose}", policies)


def _named(name: str, policies: Sequence[dict[str, Any]]) -> list[Policy]:
    several = len(policies) > 1
    return [(f"{name}-{number}" if several else name, policy) for number, policy in enumerate(policies, start=1)]


def write(policies: Sequence[Policy], folder: Path) -> tuple[list[Path], list[Path]]:
    """Write each policy to its own file in `folder`; returns what is written, and what went.

    Files of the same purpose from an earlier run go: whoever attaches all that is there would attach them too. Raises
    `UserError` where that is not possible.
    """
    wanted = {folder / f"{name}.json": f"{json.dumps(policy, indent=2)}\n" for name, policy in policies}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in wanted.items():
            files.write(text, path)
        gone = sorted({old for name, _ in policies for old in _earlier(name, folder)} - wanted.keys())
        for path in gone:
            path.unlink()
    except OSError as error:
        said = f"`{error.filename or folder}` cannot be written: {files.why(error)}"
        raise UserError(said, hint="name a folder of yours") from error
    return list(wanted), gone


def _earlier(name: str, folder: Path) -> set[Path]:
    """The files that `write` made for the same environment and purpose, whether it took one or several."""
    whole = re.sub(r"-[0-9]+$", "", name)
    ours = re.compile(rf"{re.escape(whole)}(-[0-9]+)?\.json")
    return {path for path in folder.iterdir() if ours.fullmatch(path.name) and not files.strange(path)}
