"""What the codes of a plan's findings are about, one sentence for each: tools that collect findings ask for it.

MF5001 something is destroyed     MF5002 something is replaced     MF5003 somebody changed live state
MF5735 something is given up
These are no guards and no warnings: a plan tells them of every such change, to whoever collects findings.
"""

from __future__ import annotations

from mfinfra import explain

DESTROYED, REPLACED, DRIFTED, FORGOTTEN = "MF5001", "MF5002", "MF5003", "MF5735"


def description(code: str) -> str:
    """What the code is about: the title of its page, or, of one from another version, what its family is about."""
    return explain.page(code).title if code in explain.codes() else explain.family(code)
