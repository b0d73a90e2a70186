"""What moto answers differently from AWS, put right: one module per service, one function per difference.

A correction stands between the client and moto at moto's HTTP border. It is handed the operation's parameters and a
`forward` that asks moto, and returns the operation's answer, both as botocore's model writes them. So a correction can
be taken out alone, and a release of moto that answers as AWS does makes it do nothing: run the tests with
`SANDBOX_WITHOUT=<name>`, and if they pass, the correction can go. They were found with moto 5.2.5.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.corrections.call import Answer, Call, Forward

SERVICES: Final = (
    "batch",
    "cloudformation",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "events",
    "iam",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "stepfunctions",
    "tagging",
)
"""The modules of this package that have corrections."""


Act = Callable[[Call, Forward], Answer]


@dataclass(frozen=True, slots=True)
class Correction:
    """One difference between moto and AWS: what it `restores`, and the page of AWS that says so."""

    name: str
    service: str
    operations: tuple[str, ...]
    restores: str
    aws: str
    act: Act
    strict: bool = False
    """Whether only a strict sandbox does this."""


_registered: dict[str, Correction] = {}
_by_operation: dict[tuple[str, str], tuple[Act, ...]] = {}
_strictly: dict[tuple[str, str], tuple[Act, ...]] = {}


def correction(service: str, *operations: str, restores: str, aws: str, strict: bool = False) -> Callable[[Act], Act]:
    """Register the decorated function as a correction of `operations`; the first registered stands outermost.

    Those of a strict sandbox stand around all others, and in one that is kind nowhere.
    """

    def register(act: Act) -> Act:
        name = f"{service}.{act.__name__}"
        assert name not in _registered, f"two corrections are called {name}"
        _registered[name] = Correction(name, service, operations, restores, aws, act, strict)
        if name in os.environ.get("SANDBOX_WITHOUT", "").split(","):
            return act
        registry = _strictly if strict else _by_operation
        for operation in operations:
            key = (service, operation)
            registry[key] = (*registry.get(key, ()), act)
        return act

    return register


def corrections() -> tuple[Correction, ...]:
    """Every correction there is, by name."""
    _load()
    return tuple(_registered[name] for name in sorted(_registered))


def corrected(service: str, operation: str) -> tuple[Act, ...]:
    """The corrections of one operation, outermost first."""
    _load()
    strictly = _strictly.get((service, operation), ()) if lag.strict() else ()
    return (*strictly, *_by_operation.get((service, operation), ()))


def apply(acts: tuple[Act, ...], call: Call, ask_moto: Callable[[], dict[str, Any]]) -> Answer:
    """Run `call` through `acts`, and through moto where they forward it."""
    if not acts:
        return ask_moto()
    return acts[0](call, lambda: apply(acts[1:], call, ask_moto))


def _load() -> None:
    for service in SERVICES:
        import_module(f"{__name__}.{service}")
