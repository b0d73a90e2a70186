"""What AWS does late, counted in looks: a new role that others do not know yet, a deletion that still shows.

A sandbox that is not strict is never late. How often a thing is looked at until it is as it should be is a number and
no time, so that a test sees the same each time.
"""

from __future__ import annotations

from typing import Final

STRICT: Final = 3
"""The looks of a strict sandbox that nobody told another number."""

_looks = 0


def looks() -> int:
    """How many looks see the world as it was; 0 where the sandbox is not strict."""
    return _looks


def strict() -> bool:
    """Whether the sandbox is as late and as severe as AWS."""
    return _looks > 0


def late_by(looks: int) -> None:
    """Let everything that happens from now on be seen after `looks` looks; 0 is at once."""
    global _looks  # noqa: PLW0603  one setting of one process, as moto's state is
    _looks = looks


class Lag:
    """Something that has happened and is not seen yet."""

    def __init__(self, looks: int | None = None) -> None:
        self._left = _looks if looks is None else looks

    def passed(self) -> bool:
        """Look once; whether it is seen by now."""
        self._left -= 1
        return self._left < 0

    @property
    def over(self) -> bool:
        """Whether the next look sees it; this one does not count."""
        return self._left <= 0


class Late:
    """Something that each onlooker sees late, however often the others have looked."""

    def __init__(self, looks: int | None = None) -> None:
        self._looks = _looks if looks is None else looks
        self._lags: dict[str, Lag] = {}

    def seen_by(self, onlooker: str) -> bool:
        """Look once as `onlooker`; whether it sees the thing by now."""
        return self._lags.setdefault(onlooker, Lag(self._looks)).passed()
