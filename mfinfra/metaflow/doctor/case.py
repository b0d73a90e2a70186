"""What a diagnosis goes by: the file, and what Batch says of its queues, environments and jobs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mfinfra.metaflow.doctor.reading import Rows
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.settings import settings
from mfinfra.model import Document, Environment, Scope

VALID = ("VALID", "UPDATING")


@dataclass(frozen=True, slots=True)
class Compute:
    """One managed compute environment, as Batch describes it."""

    row: Document

    @property
    def name(self) -> str:
        """Its name in AWS."""
        return str(self.row["computeEnvironmentName"])

    @property
    def resources(self) -> Document:
        """Its `computeResources`; an unmanaged one has none."""
        found: Document = self.row.get("computeResources") or {}
        return found

    @property
    def kind(self) -> str:
        """`EC2`, `SPOT`, `FARGATE` or `FARGATE_SPOT`; empty for an unmanaged one."""
        return str(self.resources.get("type", ""))

    @property
    def fargate(self) -> bool:
        """Whether it has no instances of its own."""
        return self.kind.startswith("FARGATE")

    @property
    def subnets(self) -> tuple[str, ...]:
        """The ids of its subnets."""
        return tuple(self.resources.get("subnets", ()))

    @property
    def groups(self) -> tuple[str, ...]:
        """The ids of its security groups; a launch template may name them instead."""
        return tuple(self.resources.get("securityGroupIds", ()))

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Types, families and `optimal`."""
        return tuple(self.resources.get("instanceTypes", ()))


@dataclass(slots=True)
class Case:
    """The file of one environment, and what was read of Batch; `now` is in seconds since the epoch.

    `queues` and `computes` are `None` while they are not read. `jobs` are those looked at, `job` the id of the one that
    was asked about.
    """

    environment: Environment
    now: float
    job: str | None = None
    queues: Rows = None
    rows: Rows = None
    jobs: Sequence[Document] = ()
    ways_out: dict[str, bool] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        """The facts of the file."""
        return Parts(self.environment)

    @property
    def scope(self) -> Scope:
        """Environment, account and region."""
        return self.environment.scope

    @property
    def computes(self) -> tuple[Compute, ...]:
        """The compute environments of the queues, in their order, then those of the file that no queue has."""
        rows = {row["computeEnvironmentArn"]: Compute(row) for row in self.rows or ()}
        ordered = [entry["computeEnvironment"] for queue in self.queues or () for entry in order(queue)]
        named = [arn for arn, one in rows.items() if any(one.name == name for name in self.names)]
        return tuple(rows[arn] for arn in dict.fromkeys([*ordered, *named]) if arn in rows)

    @property
    def managed(self) -> tuple[Compute, ...]:
        """Those whose network and instances Batch makes."""
        return tuple(one for one in self.computes if one.kind)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the file's compute environments, as it writes them."""
        found = (item.spec.get("name") for item in self.environment.resources.values() if item.kind == KIND)
        return tuple(name for name in found if isinstance(name, str))

    @property
    def settings(self) -> dict[str, str]:
        """Metaflow's configuration, as far as the file tells it."""
        return settings(self.environment)

    def stands(self, name: str) -> bool:
        """Whether AWS has the environment that the file calls `name`, or the one that took its place."""
        successor = re.compile(rf"{re.escape(name[:119])}-[0-9a-f]{{8}}")
        there = [row["computeEnvironmentName"] for row in self.rows or ()]
        return any(each == name or successor.fullmatch(each) for each in there)

    def setting(self, *keys: str) -> str | None:
        """The first of these settings that has a value."""
        found: dict[str, Any] = self.settings
        return next((str(found[key]) for key in keys if found.get(key)), None)


KIND = "compute_environment"


def order(queue: Document) -> list[Document]:
    """The environments of a queue, first choice first."""
    return sorted(queue.get("computeEnvironmentOrder", ()), key=lambda entry: int(entry.get("order", 0)))
