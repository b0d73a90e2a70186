"""The colours of the sorts of action where a renderer names its own, on light and on dark ground.

Every ink has a contrast of at least 4.5 : 1 on its tint and on the ground (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mfinfra.render.looks import Look


@dataclass(frozen=True, slots=True)
class Colour:
    """What text and lines are drawn in, and what is behind them."""

    ink: str
    tint: str


GROUND = Colour("#1f2328", "#ffffff")
DARK_GROUND = Colour("#e6edf3", "#0d1117")
LIGHT: Mapping[str, Colour] = {
    "green": Colour("#116329", "#dafbe1"),
    "yellow": Colour("#7d4e00", "#fff8c5"),
    "red": Colour("#a40e26", "#ffebe9"),
    "cyan": Colour("#0b5c6b", "#d8f3f7"),
    "magenta": Colour("#6639ba", "#fbefff"),
    "plain": Colour("#57606a", "#f6f8fa"),
}
DARK: Mapping[str, Colour] = {
    "green": Colour("#56d364", "#12261e"),
    "yellow": Colour("#e3b341", "#2b2311"),
    "red": Colour("#ff7b72", "#2d1618"),
    "cyan": Colour("#56d4dd", "#0e2a2e"),
    "magenta": Colour("#d2a8ff", "#271d3a"),
    "plain": Colour("#9198a1", "#161b22"),
}


def name(look: Look) -> str:
    """The name of the colour that a sort of action has."""
    return look.style or "plain"
