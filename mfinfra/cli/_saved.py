"""A saved plan where a file may stand too: which of the two it is, and what has to hold before it is used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mfinfra import saved
from mfinfra.document import Reading
from mfinfra.errors import Stale, UserError


def refuse(path: Path, command: str) -> None:
    """Raise `UserError` if `path` is a saved plan, where only an environment file is of use."""
    if saved.looks_like_one(path):
        raise UserError(
            f"`{path}` is a saved plan, and `mfinfra {command}` takes an environment file",
            hint="`mfinfra apply PLAN` carries a saved plan out, `mfinfra show PLAN` shows it",
        )


def chosen(path: Path | None, max_age: float) -> dict[str, Any] | None:
    """The plan that is to be applied, fit for it as far as the file tells; `None` for an environment file."""
    if path is not None and not saved.looks_like_one(path):
        return None
    document = saved.load(saved.last() if path is None else path)
    saved.guard(document, datetime.now(UTC), max_age)
    return document


def refuse_planning(options: dict[str, Any]) -> None:
    """Raise `UserError` for a planning option beside a saved plan."""
    for flag, value in options.items():
        if value:
            raise UserError(
                f"a saved plan takes no `{flag}`: what it does was decided when it was made",
                hint=f"`mfinfra plan FILE {flag} …` makes another plan",
            )


def source(document: dict[str, Any]) -> Path:
    """The environment file that the plan was made of; raises `UserError` where it is not found from here."""
    path = Path(document["source"]["path"])
    if not path.is_file():
        raise UserError(
            f"the plan was made of `{path}`, and there is no such file here",
            hint="apply it in the folder in which it was made, with the same files checked out",
            code="MF4206",
        )
    return path


def guard_file(document: dict[str, Any], reading: Reading) -> None:
    """Raise `Refused` or `Stale` unless the file is the one that the plan was made of, byte for byte."""
    saved.guard_scope(document, reading.environment.scope)
    if reading.environment.source.sha256 != document["source"]["sha256"]:
        raise other(document)


def other(document: dict[str, Any]) -> Stale:
    """The error for a file that is not the one that the plan was made of."""
    path = document["source"]["path"]
    return Stale(
        f"`{path}` is not as it was when the plan was made; nothing was changed",
        hint=f"plan again: `mfinfra plan {path}`",
        code="MF4206",
    )
