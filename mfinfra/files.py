"""Files that are left for people: in one piece or not at all, over a regular file or none, and never through a link."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
STRANGE = "that is there, and no regular file"


def strange(path: Path) -> bool:
    """Whether something stands at `path` that is no regular file: a link is none, wherever it leads."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False  # mostly there is nothing; what else it may be, writing tells


def write(text: str, path: Path, *, replace: bool = True, private: bool = False) -> None:
    """Put `text` at `path`, as it is; an interrupted write leaves no half of it.

    What is replaced keeps its rights, unless the file is `private`: then only its user reads it. Without `replace`
    nothing is, not even what came there meanwhile. Raises `OSError`.
    """
    _refuse_strange(path)  # `.` and `..` have no name beside which anything could be written
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    opener = _private if private else None
    try:
        # The name of a file may hold bytes that are no UTF-8: this writes them as JSON does.
        with open(fresh, "x", encoding="utf-8", errors="backslashreplace", newline="", opener=opener) as file:
            if not private:
                _keep_rights(path, file.fileno())
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _place(fresh, path, replace=replace)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def why(error: OSError) -> str:
    """The reason of an error as the end of a sentence."""
    return (error.strerror or str(error)).lower()


def _place(fresh: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        try:
            os.link(fresh, path)  # fails where something came there meanwhile, as no rename does
        except OSError as error:
            if error.errno not in NO_HARD_LINKS:
                raise
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        else:
            return
    _refuse_strange(path)
    fresh.replace(path)


def _refuse_strange(path: Path) -> None:
    if strange(path):
        raise OSError(errno.EINVAL, STRANGE, str(path))


def _keep_rights(path: Path, fresh: int) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(fresh, stat.S_IMODE(path.stat().st_mode))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
