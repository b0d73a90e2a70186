"""What both targets say of a repository, which the file says in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MODES = {"except": "IMMUTABLE_WITH_EXCLUSION", "only": "MUTABLE_WITH_EXCLUSION"}


def mutability(value: bool | Mapping[str, Any]) -> tuple[str, list[str]]:
    """Whether tags stay with their images, in ECR's word, and the patterns of those that are excepted."""
    if not isinstance(value, Mapping):
        return ("IMMUTABLE" if value else "MUTABLE"), []
    ((word, patterns),) = value.items()
    return MODES[word], sorted(patterns)
