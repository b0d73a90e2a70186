"""The plan: what is wished, compared with what is there, as steps in the order in which they will run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import (
    Action,
    Address,
    Block,
    Environment,
    FieldChange,
    Observed,
    Ref,
    Resource,
    Step,
    fill,
)
from mfinfra.observe import Leftover, Survey
from mfinfra.planning import gate, order


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line and shapes the plan. `adopt` may hold the text `all`."""

    destroy: bool = False
    adopt: frozenset[str] = frozenset()
    target: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """A step, the resource it brings about (references filled as far as they are known), and what was found.

    `retired` is what the step replaces under another identity. `stands`: what was observed is there all through the
    run, so that its outputs are known.
    """

    step: Step
    resource: Resource
    observed: Observed | None
    retired: Leftover | None = None
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they run: what is made and changed first, then what is deleted.

    `guards` stop the plan as a whole; `omitted` names what a selection left out although there is work in it.
    """

    environment: Environment
    planned: tuple[Planned, ...]
    survey: Survey
    options: Options = field(default_factory=Options)
    guards: tuple[Block, ...] = ()
    omitted: tuple[Address, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing with work in it was left out by a selection."""
        return not self.omitted

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps alone."""
        return tuple(planned.step for planned in self.planned)

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return any(step.action is not Action.NOOP for step in self.steps)

    @property
    def work(self) -> bool:
        """Whether there is anything to carry out, if only to wait for what AWS has not finished."""
        return any(step.effects or step.action is not Action.NOOP for step in self.steps)

    @property
    def blocks(self) -> tuple[tuple[Address | None, Block], ...]:
        """Every guard that stands in the way, with the address of its step; `None` for the whole plan's."""
        steps = tuple((step.address, block) for step in self.steps for block in step.blocks)
        return (*((None, block) for block in self.guards), *steps)

    def lifted(self, allowed: gate.Allowed) -> Plan:
        """The same plan without the guards that `allowed` lifts."""

        def left(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
            return tuple(block for block in blocks if not allowed.lifts(block))

        planned = tuple(replace(one, step=replace(one.step, blocks=left(one.step.blocks))) for one in self.planned)
        return replace(self, planned=planned, guards=left(self.guards))


def make(environment: Environment, survey: Survey, options: Options | None = None) -> Plan:
    """Compare `environment` with what `survey` found."""
    options = options or Options()
    if options.destroy:
        return Plan(environment, _teardowns(_everything(environment, survey), options, environment), survey, options)
    leftovers = {leftover.resource.address: leftover for leftover in _apart(_seconds_renamed(environment, survey))}
    known: dict[Address, Mapping[str, str]] = {}
    made = []
    for address in order.creation_order(environment.resources):
        resource = environment.resources[address]
        planned = _bring_about(resource, survey.observed[address], leftovers.pop(address, None), known, options)
        step = gate.use_of(planned.step, resource, _users(environment, address))
        planned = replace(planned, step=step)
        made.append(planned)
        if planned.observed and planned.stands:
            known[address] = planned.observed.outputs
    going = [*_disabled(environment, survey), *leftovers.values()]
    return Plan(environment, (*made, *_teardowns(going, options, environment)), survey, options)


def filled(resource: Resource, known: Mapping[Address, Mapping[str, str]]) -> Resource:
    """`resource` with its references filled from the `known` outputs."""

    def lookup(ref: Ref) -> str | None:
        return known.get(ref.address, {}).get(ref.attribute)

    return replace(resource, spec=fill(resource.spec, lookup))


def _bring_about(
    resource: Resource,
    observed: Observed | None,
    old: Leftover | None,
    known: Mapping[Address, Mapping[str, str]],
    options: Options,
) -> Planned:
    resource = filled(resource, known)
    step = catalogue.driver(resource.kind).step(resource, observed)
    stands = observed is not None and not observed.leaving and step.action is not Action.REPLACE
    if observed is not None and not observed.leaving:
        step = gate.ownership_of(step, resource, observed, options.adopt)
    if old is not None:
        step = _renamed(step, resource, old)
    step = gate.protection_of(step, resource)
    return Planned(step, resource, observed, old, stands)


def _renamed(step: Step, resource: Resource, old: Leftover) -> Step:
    """A step whose resource stands under another identity too: the old one goes once everything has moved over."""
    names = schemas.traits(resource.kind).create_only
    was, wished = old.observed.spec, catalogue.driver(resource.kind).step(resource, None)
    moved = tuple(
        FieldChange(change.path, was.get(str(change.path[0])), change.after, replaces=change.path[0] in names)
        for change in wished.changes
        if was.get(str(change.path[0])) not in (None, change.after)
    )
    teardown = catalogue.driver(resource.kind).teardown(
        replace(old.resource, spec=_with_local(old, resource)), old.observed
    )
    return replace(
        step,
        action=Action.REPLACE,
        changes=moved or step.changes,
        retire=teardown.effects,
        because=step.because or "it has another identity now; the old one is deleted once nothing needs it",
    )


def _with_local(old: Leftover, resource: Resource) -> Mapping[str, object]:
    """The old identity, with the file's word on how to delete (`force_destroy` and its like)."""
    return {**resource.spec, **{name: value for name, value in old.resource.spec.items() if value is not None}}


def _disabled(environment: Environment, survey: Survey) -> list[Leftover]:
    """What the file says shall not be there, and is."""
    return [
        Leftover(resource, observed)
        for address, resource in environment.disabled.items()
        if (observed := survey.observed.get(address)) is not None
        and ownership.read(observed.tags, environment.scope).standing is ownership.Standing.OURS
    ]


def _everything(environment: Environment, survey: Survey) -> list[Leftover]:
    """All that this environment owns, whether the file still speaks of it or not."""
    declared = [
        Leftover(resource, observed)
        for address, resource in environment.resources.items()
        if (observed := survey.observed.get(address)) is not None
        and ownership.read(observed.tags, environment.scope).standing is ownership.Standing.OURS
    ]
    return [*declared, *_disabled(environment, survey), *survey.leftovers]


def _users(environment: Environment, address: Address) -> tuple[Address, ...]:
    """What refers to the resource at `address`."""
    return tuple(sorted(user for user, resource in environment.resources.items() if address in resource.depends_on))


def _seconds_renamed(environment: Environment, survey: Survey) -> list[Leftover]:
    """The leftovers; one whose address is taken by a resource that stands and is ours goes by AWS's own name for it.

    It is what a replacement that was cut short has left, or somebody's copy of the tags: nothing replaces it.
    """

    def apart(item: Leftover) -> Leftover:
        whole = item.observed.physical_id
        named = Address(item.resource.kind, whole.replace(":", "/").rpartition("/")[2])
        address = Address(named.kind, whole) if named in environment.resources else named
        return replace(item, resource=replace(item.resource, address=address))

    def taken(address: Address) -> bool:
        observed = survey.observed.get(address)
        if address not in environment.resources or observed is None or observed.leaving:
            return False
        return ownership.read(observed.tags, environment.scope).standing is ownership.Standing.OURS

    return [apart(item) if taken(item.resource.address) else item for item in survey.leftovers]


def _apart(found: Iterable[Leftover]) -> list[Leftover]:
    """`found` under addresses that all differ.

    Two resources carry one address where a replacement was cut short: the later one goes by AWS's own name for it.
    """
    apart: dict[Address, Leftover] = {}
    for leftover in found:
        address = leftover.resource.address
        if address in apart:
            address = Address(address.kind, leftover.observed.physical_id)
        apart[address] = replace(leftover, resource=replace(leftover.resource, address=address))
    return list(apart.values())


def _teardowns(going: list[Leftover], options: Options, environment: Environment) -> tuple[Planned, ...]:
    going = _apart(going)
    depends_on = {leftover.resource.address: leftover.resource.depends_on for leftover in going}
    steps = {}
    for leftover in going:
        resource, observed = leftover.resource, leftover.observed
        step = catalogue.driver(resource.kind).teardown(resource, observed)
        because = gate.reason_to_delete(resource, observed, environment, destroy=options.destroy)
        step = gate.deletion_of(replace(step, because=because), resource)
        steps[resource.address] = Planned(step, resource, observed)
    return tuple(steps[address] for address in order.deletion_order(steps, depends_on))
