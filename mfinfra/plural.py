"""Counted things in words."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 resource`, `2 resources`, `0 resources`."""
    return f"{count} {noun}{'s' if count != 1 else ''}"
