"""What kinds are put together from: parts, tags, and what a part is asked to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra.model import Call, Document, Effects, Observed, Ref, Resource, Spec


@dataclass(frozen=True, slots=True)
class Change:
    """What a part is asked to write.

    `want` and `have` hold every field; a field of `want` that is not managed has the value that AWS has. `fields` are
    those that differ. `observed` is `None` while the resource is being created.
    """

    resource: Resource
    want: Spec
    have: Spec
    fields: frozenset[str]
    observed: Observed | None = None

    def output(self, attribute: str) -> str | Ref:
        """The value of the resource's attribute: as observed, or as the create call will yield it."""
        if self.observed is not None and not self.observed.leaving:
            return self.observed.outputs[attribute]
        return self.resource.output(attribute)

    def fact(self, name: str) -> Any:
        """What AWS holds under that name beside the fields; `None` if it does not, or has still to be made."""
        return None if self.observed is None or self.observed.leaving else self.observed.facts.get(name)


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that AWS reads and writes together.

    `read` asks for them where the kind's own read does not hold them; `parse` turns that answer (`None`: none set)
    into the fields, and into facts under names that are no fields. `write` brings AWS from `have` to `want`; a part
    without it has only create-only fields.
    """

    fields: tuple[str, ...]
    write: Callable[[Change], Effects] | None = None
    read: Callable[[Resource], Call] | None = None
    parse: Callable[[Document | None, Resource], Spec] | None = None


@dataclass(frozen=True, slots=True)
class Tagging:
    """How tags are put on and taken off, and read where the kind's own read does not hold them.

    `put` adds or overwrites `tags`; `every` are all tags as they will be, for services that replace the whole set.
    `take` is told those that it takes off, and all that will be left.
    """

    put: Callable[[Resource, Observed, Mapping[str, str], Mapping[str, str]], Effects]
    take: Callable[[Resource, Observed, Mapping[str, str], Mapping[str, str]], Effects]
    read: Callable[[Resource], Call] | None = None
    parse: Callable[[Document | None], Mapping[str, str]] | None = None
