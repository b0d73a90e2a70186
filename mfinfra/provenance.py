"""Where a run comes from: the moment, the caller, the commit."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from mfinfra.aws.session import Aws
from mfinfra.model import Source
from mfinfra.planning.document import Provenance

SECONDS = 5


def of(aws: Aws, source: Source) -> Provenance:
    """The provenance of a plan that is made now, of `source`."""
    commit, dirty = commit_of(source.files or (source.path,))
    return Provenance(
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        caller=aws.caller,
        endpoint="sandbox" if aws.sandbox else aws.endpoint,
        git_commit=commit,
        git_dirty=dirty,
    )


def commit_of(files: Iterable[str]) -> tuple[str | None, bool | None]:
    """The commit that is checked out where the first of `files` is, and whether any of them is not as it is there.

    What else lies beside them, such as a plan that was just saved, is no change of theirs. `None` is what git cannot
    tell: without git, outside a repository, or where it takes too long. A plan needs neither.
    """
    paths = [Path(file).resolve() for file in files]
    commit = _git(paths[0].parent, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    status = _git(paths[0].parent, "--literal-pathspecs", "status", "--porcelain", "--ignored", "--", *map(str, paths))
    return commit, None if status is None else bool(status)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, `None` where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments and paths, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
