"""The calls that are written out in the package, as `Call("service", "Operation", …)`."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import Path

import mfinfra

PACKAGE = Path(mfinfra.__file__).parent


def pairs(makers: Collection[str] = ("Call",), *, without: Collection[str] = ()) -> set[tuple[str, str]]:
    """Service and operation of each call that one of `makers` is told, outside of the folders `without`."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        if set(without) & {*path.relative_to(PACKAGE).parts} or not any(f"{maker}(" in text for maker in makers):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in makers:
                values = [item.value if isinstance(item, ast.Constant) else None for item in node.args[:2]]
                if len(values) == 2 and all(isinstance(value, str) for value in values):
                    found.add((values[0], values[1]))
    return found
