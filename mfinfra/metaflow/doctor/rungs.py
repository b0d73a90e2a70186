"""One rung of the error ladder."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rung:
    """A text and what it means.

    `pattern` is looked for in a whole log; `subject` is the key of Metaflow's, or the action, that is the cause. Named
    groups of the pattern may stand in `subject`, `message` and `fix`. `source` is the file of Metaflow's that holds the
    text, below its package; empty for texts of others.
    """

    code: str
    pattern: re.Pattern[str]
    subject: str
    message: str
    fix: str
    source: str = ""


def write(line: str) -> str:
    """The fix that is a line of the environment file, and takes effect with the next configuration."""
    return f"write `metaflow: {line}`, then `mfinfra config FILE --write`"
