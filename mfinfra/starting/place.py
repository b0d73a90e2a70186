"""Where the first file goes: written in one piece, read back before it is there, and nothing is lost for it."""

from __future__ import annotations

import os
from pathlib import Path

from mfinfra import desired, files
from mfinfra.document import Reading, bundle
from mfinfra.errors import InvalidDocument, UserError

FOLDER = Path("environments")
SHIPPED = Path("schemas", "environment.json")
"""Where a checkout of mfinfra has it."""
LEVELS = 4
"""How many folders upwards a schema is looked for."""


def default(environment: str) -> Path:
    """The file of an environment: in the folder `environments` where there is one."""
    name = f"{environment}.yaml"
    return FOLDER / name if FOLDER.is_dir() else Path(name)


def of(file: Path | None, environment: str) -> Path:
    """The file that is meant: a folder means one in it."""
    if file is None:
        return default(environment)
    return file / f"{environment}.yaml" if file.is_dir() else file


def guard(path: Path, *, overwrite: bool) -> None:
    """Raise `UserError` where something is at `path` that must not be replaced."""
    if reason := occupied(path, overwrite=overwrite):
        hint = "`--overwrite` replaces it, or name another file" if not files.strange(path) else "name another file"
        raise UserError(f"`{path}` {reason}", hint=hint, code="MF5603")


def occupied(path: Path, *, overwrite: bool) -> str | None:
    """What is in the way at `path`."""
    if files.strange(path):
        return "is there, and no regular file"
    return "is there already" if path.exists() and not overwrite else None


def schema(path: Path) -> str:
    """Where the file at `path` finds the schema for an editor: the nearest one that is there, else beside it."""
    folder = path.parent.absolute()
    for above in (folder, *folder.parents[:LEVELS]):
        for name in (Path(bundle.FILE), SHIPPED):
            if (above / name).is_file():
                return Path(os.path.relpath(above / name, folder)).as_posix()
        if (above / ".git").exists():
            break
    return bundle.FILE


def read_back(text: str) -> Reading:
    """What `text` says as a file; it is ours, so that a problem in it is a bug."""
    try:
        return desired.read_text(text, "environment.yaml")
    except InvalidDocument as invalid:
        raise AssertionError(f"init wrote a file that is not valid:\n{invalid}\n{text}") from invalid


def write(text: str, path: Path, *, overwrite: bool) -> None:
    """Put `text` there in one piece; what came there meanwhile is replaced only with `overwrite`."""
    guard(path, overwrite=overwrite)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(text, path, replace=overwrite)
    except OSError as error:
        guard(path, overwrite=overwrite)  # whatever came there meanwhile is the better reason
        hint = "name a file in a folder of yours"
        raise UserError(f"`{path}` cannot be written: {files.why(error)}", hint=hint, code="MF5603") from error
