"""One mechanism for all that passes by itself: which row speaks of an error, and how long to try again.

`refusals` holds what an operation says while AWS is not ready for it, `troubles` what passes whatever was asked for,
`reasons` the bad statuses that a young role explains. botocore's standard retries stand below all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from mfinfra.aws import refusals, transport, troubles
from mfinfra.aws.clock import Clock
from mfinfra.aws.refusals import PROPAGATION, NotYet
from mfinfra.aws.troubles import Trouble
from mfinfra.errors import AwsError, MfinfraError, Unreachable

__all__ = ["PROPAGATION", "TABLE", "NotYet", "Patience", "pauses", "persist", "row_for", "unless_done"]

TABLE = refusals.TABLE
T = TypeVar("T")
Row: TypeAlias = NotYet | Trouble


def row_for(service: str, operation: str, code: str, message: str) -> NotYet | None:
    """The row that speaks of this refusal, if any."""
    return next((row for row in TABLE if row.fits(service, operation, code, message)), None)


def pauses(window: float) -> list[float]:
    """Seconds to sleep between tries: short first, growing to ten seconds, adding up to `window`."""
    steps: list[float] = []
    pause, spent = 1.0, 0.0
    while spent < window:
        steps.append(min(pause, window - spent))
        spent += steps[-1]
        pause = min(pause * 1.5, 10.0)
    return steps


@dataclass(slots=True)
class Patience:
    """The pauses that are left for each row that has spoken: one kind of refusal does not use up another's window.

    Tries take time too: one that gets no answer a minute. More than twice its window no row is given.
    """

    clock: Clock
    _left: dict[Hashable, tuple[float, Iterator[float]]] = field(default_factory=dict)

    def pause(self, row: Hashable, window: float) -> float | None:
        """Seconds to sleep before the next try; `None` when the row's window is over."""
        began, left = self._left.setdefault(row, (self.clock.now(), iter(pauses(window))))
        return None if self.clock.now() - began > window * 2 else next(left, None)


def persist(
    send: Callable[[], T],
    clock: Clock,
    waiting: Callable[[str, float], None],
    fresh: Callable[[], bool] = lambda: True,
    passes: Callable[[MfinfraError], Row | None] | None = None,
) -> T:
    """Send until it is answered, within the windows of the rows that speak of what comes in between.

    `waiting` is told why and for how many seconds already; `fresh` says whether this run may have written what the call
    speaks of; `passes` finds the row that speaks of an error, by default in all tables. An error that is raised after
    an attempt that may have taken effect is `doubtful`.
    """
    began, patience, doubtful = clock.now(), Patience(clock), False
    while True:
        try:
            return send()
        except MfinfraError as error:
            if isinstance(error, AwsError):
                doubtful = error.doubtful = doubtful or error.doubtful
            doubtful = doubtful or isinstance(error, Unreachable)
            row = (passes or _row)(error)
            if row is None or (isinstance(row, NotYet) and row.own and doubtful):
                raise
            pause = patience.pause(row, row.patience(fresh=fresh()) if isinstance(row, NotYet) else row.window)
            if pause is None:
                raise
            waiting(row.why, clock.now() - began)
            if clock.sleep(pause):
                raise


def unless_done(error: MfinfraError) -> Row | None:
    """The row that speaks of an error after which it is sure that nothing was done."""
    unknown = isinstance(error, Unreachable) or (isinstance(error, AwsError) and error.status >= transport.BROKEN)
    return None if unknown else _row(error)


def _row(error: MfinfraError) -> Row | None:
    refusal = None
    if isinstance(error, AwsError):
        refusal = row_for(error.service, error.operation, error.aws_code, error.message)
    return refusal or troubles.trouble_of(error)
