"""What each role of an environment, and its user, must be allowed for Metaflow to work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from mfinfra.evaluate import Request
from mfinfra.metaflow.calls import ROWS
from mfinfra.metaflow.parts import Parts
from mfinfra.model import Ref, fill

USER = "user"
"""Who runs Metaflow; every other role is a property of `Parts`."""


@dataclass(frozen=True, slots=True)
class Need:
    """One action that a role must be allowed, on an example of what it will really be on.

    `mode` is what it takes part in (`s3`, `batch`, `step-functions create`), `within` the pattern that `resource` is
    one of, `operations` the calls it is for (`s3:HeadObject`; none when a service asks by itself), `source` where that
    is written: a file of Metaflow's or a page of AWS's. A KMS key's ARN is a `Ref` until `filled`.
    """

    role: str
    mode: str
    action: str
    resource: str | Ref
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    why: str = ""
    source: str = ""
    operations: tuple[str, ...] = ()
    within: str | Ref = "*"

    @property
    def request(self) -> Request:
        """As IAM is asked."""
        return Request(self.action, str(self.resource), self.context)


def of(parts: Parts) -> tuple[Need, ...]:
    """Every need of an environment, validated or expanded; a role that `metaflow` does not name has none."""
    return tuple(
        Need(role, mode, row.action, one.resource, one.context, row.why, row.source, row.operations, one.within)
        for row in ROWS
        for role, mode in row.who
        if role == USER or getattr(parts, role) is not None
        for one in row.examples(parts)
    )


def filled(needs: Iterable[Need], known: Callable[[Ref], str | None]) -> tuple[Need, ...]:
    """The needs with the ARNs of keys that `known` answers."""
    return tuple(replace(need, resource=fill(need.resource, known), within=fill(need.within, known)) for need in needs)
