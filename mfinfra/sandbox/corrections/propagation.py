"""What has happened and is not seen everywhere yet, by what it is about: each look at it counts, and nothing else does.

Only a strict sandbox remembers any of it.
"""

from __future__ import annotations

from typing import Final

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.corrections.lag import Lag
from mfinfra.sandbox.corrections.shelves import shelf

ONE: Final = 1


def begin(what: str, *about: str, looks: int | None = None) -> None:
    """Let `looks` looks not see it, or as many as the sandbox is late by. A kind sandbox forgets it at once."""
    if lag.strict():
        shelf("propagating")[_key(what, *about)] = Lag(looks)


def pending(what: str, *about: str) -> bool:
    """Look once; whether this look does not see it yet."""
    found = shelf("propagating").get(_key(what, *about))
    if found is None:
        return False
    if found.passed():
        end(what, *about)
        return False
    return True


def end(what: str, *about: str) -> None:
    """Let it be seen from now on."""
    shelf("propagating").pop(_key(what, *about), None)


def _key(*parts: str) -> str:
    return "\n".join(parts)
