"""Plans in files."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mfinfra.errors import UserError


def save(text: str, path: Path) -> None:
    """Write the plan to `path`, readable by its user only; an interrupted write leaves no half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UserError(f"the plan cannot be saved to `{path}`: {(error.strerror or '').lower()}") from error


def refuse(path: Path, command: str) -> None:
    """Raise `UserError` if `path` is a saved plan: this version takes environment files only."""
    try:
        found = json.loads(path.read_bytes()) if path.suffix == ".json" else None
    except (OSError, ValueError):
        return
    if isinstance(found, dict) and "resource_changes" in found:
        written = found.get("source")
        source = written.get("path", "FILE") if isinstance(written, dict) else "FILE"
        raise UserError(
            f"`{path}` is a saved plan, and this version of mfinfra takes environment files only",
            hint=f"pass the file that it was made of: `mfinfra {command} {source}`",
        )
