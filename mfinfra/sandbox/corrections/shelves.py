"""What corrections remember beside moto's own state, dropped with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_shelves: dict[tuple[str, str], dict[str, Any]] = {}
_closing: list[Callable[[], None]] = []


def shelf(name: str, region: str = "") -> dict[str, Any]:
    """The things remembered under `name` in `region`; the same dictionary until the next reset."""
    return _shelves.setdefault((name, region), {})


def at_clear(close: Callable[[], None]) -> None:
    """Let the next reset call `close`: what is remembered runs, and has to stop."""
    _closing.append(close)


def clear() -> None:
    """Stop what runs, and forget everything."""
    while _closing:
        _closing.pop()()
    _shelves.clear()
