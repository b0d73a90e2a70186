"""Tags between the list form that most services take and a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags in the list form that most services take, sorted by key."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def tag_map(rows: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags from their list form; those that AWS itself keeps (`aws:…`) stay, ownership is read off them."""
    return {row[key]: row.get(value, "") for row in rows or ()}
