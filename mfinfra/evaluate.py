"""Whether policies allow a request, decided as IAM decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    """What IAM decides, in the words of `SimulatePrincipalPolicy`."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource; `context` has condition keys as a request carries them, each with its values."""

    action: str
    resource: str = "*"
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


def decide(request: Request, policies: Sequence[Mapping[str, Any]]) -> Decision:
    """What the identity policies of a principal say of `request`."""
    raise NotImplementedError
