"""Where the lock and the receipts of a file are, for the commands that look at nothing else."""

from __future__ import annotations

from pathlib import Path

from mfinfra import records
from mfinfra.aws import session
from mfinfra.cli import _run
from mfinfra.errors import UserError


def of(file: Path, command: str, sought: str) -> tuple[session.Aws, records.Place]:
    """The way to AWS and the place there; raises `UserError` where the file names none, so that `sought` is nowhere."""
    environment = _run.read(file, command).environment
    place = records.place(environment)
    if place is None:
        raise UserError(f"there is no {sought}: the file names no bucket to keep it in", hint="`lock:` names one")
    return session.connect(environment.access, environment.scope), place
