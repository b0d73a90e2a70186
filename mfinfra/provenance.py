"""Where a run comes from: the moment, the caller, the commit."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from mfinfra.aws.session import Aws
from mfinfra.planning.document import Provenance

SECONDS = 5


def of(aws: Aws, path: str | Path) -> Provenance:
    """The provenance of a plan that is made now, of the file at `path`."""
    folder = Path(path).resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    return Provenance(
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        caller=aws.caller,
        endpoint="sandbox" if aws.sandbox else aws.endpoint,
        git_commit=commit,
        git_dirty=None if commit is None else bool(_git(folder, "status", "--porcelain", "--", ".")),
    )


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, `None` outside a repository or without git: a plan needs neither."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
