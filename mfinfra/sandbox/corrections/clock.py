"""The time of the sandbox: the machine's, and what somebody who does not wait has let pass."""

from __future__ import annotations

import time
from typing import Final

from mfinfra.sandbox.corrections.shelves import shelf

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR


def now() -> float:
    """Seconds since 1970."""
    passed: float = shelf("clock").get("passed", 0.0)
    return time.time() + passed


def advance(seconds: float) -> None:
    """Let `seconds` pass at once, until the next reset."""
    shelf("clock")["passed"] = shelf("clock").get("passed", 0.0) + seconds
