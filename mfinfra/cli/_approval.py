"""What was approved, compared with what there is now: by the whole plan, or by its hash alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from mfinfra.errors import Stale, UserError
from mfinfra.planning import staleness

NOW = "nothing was changed"


def of_plan(reviewed: Mapping[str, Any], now: Mapping[str, Any], *, work: bool) -> None:
    """Raise `Stale` unless carrying out `now` is what was reviewed; the differences go to stderr first."""
    found = staleness.differences(reviewed, now)
    if not found:
        return
    if not work:
        raise Stale(
            f"there is nothing left of this plan to carry out: AWS is as it wishes already; {NOW}",
            hint="it was applied before, or somebody else did the same",
            code="MF4208",
        )
    from mfinfra.render import console, stale

    console.write(stale.lines(found), sys.stderr)
    count = "1 thing is" if len(found) == 1 else f"{len(found)} things are"
    raise Stale(
        f"{count} not as reviewed; {NOW}",
        hint=f"review a new plan: `mfinfra plan {reviewed['source']['path']}`",
        code="MF4207",
    )


def check_checksum(checksum: str) -> None:
    """Raise `UserError` for what cannot be a plan's hash: half of one approves too much."""
    if not re.fullmatch(r"[0-9a-f]{64}", checksum):
        raise UserError(
            "`--checksum` takes the 64 hexadecimal digits of a plan's `plan_sha256`",
            hint="`mfinfra plan FILE --format json | jq -r .integrity.plan_sha256` prints it",
        )


def of_checksum(checksum: str, now: Mapping[str, Any], *, work: bool) -> None:
    """Raise `Stale` unless the plan that is made now has this hash."""
    made = now["integrity"]["plan_sha256"]
    if made == checksum:
        return
    if not work:
        raise Stale(f"there is nothing to carry out: AWS is as the file wishes already; {NOW}", code="MF4208")
    raise Stale(
        f"the plan that is made now has the hash `{made}`, and `{checksum}` was approved; {NOW}",
        hint="the file, AWS or an option differs from what was reviewed; review a new plan",
        code="MF4209",
    )
