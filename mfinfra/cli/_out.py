"""`--out`: a file of its own, readable by its user only."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from mfinfra import saved
from mfinfra.errors import UserError
from mfinfra.render import inert, streams


def guard(out: Path | None, read: Iterable[str | Path]) -> None:
    """Raise `UserError` if `out` is one of the files that are `read`: it would be gone."""
    for path in map(Path, read):
        if out is not None and out.resolve() == path.resolve():
            raise UserError(f"`--out` would write over `{path}`", hint="name another file")


def write(text: str, out: Path) -> None:
    """Write `text` there, and say so; raises `UserError` where that fails."""
    saved.save(text, out)
    streams.put(f"saved to {inert.line(out)}\n", sys.stderr)
