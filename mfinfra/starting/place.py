"""Where the first file goes: written in one piece, read back before it is there, and nothing is lost for it."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from mfinfra import desired
from mfinfra.document import Reading
from mfinfra.errors import InvalidDocument, UserError

FOLDER = Path("environments")
SCHEMA = "mfinfra.schema.json"
"""What `mfinfra schema --install` calls its copy."""
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
        hint = "`--overwrite` replaces it, or name another file" if not _strange(path) else "name another file"
        raise UserError(f"`{path}` {reason}", hint=hint, code="MF5603")


def occupied(path: Path, *, overwrite: bool) -> str | None:
    """What is in the way at `path`."""
    if _strange(path):
        return "is there, and no regular file"
    return "is there already" if path.exists() and not overwrite else None


def schema(path: Path) -> str:
    """Where the file at `path` finds the schema for an editor: the nearest one that is there, else beside it."""
    folder = path.parent.absolute()
    for above in (folder, *folder.parents[:LEVELS]):
        for name in (Path(SCHEMA), SHIPPED):
            if (above / name).is_file():
                return Path(os.path.relpath(above / name, folder)).as_posix()
        if (above / ".git").exists():
            break
    return SCHEMA


def read_back(text: str) -> Reading:
    """What `text` says as a file; it is ours, so that a problem in it is a bug."""
    with tempfile.TemporaryDirectory(prefix="mfinfra-init-") as folder:
        draft = Path(folder, "environment.yaml")
        draft.write_text(text, "utf-8")
        try:
            return desired.read(draft)
        except InvalidDocument as invalid:
            raise AssertionError(f"init wrote a file that is not valid:\n{invalid}\n{text}") from invalid


def write(text: str, path: Path, *, overwrite: bool) -> None:
    """Put `text` there in one piece; what came there meanwhile is replaced only with `overwrite`."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    guard(path, overwrite=overwrite)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _place(fresh, path, overwrite=overwrite)
    except OSError as error:
        guard(path, overwrite=overwrite)  # whatever came there meanwhile is the better reason
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _place(fresh: Path, path: Path, *, overwrite: bool) -> None:
    if not overwrite:
        try:
            os.link(fresh, path)  # fails where something came there meanwhile, as no rename does
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            guard(path, overwrite=False)
        else:
            return
    fresh.replace(path)


def _strange(path: Path) -> bool:
    """Whether something stands at `path` that is no regular file: a link is none, wherever it leads."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _unwritable(path: Path, error: OSError) -> UserError:
    said = (error.strerror or str(error)).lower()
    return UserError(f"`{path}` cannot be written: {said}", hint="name a file in a folder of yours", code="MF5603")
