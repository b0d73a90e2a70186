"""What is wished, and what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra.model.values import Address, Mark, Outputs, Ref, Scope, Spec


@dataclass(frozen=True, slots=True)
class Resource:
    """What we want at one address, and where that is written.

    `spec` holds every property of the kind's schema. `tags` are all tags that we put on it, ownership included.
    `leftover` marks one that the file no longer holds: its `spec` has its identity only.
    """

    address: Address
    spec: Spec
    scope: Scope
    tags: Mapping[str, str] = field(default_factory=dict)
    depends_on: frozenset[Address] = frozenset()
    protect: bool = False
    adopt: bool = False
    mark: Mark | None = None
    leftover: bool = False

    @property
    def kind(self) -> str:
        """The kind's name, as in the address."""
        return self.address.kind

    def output(self, attribute: str) -> Ref:
        """The value of one of this resource's own attributes, known once AWS has made it."""
        return Ref(self.address, attribute)


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there.

    `spec` has the same fields as the desired one, in AWS's canonical form, as far as they were asked for. `outputs` are
    the attributes that others may refer to. `settled` is false while AWS is still changing it, `leaving` is true while
    AWS is deleting it, `broken` when it stands and cannot be used. `scheduled` is true when AWS deletes it on a day to
    come: who wants it gone has nothing left to do, who wants it can have it back. `warnings` are sentences about its
    health. `facts` are settings that are no fields: a write that replaces a whole document must carry them along.
    `released`: the CloudFormation stack that its tags name has let go of it; they stay for ever, and mean nothing more.
    """

    spec: Spec
    outputs: Outputs
    tags: Mapping[str, str]
    physical_id: str
    settled: bool = True
    leaving: bool = False
    broken: bool = False
    scheduled: bool = False
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    released: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What runs on a resource: `jobs` maps each queue that has any to how many are in which status.

    `spared`: the step lets them go on. `users` are the ARNs of those that send their work to the resource.
    """

    jobs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    spared: bool = False
    users: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many jobs there are in all."""
        return sum(sum(statuses.values()) for statuses in self.jobs.values())


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach AWS: `profile` and `assume_role` as the file has them; `endpoint` is `None`, `sandbox` or a URL."""

    profile: str | None = None
    assume_role: Mapping[str, str] | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The file that an environment was read from: its path as given, and the SHA-256 of all the bytes read.

    `files` are it and all that it extends.
    """

    path: str
    sha256: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """A whole environment file, validated and resolved.

    `resources` are those that shall be there, `disabled` those with `enabled: false`. `metaflow` is that block with its
    text references resolved; the addresses in it stay addresses.
    """

    scope: Scope
    resources: Mapping[Address, Resource]
    disabled: Mapping[Address, Resource]
    metaflow: Mapping[str, Any]
    access: Access
    source: Source
    lock: str | None = None
