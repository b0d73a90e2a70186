"""What is asked of IAM, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class UnjudgedError(ValueError):
    """A policy has something for which no rule is known here: what IAM would decide is not guessed."""


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

    def values(self, key: str) -> Sequence[str] | None:
        """The values of a condition key, whose name has no case; `None` if the request does not carry it.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
        """
        wanted = key.lower()
        return next((values for name, values in self.context.items() if name.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as a policy of a resource names it: `Caller("Service", "states.amazonaws.com")`, `Caller("AWS", ARN)`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """

    kind: str
    name: str
