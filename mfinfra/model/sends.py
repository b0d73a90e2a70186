"""What a kind may send to AWS, so that permissions can be given before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sends:
    """The operations of a kind, as `service:Operation`, by what they are for, and what they reach.

    `on` are the ARNs that they reach, with `${self.field}`, `${region}` … in them; without it the attribute `arn`.
    `forgets` take our tags off and leave the rest.
    `tagged`: AWS invents the id, so that only the tags in it say which one is ours. `elsewhere` has the IAM actions
    that reach other ARNs instead, `beside` those that take along what stands in fields, or other ARNs. `only` has
    those that are of no use where a field is empty, false or not managed.
    """

    reads: tuple[str, ...]
    makes: tuple[str, ...]
    changes: tuple[str, ...]
    deletes: tuple[str, ...]
    forgets: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    tagged: bool = False
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> tuple[str, ...]:
        """Every operation that is no reading one."""
        return (*self.makes, *self.changes, *self.deletes, *self.forgets)
