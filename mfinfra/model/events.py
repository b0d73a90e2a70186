"""What happens while a plan is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mfinfra.model.effects import Call
from mfinfra.model.steps import Action
from mfinfra.model.values import Address


@dataclass(frozen=True, slots=True)
class Started:
    """Work on a step begins."""

    address: Address
    action: Action


@dataclass(frozen=True, slots=True)
class Called:
    """AWS answered a writing call."""

    address: Address
    call: Call
    request_id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step waits; `why` is a sentence, `seconds` how long already."""

    address: Address
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """A step is carried out, and live state is as wished. `seconds` is how long it took."""

    address: Address
    action: Action
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A step failed; `error` is an `MfinfraError`, or the exception of a bug."""

    address: Address
    action: Action
    error: Exception


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step was not begun, because a step that it depends on failed or because the run was interrupted."""

    address: Address
    action: Action
    because: str


Event: TypeAlias = Started | Called | Waiting | Done | Failed | Skipped
