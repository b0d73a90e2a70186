"""Did you mean: the known names that are nearest to a word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# Comparing takes time that grows with the square of the length; no name of ours is longer. A hint is not worth
# waiting for in a file of thousands of resources.
LONGEST = 128
MOST = 400


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` was probably meant to be; `None` if none is near."""
    if len(word) > LONGEST:
        return None
    names = {_plain(name): name for name in sorted(known, reverse=True)}
    if len(names) > MOST:
        return None
    close = get_close_matches(_plain(word), names, n=1)
    return names[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint that names the nearest; `None` if none is near."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near is not None else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")
