"""Planned effects on resources, and the protocol of the drivers that propose them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from mfinfra.model.effects import Call, Census, Drain, Effects, Settle
from mfinfra.model.resources import Observed, Resource, Work
from mfinfra.model.sends import Sends
from mfinfra.model.values import Address, Document, Spec


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `before` or `after` is `None` where there is none."""

    path: tuple[str | int, ...]
    before: Any
    after: Any
    replaces: bool = False


class Action(StrEnum):
    """What a step does to its resource; the value is what people read."""

    NOOP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    ADOPT = "adopt"
    ADOPT_UPDATE = "adopt and update"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Block:
    """A guard that stops a step, or a whole plan: a code, a sentence, and what lifts it.

    `flag` is the flag of `apply` that lifts it by itself, with its argument; empty where no flag does.
    """

    code: str
    message: str
    hint: str
    flag: str = ""
    argument: str = ""

    @property
    def lifted_by(self) -> str | None:
        """`--allow-destroy bucket.data`, as it is written on the command line; `None` where no flag lifts it."""
        return f"{self.flag} {self.argument}".rstrip() or None


@dataclass(frozen=True, slots=True)
class Step:
    """A planned effect on one resource: a value, not an act.

    `effects` run in order. `retire` runs after every step that depends on this one is done: it deletes what the step
    replaced, where the new one can stand beside the old. `because` is for people only, `blocks` are the guards that
    stop the step. `postponed` names fields that this step only prepares: AWS makes a later run finish them, so they
    still differ when it is done. `ripens` is how many seconds AWS needs, after the effects, until other services see
    the result. `outputs` are the attributes that are known before the step is carried out although nothing shows them
    yet: others refer to them in the same plan. `behind` are steps that come first although it needs nothing of them.
    """

    address: Address
    action: Action
    changes: tuple[FieldChange, ...] = ()
    effects: Effects = ()
    retire: Effects = ()
    because: str = ""
    blocks: tuple[Block, ...] = ()
    postponed: tuple[str, ...] = ()
    ripens: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)
    behind: frozenset[Address] = frozenset()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The writing calls, in order."""
        return tuple(
            effect.call if isinstance(effect, Drain) else effect
            for effect in (*self.effects, *self.retire)
            if not isinstance(effect, Settle)
        )


Questions: TypeAlias = tuple[Call, ...]
Answers: TypeAlias = tuple[Document | None, ...]
Asking: TypeAlias = Generator[Questions, Answers, Any]
"""Questions in rounds: each yields what can go out at once, is sent the answers, and the last one ends in a result."""


WorkOf: TypeAlias = Callable[[Step, Observed], Generator[Questions, Answers, Work] | None]


class Driver(Protocol):
    """What a kind knows of AWS: its verbs and no client. A driver is a module's `DRIVER`."""

    @property
    def kind(self) -> str:
        """The kind's name."""
        ...

    @property
    def held(self) -> bool:
        """Whether AWS deletes none while another resource refers to it."""
        ...

    @property
    def whole(self) -> bool:
        """Whether its writes put whole documents, in which others have their part: they go by what is there then."""
        ...

    @property
    def census(self) -> Census | None:
        """How to find leftovers that the tagging service does not list."""
        ...

    @property
    def sends(self) -> Sends:
        """Every operation that it may send, and what each reaches."""
        ...

    def serving(self, resource: Resource, users: tuple[Resource, ...]) -> Resource:
        """The resource with all that those that refer to it need of it; pure, and twice is once."""
        ...

    def wish(self, resource: Resource) -> Spec:
        """The managed fields that AWS holds, in AWS's canonical form; pure."""
        ...

    def observe(self, resource: Resource) -> Generator[Questions, Answers, Observed | None]:
        """Ask in rounds: each yields questions that can go out at once, and is sent their answers."""
        ...

    def step(self, resource: Resource, observed: Observed | None) -> Step:
        """The step from `observed` to `resource`; pure."""
        ...

    def teardown(self, resource: Resource, observed: Observed) -> Step:
        """The step that deletes it; pure."""
        ...

    def replacement(self, resource: Resource, observed: Observed) -> Step:
        """The step that deletes it and makes it anew in its place, whatever differs; pure."""
        ...

    def tagged(self, observed: Observed) -> tuple[Mapping[str, str], ...]:
        """The tags of each thing that carries ours for it, the resource itself first; pure."""
        ...

    def forgetting(self, resource: Resource, observed: Observed, off: Sequence[Mapping[str, str]]) -> Step:
        """The step that takes tags off, of each of what is `tagged` those in `off`, and writes nothing else; pure."""
        ...

    def bound(self, resource: Resource, observed: Observed) -> Resource:
        """The resource under the identity that it goes by in AWS, which a replacement may have changed; pure."""
        ...

    def successor(self, resource: Resource, observed: Observed) -> Resource | None:
        """The resource under the identity that it takes to stand beside what it replaces; pure.

        `None` for a kind that is replaced in its place: deleted, and made anew.
        """
        ...

    @property
    def work(self) -> WorkOf:
        """The questions after the work that a step would stop on what was observed; `None` where it stops none."""
        ...

    def locate(self, arn: str) -> Spec | None:
        """The identity fields of the resource with this ARN; `None` if it is of another kind."""
        ...
