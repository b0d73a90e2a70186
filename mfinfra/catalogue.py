"""The kinds: a driver and a schema each, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from mfinfra import drivers
from mfinfra.model import Driver


@cache
def kinds() -> tuple[str, ...]:
    """Every kind that has a driver, sorted."""
    return tuple(
        sorted(found.name for found in pkgutil.iter_modules(drivers.__path__) if not found.name.startswith("_"))
    )


@cache
def driver(kind: str) -> Driver:
    """The driver of `kind`; raises `KeyError` if there is none."""
    if kind not in kinds():
        raise KeyError(kind)
    found: Driver = importlib.import_module(f"{drivers.__name__}.{kind}").DRIVER
    return found
