"""What the codes of a plan's findings are about, one sentence for each: tools that collect findings ask for it.

MF5001 something is destroyed     MF5002 something is replaced     MF5003 somebody changed live state
These three are no guards and no warnings: a plan tells them of every such change, to whoever collects findings.
"""

from __future__ import annotations

from collections.abc import Mapping

from mfinfra.document.codes import MEANINGS

DESTROYED, REPLACED, DRIFTED = "MF5001", "MF5002", "MF5003"
PLANNED: Mapping[str, str] = {
    DESTROYED: "The plan destroys a resource",
    REPLACED: "The plan replaces a resource: the old one is destroyed",
    DRIFTED: "Live state is not what the last apply left: something else changed it",
}
FAMILIES: Mapping[str, str] = {
    "MF1": "The environment file is not right",
    "MF20": "AWS says that a resource is not healthy",
    "MF2": "What the environment file asks for has a pitfall",
    "MF3": "AWS refused, or what it shows is not what was asked for",
    "MF4": "A guard stops the plan: what it would do takes a decision of somebody",
}
UNKNOWN = "A finding of mfinfra"


def description(code: str) -> str:
    """What the code is about; of one that has no sentence of its own, what its family is about."""
    family = max((prefix for prefix in FAMILIES if code.startswith(prefix)), key=len, default="")
    return PLANNED.get(code) or MEANINGS.get(code) or FAMILIES.get(family, UNKNOWN)
