"""`Retry` and `Catch`.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mfinfra.sandbox.machines.failure import DATA_LIMIT, RUNTIME, TASK_FAILED, TIMEOUT, StateError

ALL: Final = "States.ALL"
TERMINAL: Final = frozenset({RUNTIME, DATA_LIMIT})
"""Errors that `States.ALL` does not mean, and that nothing retries."""


def matches(names: Sequence[str], error: str) -> bool:
    """Whether `ErrorEquals` names the error."""
    if error in names:
        return True
    if error in TERMINAL:
        return False
    return ALL in names or (TASK_FAILED in names and error != TIMEOUT)


def delay(state: Mapping[str, Any], failure: StateError, tried: dict[int, int]) -> float | None:
    """Seconds until the next try, which is counted in `tried`; `None` where no retrier has one left."""
    for place, retrier in enumerate(state.get("Retry", ())):
        if not matches(retrier["ErrorEquals"], failure.error):
            continue
        before = tried.get(place, 0)
        if before >= retrier.get("MaxAttempts", 3):
            return None
        tried[place] = before + 1
        seconds = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** before)
        seconds = min(seconds, retrier.get("MaxDelaySeconds", seconds))
        full = retrier.get("JitterStrategy", "NONE") == "FULL"
        return random.uniform(0, seconds) if full else seconds  # noqa: S311  jitter is no secret
    return None


def catcher(state: Mapping[str, Any], failure: StateError) -> Mapping[str, Any] | None:
    """The catcher that takes the failure, if one does."""
    return next((each for each in state.get("Catch", ()) if matches(each["ErrorEquals"], failure.error)), None)
