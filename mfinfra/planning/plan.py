"""The plan: what is wished, compared with what is there, as steps in the order in which they will run. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from mfinfra import catalogue, schemas
from mfinfra.errors import Problem, UserError
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
    Work,
    fill,
)
from mfinfra.observe import Leftover, Survey
from mfinfra.planning import aftermath, beside, forgetting, found, gate, order, select, thresholds


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line and shapes the plan, addresses as text. `adopt` may hold `all`.

    `target` keeps these steps and what they need, `exclude` drops these and what needs them, `replace` makes these
    anew. With `forget`, which may hold `all`, the plan gives these up and does nothing else.
    """

    destroy: bool = False
    adopt: frozenset[str] = frozenset()
    target: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()
    forget: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """A step, the resource it brings about (references filled as far as they are known), and what was found.

    `retired` is what the step replaces under another identity. `stands`: what was observed is there all through the
    run, so that its outputs are known. `work` is what the step would stop; `None` where nobody had to ask.
    """

    step: Step
    resource: Resource
    observed: Observed | None
    retired: Leftover | None = None
    stands: bool = False
    work: Work | None = None

    @property
    def leaving(self) -> Observed | None:
        """What is there no more when the step is done; `None` where all stays."""
        if self.step.action is Action.DELETE:
            return self.observed
        return self.retired.observed if self.retired else None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they run: what is made and changed first, then what is deleted.

    `guards` stop the plan as a whole; `omitted` names what a selection left out although there is work in it. `notes`
    are warnings of what comes of it.
    """

    environment: Environment
    planned: tuple[Planned, ...]
    survey: Survey
    options: Options = field(default_factory=Options)
    guards: tuple[Block, ...] = ()
    omitted: tuple[Address, ...] = ()
    notes: tuple[Problem, ...] = ()

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
        return any(select.works(step) for step in self.steps)

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


def make(environment: Environment, survey: Survey, options: Options | None = None, past: Collection[str] = ()) -> Plan:
    """Compare `environment` with what `survey` found; raises `UserError` for an option that fits neither.

    `past` are addresses that earlier runs have given up.
    """
    options = options or Options()
    select.check_replace(options.replace, set(map(str, environment.resources)), destroy=options.destroy)
    if options.forget:
        return _given_up(environment, survey, options, past)
    if options.destroy:
        planned = _teardowns(found.everything(environment, survey), options, environment)
    else:
        planned = _brought_about(environment, survey, options)
    plan = _selected(Plan(environment, planned, survey, options))
    return plan if options.destroy else replace(plan, guards=_guards(plan))


def _given_up(environment: Environment, survey: Survey, options: Options, past: Collection[str]) -> Plan:
    """The plan that takes our tags off what was named, and does nothing else."""
    others = [name for name in ("destroy", "adopt", "target", "exclude", "replace") if getattr(options, name)]
    select.check_alone(options.forget, others)
    made = forgetting.chosen(environment, survey, options.forget, past)
    planned = tuple(Planned(one.step, one.resource, one.observed, stands=True) for one in made)
    notes = aftermath.notes(made, environment, survey, options.forget)
    return Plan(environment, planned, survey, options, notes=notes)


def _guards(plan: Plan) -> tuple[Block, ...]:
    """What stops the plan as a whole."""
    environment = plan.environment
    deletes = [one.observed for one in plan.planned if one.step.action is Action.DELETE and one.observed]
    return thresholds.guards(
        len(found.lost(deletes, environment)),
        sum(not one.observed.leaving for one in found.everything(environment, plan.survey)),
        emptied=not (environment.resources or environment.disabled),
        file=environment.source.path,
    )


def _brought_about(environment: Environment, survey: Survey, options: Options) -> tuple[Planned, ...]:
    claims = found.by_address(survey.leftovers)
    known: dict[Address, Mapping[str, str]] = {}
    made, over = [], list[Leftover]()
    for address in order.creation_order(environment.resources):
        resource = filled(environment.resources[address], known)
        candidates = beside.chosen(resource, survey.observed[address], claims.pop(address, []))
        planned, left = _bring_about(resource, candidates, options)
        step = gate.use_of(planned.step, resource, _users(environment, address))
        planned = replace(planned, step=step)
        made.append(planned)
        over += left
        shown = planned.observed.outputs if planned.observed and planned.stands else {}
        known[address] = {**shown, **planned.step.outputs}
    gone = [leftover for leftovers in claims.values() for leftover in leftovers]
    going = [*found.disabled(environment, survey), *gone, *found.by_aws(over, environment)]
    return (*made, *_teardowns(going, options, environment))


def filled(resource: Resource, known: Mapping[Address, Mapping[str, str]]) -> Resource:
    """`resource` with its references filled from the `known` outputs."""

    def lookup(ref: Ref) -> str | None:
        return known.get(ref.address, {}).get(ref.attribute)

    return replace(resource, spec=fill(resource.spec, lookup))


def _bring_about(resource: Resource, candidates: beside.Candidates, options: Options) -> tuple[Planned, list[Leftover]]:
    """The planned step, and what carries the resource's tags and is neither it nor what it replaces."""
    observed, others = candidates
    driver = catalogue.driver(resource.kind)
    there = observed is not None and not observed.leaving
    bound = driver.bound(resource, observed) if observed and there else resource
    step = driver.step(bound, observed)
    ours = there and observed is not None and found.ours(observed, resource.scope)
    old = others.pop(0) if others and not ours else None
    if old is None and str(resource.address) in options.replace:
        step = _forced(step, bound, observed)
        if observed and (begun := beside.begun(resource, others)):
            others.remove(begun)
            old, observed, bound = (
                beside.old(resource, observed),
                begun.observed,
                driver.bound(resource, begun.observed),
            )
            step = replace(driver.step(bound, observed), because=step.because)
    stands = observed is not None and there and step.action is not Action.REPLACE
    if step.action is Action.REPLACE and ours and observed and (green := driver.successor(resource, observed)):
        because, replaces = step.because, {change.path for change in step.changes if change.replaces}
        old, observed, bound = beside.old(resource, observed), None, green
        step = _renamed(driver.step(green, None), green, old)
        changes = tuple(replace(one, replaces=one.path in replaces) for one in step.changes)
        step = replace(step, because=because, changes=changes)
    else:
        if observed is not None and there:
            step = gate.ownership_of(step, bound, observed, options.adopt)
        if old is not None:
            step = _renamed(step, bound, old)
    step = gate.protection_of(step, bound)
    return Planned(step, bound, observed, old, stands), others


def _forced(step: Step, resource: Resource, observed: Observed | None) -> Step:
    """The replacement that was asked for; raises `UserError` where there is nothing of ours to replace."""
    if observed is None or observed.leaving or not found.ours(observed, resource.scope):
        why = "does not stand" if observed is None or observed.leaving else "is not this environment's own yet"
        raise UserError(
            f"`--replace {resource.address}`: it {why}",
            hint="only what stands and is ours can be replaced; leave the flag out",
            code=select.UNFIT,
        )
    if step.action is Action.REPLACE:
        return step
    step = catalogue.driver(resource.kind).replacement(resource, observed)
    return replace(step, because="asked for by `--replace`")


def _selected(plan: Plan) -> Plan:
    """`plan` with the steps that its options choose."""
    options, environment = plan.options, plan.environment
    if not (options.target or options.exclude):
        return plan
    at = {one.step.address: one for one in plan.planned}
    known = {*environment.resources, *environment.disabled, *at}
    needed = select.needs(
        plan.steps,
        {address: one.resource.depends_on for address, one in at.items()},
        {address: one.observed for address, one in at.items() if one.observed and not one.leaving},
        {address: one.leaving for address, one in at.items() if one.leaving},
    )
    target = select.addresses("--target", options.target, known)
    kept = select.kept(needed, target, select.addresses("--exclude", options.exclude, known))
    lost = sorted(options.replace - {str(address) for address in kept})
    if lost:
        raise UserError(
            f"`--replace {lost[0]}` is left out by `--target` or `--exclude`",
            hint="choose it too, or do not replace it",
            code=select.UNFIT,
        )
    omitted = tuple(address for address, one in at.items() if address not in kept and select.works(one.step))
    return replace(plan, planned=tuple(one for address, one in at.items() if address in kept), omitted=omitted)


def _renamed(step: Step, resource: Resource, old: Leftover) -> Step:
    """A step whose resource stands under another identity too: the old one goes once everything has moved over."""
    names = schemas.traits(resource.kind).create_only
    was, wished = old.observed.spec, catalogue.driver(resource.kind).step(resource, None)
    moved = tuple(
        FieldChange(change.path, was.get(str(change.path[0])), change.after, replaces=change.path[0] in names)
        for change in wished.changes
        if was.get(str(change.path[0])) not in (None, change.after)
    )
    teardown = catalogue.driver(resource.kind).teardown(beside.with_local(old.resource, resource), old.observed)
    return replace(
        step,
        action=Action.REPLACE,
        changes=moved or step.changes,
        retire=teardown.effects,
        because=step.because or "it has another identity now; the old one is deleted once nothing needs it",
    )


def _users(environment: Environment, address: Address) -> tuple[Address, ...]:
    """What refers to the resource at `address`."""
    return tuple(sorted(user for user, resource in environment.resources.items() if address in resource.depends_on))


def _teardowns(going: list[Leftover], options: Options, environment: Environment) -> tuple[Planned, ...]:
    going = found.apart(going)
    depends_on = {leftover.resource.address: leftover.resource.depends_on for leftover in going}
    steps = {}
    for leftover in going:
        observed = leftover.observed
        resource = beside.bound(leftover, environment)
        step = catalogue.driver(resource.kind).teardown(resource, observed)
        because = gate.reason_to_delete(resource, observed, environment, destroy=options.destroy)
        step = gate.deletion_of(replace(step, because=because), resource)
        steps[resource.address] = Planned(step, resource, observed)
    return tuple(steps[address] for address in order.deletion_order(steps, depends_on))
