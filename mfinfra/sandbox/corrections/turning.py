"""Statuses that turn: CREATING, then VALID. AWS takes seconds to minutes; the sandbox counts reads."""

from __future__ import annotations

import math
import os
import time
from typing import Final

from mfinfra.sandbox.corrections import lag

SECONDS: Final = 10.0
"""A status turns after this time too, for a caller that waits without looking; not in a strict sandbox."""

_polls = int(os.environ.get("MFINFRA_SANDBOX_TRANSITION_POLLS", "1"))


def polls() -> int:
    """How many reads show a passing status before it turns."""
    return _polls


def settle_after(reads: int) -> None:
    """Let every status that begins to turn from now on be shown by `reads` reads; 0 turns at once."""
    global _polls  # noqa: PLW0603  one setting of one process, as moto's state is
    _polls = reads


class Turning:
    """A status that is `passing` for some reads and `settled` then; for `least` reads where that is more."""

    def __init__(self, passing: str, settled: str, least: int = 0) -> None:
        self.passing = passing
        self.settled = settled
        self._reads = max(_polls, least)
        self._until = math.inf if lag.strict() else time.monotonic() + SECONDS

    def read(self) -> str:
        """The status, as a read that counts sees it."""
        status = self.now
        self._reads -= 1
        return status

    @property
    def now(self) -> str:
        """The status, without counting."""
        return self.passing if self._reads > 0 and time.monotonic() < self._until else self.settled

    @property
    def over(self) -> bool:
        """Whether the status has turned."""
        return self.now == self.settled
