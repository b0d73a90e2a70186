"""What a scenario of an anti-pattern is, and how the wrong code of one is put in place of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from stack import Stack

from mfinfra import catalogue
from mfinfra.model import Failed
from mfinfra.sandbox.corrections import wire
from mfinfra.sandbox.faults import Fault, Script
from mfinfra.sandbox.network import PRIVATE_SUBNETS

ACCOUNT = "arn:aws:iam::123456789012"
INSTANCES = {
    "type": "EC2",
    "max_vcpus": 16,
    "instance_types": ["m5.large", "c5.large", "r5.large"],
    "instance_role": "role.instance",
    "subnets": [*PRIVATE_SUBNETS],
    "security_groups": ["security_group.b", "security_group.a"],
}
OK = 200
Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The anti-pattern in a few lines, and the words of the failure (a pattern) by which the scenario catches it."""

    patch: Patch
    caught: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """What code with the anti-pattern does badly: `number` counts the anti-patterns, `says` what each is.

    `run` fails with `AssertionError` where anything is not as it should be. `defect` is what our own code lacks still.
    """

    number: int
    says: str
    run: Callable[[Stack], None]
    wrong: Mapping[str, Wrong]
    strict: bool = False
    defect: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.run.__name__}"


def driver(monkeypatch: pytest.MonkeyPatch, kind: str, **changes: Any) -> None:
    """Put other functions into a kind."""
    real = catalogue.driver
    wrong = replace(real(kind), **changes)
    monkeypatch.setattr(catalogue, "driver", lambda name: wrong if name == kind else real(name))


def part(monkeypatch: pytest.MonkeyPatch, kind: str, field: str, **changes: Any) -> None:
    """Put other functions into the part of a kind that has `field`."""
    parts = catalogue.driver(kind).parts
    driver(monkeypatch, kind, parts=tuple(replace(one, **changes) if field in one.fields else one for one in parts))


def answered(change: Callable[[Any], Any]) -> Fault:
    """Carried out, and answered with what `change` makes of the answer."""

    def act(request, carry_out):
        reply = carry_out()
        return reply if reply.status != OK else _reply(request, change(_said(request, reply)))

    return Fault("answered", act)


def instead(said: Any) -> Fault:
    """Not carried out, and answered with `said` and 200."""
    return Fault("instead", lambda request, _carry_out: _reply(request, said))


def watched(stack: Stack, *parts: Any) -> Script:
    """A script that is in force from now on, whose log holds every request."""
    stack.server.faults = script = Script(*parts)
    return script


def texts(script: Script, operation: str) -> list[str]:
    """What was said in each request for `operation`."""
    return [event.request.text for event in script.log if event.name == operation]


def failures(reviewed: Any) -> dict[str, Exception]:
    """Carry a plan out; what failed, by address."""
    return {str(event.address): event.error for event in reviewed.apply().events() if isinstance(event, Failed)}


def _said(request: Any, reply: wire.Reply) -> Any:
    return wire.answer(request.service, request.operation, reply)


def _reply(request: Any, said: Any) -> wire.Reply:
    known = wire.Recognised(request.service, request.operation, request.protocol, {})
    return wire.reply(known, said)
