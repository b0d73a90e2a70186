"""What is exported: of each resource what is live, and where the file wishes something else, that. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from mfinfra import catalogue
from mfinfra.errors import Refused, UserError
from mfinfra.exporting import links
from mfinfra.model import Action, Address, FieldChange, Observed, Outputs, Ref, Scope, Spec
from mfinfra.planning.plan import Plan, Planned
from mfinfra.plural import counted

MISSING = "MF5750"
FOREIGN = "MF4102"
NOT_COPIED = ("mfinfra:", "aws:")
LATE = "role"
"""Its policies name all the others: they may be referred to where it is written after them."""
NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Subject:
    """One resource as it is to be written.

    `spec` has every field that is known; what names another resource of the file is a `Ref` or a `Template`. `free` are
    the fields that the file leaves as AWS has them. `tags` are all that are on it or shall be, but mfinfra's and AWS's
    own. `facts` are live settings that are no fields. `wish` is what the file says, in AWS's canonical form.
    """

    address: Address
    spec: Spec
    scope: Scope
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Outputs = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    free: frozenset[str] = frozenset()
    wish: Spec = field(default_factory=dict)
    protect: bool = False

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.address.kind

    def own(self, attribute: str) -> Ref:
        """A reference to the resource itself, for what stands beside it."""
        return Ref(self.address, attribute)

    def fields(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The values of fields under other names (name there → field); what says nothing is left out."""
        return {there: self.spec[name] for there, name in names.items() if self.says(name)}

    def says(self, name: str) -> bool:
        """Whether a field has a value that is not empty."""
        return self.spec.get(name) not in NOTHING


def silent(subject: Subject) -> tuple[str, ...]:  # noqa: ARG001 - what most kinds have to say of any subject
    """Nothing to say."""
    return ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """All that is exported: each subject after those that it refers to; `texts` are what references stand for.

    `differing` are the fields in which AWS is not as the file wishes, `left_out` what is there and not in the file at
    `path`. `endpoint` is where it is, if that is not AWS.
    """

    scope: Scope
    path: str
    subjects: tuple[Subject, ...]
    texts: Mapping[Ref, str]
    differing: Mapping[Address, tuple[str, ...]]
    left_out: tuple[Address, ...] = ()
    endpoint: str = ""


def of(plan: Plan) -> Chosen:
    """What `plan` found; raises `UserError` for what does not stand, `Refused` for what is somebody else's."""
    standing = {one.step.address: one for one in plan.planned if one.step.action is not Action.DELETE}
    _refuse_missing(standing.values(), plan.environment.source.path)
    _refuse_foreign(standing.values())
    known, found = links.Known(), []
    for address in _ordered(standing):
        subject = _subject(standing[address], known)
        found.append(subject)
        known.add(address, subject.outputs)
    changes = {address: tuple(_differing(one.step.changes)) for address, one in standing.items()}
    return Chosen(
        plan.environment.scope,
        plan.environment.source.path,
        tuple(found),
        known.texts,
        {address: names for address, names in changes.items() if names},
        tuple(sorted(one.step.address for one in plan.planned if one.step.action is Action.DELETE)),
        plan.environment.access.endpoint or "",
    )


def _refuse_missing(planned: Iterable[Planned], path: str) -> None:
    lacking = [one.step.address for one in planned if one.observed is None or one.step.action is Action.CREATE]
    if lacking:
        named = ", ".join(f"`{address}`" for address in lacking)
        raise UserError(
            f"{counted(len(lacking), 'resource')} of the file cannot be exported, as AWS has none yet: {named}",
            hint=f"`mfinfra apply {path}` first, or write `enabled: false` at what shall not be there",
            code=MISSING,
        )


def _refuse_foreign(planned: Iterable[Planned]) -> None:
    for one in planned:
        for block in one.step.blocks:
            if block.code == FOREIGN:
                raise Refused(
                    f"`{one.step.address}` is not this environment's to hand over: {block.message}",
                    hint=block.hint,
                    code=block.code,
                )


def _ordered(standing: Mapping[Address, Planned]) -> Iterator[Address]:
    """Every address after those that it depends on; roles as late as that allows."""
    sorter = TopologicalSorter(
        {address: one.resource.depends_on & standing.keys() for address, one in standing.items()}
    )
    sorter.prepare()
    ready: list[tuple[bool, Address]] = []
    while sorter.is_active():
        for address in sorter.get_ready():
            heapq.heappush(ready, (address.kind == LATE, address))
        _, first = heapq.heappop(ready)
        yield first
        sorter.done(first)


def _subject(one: Planned, known: links.Known) -> Subject:
    resource, observed = one.resource, one.observed
    if observed is None:
        raise AssertionError(f"`{one.step.address}` does not stand")
    wish, changed = catalogue.driver(resource.kind).wish(resource), set(_differing(one.step.changes))
    spec = {**resource.spec, **observed.spec, **{name: wish[name] for name in changed & wish.keys()}}
    return Subject(
        one.step.address,
        known.linked(resource.kind, spec),
        resource.scope,
        _tags(observed, resource.tags),
        observed.outputs,
        observed.facts,
        frozenset(name for name, value in resource.spec.items() if value is None and spec[name] not in NOTHING),
        wish,
        resource.protect,
    )


def _tags(observed: Observed, wished: Mapping[str, str]) -> dict[str, str]:
    """Those of others too: what is left out here, the next owner would take away."""
    every = {**observed.tags, **wished}
    return {key: value for key, value in sorted(every.items()) if not key.startswith(NOT_COPIED)}


def _differing(changes: Iterable[FieldChange]) -> Iterator[str]:
    """The fields that an apply would change; our own tags are no matter of the next owner."""
    for change in changes:
        own = change.path[0] == "tags" and str(change.path[-1]).startswith(NOT_COPIED)
        if not own:
            yield str(change.path[0])
