"""Dropping all of moto's state, quickly.

moto's own reset builds every backend again before it forgets it, parses the 1,500 managed policies of IAM twice and
recomputes the list of regions: 1.2 s. Here the backends are forgotten, and made anew when they are asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from moto.core.base_backend import BackendDict, backend_lock
from moto.core.model_instances import reset_model_data
from moto.iam.models import IAMBackend

from mfinfra.sandbox.corrections import shelves
from mfinfra.sandbox.corrections.batch import running

HOLDING_RESOURCES: Final = frozenset({"s3", "batch"})
"""Services whose backends hold open files or running threads, which only their own reset lets go."""


def drop() -> None:
    """End what runs, and drop all state."""
    running.end_all()
    with backend_lock:
        for backends in list(vars(BackendDict)["_instances"]):  # moto has no other list of them
            for regional in list(backends.values()):
                if backends.service_name in HOLDING_RESOURCES:
                    regional.reset()
                regional.clear()
    reset_model_data()
    shelves.clear()


@cache
def _parsed(account: str, region: str) -> tuple[Any, ...]:
    backend = IAMBackend.__new__(IAMBackend)
    backend.account_id, backend.region_name = account, region
    return tuple(_parse(backend))


_parse = IAMBackend._init_aws_policies  # noqa: SLF001  the one place where moto reads them


def _init_aws_policies(self: Any) -> list[Any]:
    return [_copied(policy) for policy in _parsed(self.account_id, self.region_name)]


def _copied(policy: Any) -> Any:
    """What `copy.copy` makes, in a fraction of the time: moto's list of all its models is passed by."""
    made = object.__new__(type(policy))
    vars(made).update(vars(policy))
    return made


def install() -> None:
    """Parse IAM's managed policies once a process instead of at every reset."""
    backend: Any = IAMBackend
    backend._init_aws_policies = _init_aws_policies  # noqa: SLF001  the one place where moto reads them
