"""The plan document of whatever stands on the command line: a saved plan as it is, a file compared with AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mfinfra import saved
from mfinfra.cli import _run
from mfinfra.planning.plan import Options


def of(path: Path, parallelism: int) -> dict[str, Any]:
    """The document of the plan at `path`, or of a plan that is made now of the environment file there."""
    if saved.looks_like_one(path):
        return saved.load(path)
    return _run.review(_run.read(path, "plan"), Options(), parallelism).document
