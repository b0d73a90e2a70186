"""What is given up: the steps that take our tags off, which comes last, and what is refused. Pure.

A resource that is forgotten stays as it is; only what made it ours goes: the three tags of ownership and the record of
the last apply. What else carries our tags, also beside those of another tool that owns it by now, is let go of too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from mfinfra import catalogue, drift, ownership, records
from mfinfra.document.nearest import did_you_mean
from mfinfra.errors import UserError
from mfinfra.model import Action, Address, Block, Environment, Observed, Resource, Scope, Step
from mfinfra.observe import Leftover, Survey
from mfinfra.ownership import Standing
from mfinfra.planning import beside, found, select

ALL = "all"
MARKS = (*ownership.KEYS, drift.TAG)
"""The keys of all tags that are ours whatever the file says."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A resource that is to be given up, and the step that does it."""

    step: Step
    resource: Resource
    observed: Observed


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Something that may be named, by each of `names`: its address, and what a plan calls what has lost its own."""

    names: frozenset[str]
    leftover: Leftover

    @property
    def going(self) -> bool:
        """Whether AWS deletes it: its tags go with it, and some services take none off any more."""
        return self.leftover.observed.leaving or self.leftover.observed.scheduled


def step(resource: Resource, observed: Observed) -> Step:
    """The step that makes what was observed nobody's; one that does nothing where it carries no tag of ours."""
    driver = catalogue.driver(resource.kind)
    off = tuple(_marks(tags, resource.scope) for tags in driver.tagged(observed))
    return driver.forgetting(resource, observed, off)


def chosen(
    environment: Environment, survey: Survey, wanted: Collection[str], past: Collection[str] = ()
) -> tuple[Forgotten, ...]:
    """What the addresses of `wanted` mean, in the order in which it is given up; what holds the lock is the last.

    `past` are addresses that earlier runs have given up. Raises `UserError` for one that means nothing.
    """
    candidates = _candidates(environment, survey)
    if ALL in wanted:
        kept = [one for one in candidates if _given_up(one) and not one.going]
    else:
        named = {text: _named(text, candidates, environment, past) for text in sorted(wanted)}
        kept = [one for one in candidates if any(one in rows for rows in named.values())]
    made = sorted((_forgotten(one, environment) for one in kept), key=lambda one: one.step.address)
    return _lock_last(made, environment)


def going(environment: Environment, survey: Survey) -> tuple[Address, ...]:
    """What `all` leaves out because AWS deletes it."""
    return tuple(
        one.leftover.resource.address for one in _candidates(environment, survey) if one.going and _given_up(one)
    )


def unknown(environment: Environment, survey: Survey, wanted: Collection[str]) -> frozenset[str]:
    """The addresses of `wanted` that neither the file nor a tag tells: only receipts may know them."""
    told = {str(address) for address in (*environment.resources, *environment.disabled)}
    told |= {name for one in _candidates(environment, survey) for name in one.names}
    return frozenset(wanted) - told - {ALL}


def _marks(tags: Mapping[str, str], scope: Scope) -> dict[str, str]:
    """Our tags among `tags`; none of another environment's, whose keys are the same."""
    marks = {key: tags[key] for key in MARKS if key in tags}
    return {} if ownership.read(marks, scope).standing is Standing.FOREIGN else marks


def _candidates(environment: Environment, survey: Survey) -> list[_Candidate]:
    """Everything that may be named and stands, each once, under addresses that all differ."""
    declared = {
        (address.kind, observed.physical_id): Leftover(resource, observed)
        for address, resource in reversed([*environment.resources.items(), *environment.disabled.items()])
        if (observed := survey.observed.get(address)) is not None
    }
    every = [*reversed(declared.values()), *survey.leftovers]
    return [
        _Candidate(frozenset(map(str, (told.resource.address, one.resource.address, *_shown(told, environment)))), one)
        for told, one in zip(every, found.apart(every), strict=True)
    ]


def _shown(leftover: Leftover, environment: Environment) -> Iterator[Address]:
    """What a plan calls it where its address is another one's."""
    if leftover.resource.leftover and leftover.resource.address in environment.resources:
        yield from (one.resource.address for one in found.by_aws([leftover], environment))


def _given_up(candidate: _Candidate) -> bool:
    return step(candidate.leftover.resource, candidate.leftover.observed).action is Action.FORGET


def _named(
    text: str, candidates: list[_Candidate], environment: Environment, past: Collection[str]
) -> list[_Candidate]:
    """What an address means; nothing where it was given up before. Raises `UserError` where there is nothing of it."""
    rows = [one for one in candidates if text in one.names]
    if any(one.going for one in rows):
        raise UserError(
            f"`{text}` is being deleted by AWS, and its tags go with it",
            hint="to keep a key or a secret that waits for its deletion, take it back first: apply a file that has it",
            code=select.UNFIT,
        )
    if rows or text in past:
        return rows
    if any(str(address) == text for address in (*environment.resources, *environment.disabled)):
        raise UserError(
            f"`{text}` does not stand, so that there is nothing to forget",
            hint="take it out of the file if nothing shall make it",
            code=select.UNFIT,
        )
    known = {str(address) for address in (*environment.resources, *environment.disabled)}
    known |= {name for one in candidates for name in one.names}
    raise UserError(
        f"`{text}`: there is no such resource, neither in the file nor left over from it",
        hint=did_you_mean(text, known) or "`mfinfra plan FILE` shows every address there is",
        code=select.UNFIT,
    )


def _forgotten(candidate: _Candidate, environment: Environment) -> Forgotten:
    leftover = candidate.leftover
    resource, observed = beside.bound(leftover, environment), leftover.observed
    made = step(resource, observed)
    if made.action is Action.FORGET:
        return Forgotten(made, resource, observed)
    owner = ownership.of(observed, environment.scope)
    if owner.standing is not Standing.FOREIGN:
        return Forgotten(replace(made, because="nobody's tags are on it already"), resource, observed)
    block = Block(
        "MF4102",
        f"`{observed.physical_id}` belongs to {owner.owner}",
        "there is nothing of this environment on it: leave the address out",
    )
    return Forgotten(replace(made, action=Action.FORGET, blocks=(block,)), resource, observed)


def _lock_last(made: list[Forgotten], environment: Environment) -> tuple[Forgotten, ...]:
    """`made`, with the bucket of the lock behind all others: where one of them fails, that stays ours."""
    place = records.place(environment)
    last = [one for one in made if place is not None and holds(one, place)]
    rest = [one for one in made if one not in last]
    behind = frozenset(one.step.address for one in rest if one.step.action is Action.FORGET)
    return (*rest, *(replace(one, step=replace(one.step, behind=behind)) for one in last))


def holds(one: Forgotten, place: records.Place) -> bool:
    """Whether it is the bucket of the lock."""
    return one.resource.kind == "bucket" and one.observed.spec.get("name") == place.bucket
