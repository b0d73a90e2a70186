"""Metaflow's own files: where they are, read as Metaflow reads them, and written so that nothing in them is lost.

They hold secrets, so that only their user may read what is written here.
"""

from __future__ import annotations

import glob
import json
import os
import secrets
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfinfra.errors import UserError

HOME = "METAFLOW_HOME"
DEFAULT_HOME = "~/.metaflowconfig"
PROJECT = ".metaflow"
CONFIG = "config.json"
LARGEST = 4 * 2**20
"""Bytes."""

LEFT = 60.0
"""Seconds after which nobody writes a file any more that stands beside a profile."""

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as it stands: `values` is empty where there is none. `target` is the file behind any links."""

    path: Path
    target: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    stamp: Stamp = None

    @property
    def there(self) -> bool:
        """Whether there is such a file."""
        return self.stamp is not None


def path(name: str, environ: Mapping[str, str]) -> Path:
    """Where the profile `name` is; the empty one is `config.json`.

    Source: `init_config()` in Metaflow's `metaflow_config_funcs.py`, 2.19.39.
    """
    file = f"config_{name}.json" if name else CONFIG
    return Path(os.path.expanduser(os.path.join(environ.get(HOME, DEFAULT_HOME), file)))  # noqa: PTH111, PTH118 - as Metaflow puts it together: with an empty home it is the current folder


def read(where: Path) -> Profile:
    """The profile at `where`; raises `UserError` for what is there and is no JSON object."""
    target = _behind(where)
    try:
        with open(target, "rb", opener=_at_once) as file:
            found = os.fstat(file.fileno())
            data = file.read(LARGEST + 1) if stat.S_ISREG(found.st_mode) else None
    except FileNotFoundError:
        return Profile(where, target)
    except OSError as error:
        raise _unusable(where, f"cannot be read: {(error.strerror or '').lower()}") from error
    if data is None:
        raise _unusable(where, "is no regular file")
    return Profile(where, target, _parsed(where, data), _stamp(found))


def project(folder: Path) -> tuple[Path, Mapping[str, Any] | None] | None:
    """The project's own configuration that Metaflow finds from `folder`; its values are `None` if nobody can read it.

    The first folder upwards that has a `.metaflow` decides, even if no configuration is in it.
    Source: `init_local_config()` in `metaflow_config_funcs.py`, 2.19.39.
    """
    for above in (folder, *folder.parents):
        if (above / PROJECT).is_dir():
            where = above / PROJECT / CONFIG
            try:
                found = read(where)
            except UserError:
                return where, None
            return (where, found.values) if found.there else None
    return None


def write(profile: Profile, text: str) -> None:
    """Put `text` in the place of what was read, in one piece; raises `UserError` where that fails.

    A link stays, and what it leads to is written. What somebody else wrote since it was read is not written over.
    """
    try:
        # As Metaflow's wizard makes the folder.
        profile.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"`{profile.target.parent}` cannot be made: {(error.strerror or '').lower()}"
        raise UserError(said, hint=f"`{HOME}` names another folder", code="MF5010") from error
    _sweep(profile.target)
    fresh = profile.target.with_name(f".{profile.target.name}.{secrets.token_hex(4)}")
    try:
        with open(fresh, "x", encoding="utf-8", opener=_private) as file:
            _keep_owner(profile.target, file.fileno())
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if _stamp_of(profile.target) != profile.stamp:
            raise _unusable(profile.path, "was changed by somebody else meanwhile", "run the same command again")
        fresh.replace(profile.target)
    except OSError as error:
        raise _unusable(profile.path, f"cannot be written: {(error.strerror or '').lower()}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _sweep(target: Path) -> None:
    """Remove what a killed writer left beside the file: there may be secrets in it."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 8}"):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > LEFT:
                left.unlink()


def _keep_owner(target: Path, fresh: int) -> None:
    """Whoever is root writes the file of another user, who is to read it afterwards."""
    with suppress(OSError):  # nobody else may give a file away, and there may be none yet
        found = target.stat()
        if found.st_uid != os.geteuid():
            os.fchown(fresh, found.st_uid, found.st_gid)


def _behind(where: Path) -> Path:
    try:
        return where.resolve()
    except (OSError, RuntimeError) as error:
        raise _unusable(where, "is a link that leads nowhere", "take the link away, or mend it") from error


def _parsed(where: Path, data: bytes) -> dict[str, Any]:
    mend = f"mend it or move it away; Metaflow itself does not start with it (`python -m json.tool {where}`)"
    if len(data) > LARGEST:
        raise _unusable(where, "is larger than any configuration", "move it away")
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _unusable(where, f"is no JSON{place}", mend) from error
    if not isinstance(found, dict):
        raise _unusable(where, "is JSON, but no object", mend)
    return found


def _unusable(where: Path, why: str, hint: str | None = None) -> UserError:
    return UserError(f"`{where}` {why}", hint=hint, code="MF5010")


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _stamp_of(target: Path) -> Stamp:
    try:
        return _stamp(target.stat())
    except FileNotFoundError:
        return None


def _at_once(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK)


def _private(file: str, flags: int) -> int:
    return os.open(file, flags, 0o600)
