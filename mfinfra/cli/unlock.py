"""`mfinfra unlock`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mfinfra.cli._options import File

EXAMPLES = (
    "mfinfra unlock environments/prod.yaml 3f9c0a17d2b84e65",
    "mfinfra history environments/prod.yaml --limit 3",
)
CODES = (0, 1, 3, 70, 130)


def command(
    file: File,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The lock's id, as `apply` told it.", show_default=False)],
) -> int:
    """Remove the lock that a dead run left behind.

    It is removed only if it has this id. If its run is alive after all, that run stops before its next write.
    Mostly nobody needs this: a lock expires by itself, and one whose process has gone from this machine is taken over.
    """
    from mfinfra import lock
    from mfinfra.aws import session
    from mfinfra.cli import _place
    from mfinfra.render import streams
    from mfinfra.render.inert import line

    aws, place = _place.of(file, "unlock", "lock")
    aws.client("s3")
    session.guard_destination(aws)
    seen = lock.unlock(aws, place, id_)
    streams.put(f"removed the lock of {line(place.environment)} from {line(seen)}\n", sys.stdout)
    return 0
