"""What corrections remember beside moto's own state, dropped with it."""

from __future__ import annotations

from typing import Any

_shelves: dict[tuple[str, str], dict[str, Any]] = {}


def shelf(name: str, region: str = "") -> dict[str, Any]:
    """The things remembered under `name` in `region`; the same dictionary until the next reset."""
    return _shelves.setdefault((name, region), {})


def clear() -> None:
    """Forget everything."""
    _shelves.clear()
