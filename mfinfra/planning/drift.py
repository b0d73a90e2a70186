"""Who changed what since the last apply, the file, AWS or both: for every step of a plan, field by field. Pure.

The file changed a field where its wish has another digest than the record on the resource, AWS where what is there has.
What a plan does without either (destroy, forget, `--replace`, an adoption) has no cause but the command: `none`.
Without a record that can be read the file is named: a review looks at that anyway. See `mfinfra.drift` for the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from mfinfra import catalogue, ownership, schemas
from mfinfra.drift import TAG, Drift, Record, code, digest, garbled, read, record, tag_digests, text_of, together
from mfinfra.model import Action, Address, FieldChange, Observed, Ref, Resource, refs
from mfinfra.planning.plan import Plan, Planned

Path: TypeAlias = tuple[str | int, ...]
Fold: TypeAlias = Callable[[Any], Any]
ADOPTIONS = (Action.ADOPT, Action.ADOPT_UPDATE)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changed a resource, and each of the fields that its step changes, by the path of the `FieldChange`."""

    drift: Drift
    fields: Mapping[Path, Drift]


@dataclass(frozen=True, slots=True)
class Applies:
    """What the receipts of earlier applies can add.

    `made` is what they brought up: where one of these is missing, somebody deleted it. Of `unfinished` the last step
    was cut short: what it did not get to write is no drift.
    """

    made: Collection[Address] = ()
    unfinished: Collection[Address] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """One resource: its wish with the references as the file has them, what is there, and what was recorded on it."""

    resource: Resource
    filled: Mapping[str, Any]
    observed: Observed
    past: Record
    now: Record


def causes(plan: Plan, applies: Applies | None = None) -> dict[Address, Cause]:
    """The cause of every step of `plan`, by address."""
    fold, found = _fold(plan), dict[Address, Cause]()
    actions = {step.address: step.action for step in plan.steps}
    for planned in plan.planned:
        moved = {address: cause.drift for address, cause in found.items() if _moves(actions[address])}
        made = {address for address in moved if actions[address] is Action.CREATE}
        found[planned.step.address] = _cause(planned, plan, _References(fold, moved, made), applies or Applies())
    return found


@dataclass(frozen=True, slots=True)
class _References:
    """`fold` makes references of ids again. `moved`: who caused what is made anew here; `made`: what of it is gone."""

    fold: Fold
    moved: Mapping[Address, Drift]
    made: Collection[Address]

    def behind(self, wish: Any) -> list[Drift]:
        """Who caused that references in `wish` are going to stand for something else."""
        return [self.moved[ref.address] for ref in sorted(refs(wish)) if ref.address in self.moved]

    def lost(self, wish: Any) -> bool:
        """Whether nobody can tell any more what a reference in `wish` stood for."""
        return any(ref.address in self.made for ref in refs(wish))


def _cause(planned: Planned, plan: Plan, references: _References, applies: Applies) -> Cause:
    step = planned.step
    if plan.options.destroy or plan.options.forget:
        return _alike(planned, Drift.NONE)
    if step.action is Action.DELETE:
        return _alike(planned, Drift.FILE)
    if step.action is Action.CREATE:
        return _alike(planned, _creation(planned, plan, applies))
    observed = planned.retired.observed if planned.retired else planned.observed
    if observed is None or not (step.changes or planned.retired):
        return _alike(planned, Drift.NONE)
    fields = dict(_fields(planned, plan, observed, references))
    if step.address in applies.unfinished:
        fields = {path: Drift.NONE if drift is Drift.NONE else Drift.FILE for path, drift in fields.items()}
    return Cause(together(fields.values()) if fields else Drift.FILE, fields)


def _alike(planned: Planned, drift: Drift) -> Cause:
    return Cause(drift, {change.path: drift for change in planned.step.changes})


def _creation(planned: Planned, plan: Plan, applies: Applies) -> Drift:
    """What is missing was never there, as far as anybody can tell; what AWS is deleting still has its record."""
    address = planned.step.address
    if address in applies.made:
        return Drift.LIVE
    leaving = read(planned.observed.tags.get(TAG)) if planned.observed else None
    return Drift.LIVE if leaving and leaving == _record(_wished(planned, plan)) else Drift.FILE


def _fields(planned: Planned, plan: Plan, observed: Observed, references: _References) -> Iterator[tuple[Path, Drift]]:
    held = observed.tags.get(TAG)
    past, wished = read(held), _wished(planned, plan)
    if past is None:
        adopts = planned.step.action in ADOPTIONS
        for change in planned.step.changes:
            unknown = Drift.NONE if adopts and change.path[0] == "tags" else Drift.FILE
            yield change.path, Drift.LIVE if change.path == ("tags", TAG) and garbled(held) else unknown
        return
    filled = catalogue.driver(wished.kind).wish(planned.resource)
    look = _Look(wished, filled, observed, past, _record(wished))
    for change in planned.step.changes:
        yield change.path, _tag(change, look) if change.path[0] == "tags" else _field(change, look, references)


def _field(change: FieldChange, look: _Look, references: _References) -> Drift:
    name = str(change.path[0])
    stored, wish = look.past.fields.get(code(name)), look.resource.spec.get(name)
    if stored is None:
        return Drift.FILE  # it was left to AWS: nobody knows what it was
    file = stored != look.now.fields.get(code(name))
    live = name in look.observed.spec and stored not in set(_digests(change, look, references.fold))
    behind = references.behind(wish)
    if behind and not live and not file:
        return together(behind)
    if behind and live and references.lost(wish):
        return together([*behind, Drift.FILE if file else Drift.NONE])
    # Neither has changed where an apply was cut short before it came to this field.
    return _drift(file=file or not live, live=live)


def _tag(change: FieldChange, look: _Look) -> Drift:
    """Of a tag of the resource: the file's where it was not asked for then. The record itself only follows the file."""
    name, whole = str(change.path[1]), look.past.together
    group = "" if whole else code(name)
    stored = look.past.tags.get(group)
    if name == TAG or stored is None:
        return Drift.FILE
    mates = [key for key in look.resource.tags if key != TAG and (whole or code(key) == group)]
    wish = tag_digests({key: look.resource.tags[key] for key in mates}, together=whole)
    have = tag_digests({key: look.observed.tags[key] for key in mates if key in look.observed.tags}, together=whole)
    file, live = stored != wish[group], stored != have.get(group)
    return _drift(file=file or not live, live=live)


def _drift(*, file: bool, live: bool) -> Drift:
    return together([*([Drift.FILE] if file else ()), *([Drift.LIVE] if live else ())])


def _digests(change: FieldChange, look: _Look, fold: Fold) -> Iterator[str]:
    """The digests of what is there, however the file may have asked for it: with ids or references.

    What may stay beside the wish (`exclusive: false`) was not asked for, and is left out.
    """
    name = str(change.path[0])
    have = look.observed.spec[name]
    for value in (have, _without_guests(have, change.after, look.filled.get(name))):
        yield digest(look.resource, name, value)
        yield digest(look.resource, name, fold(value))


def _without_guests(have: Any, after: Any, wish: Any) -> Any:
    match have, after, wish:
        case dict(), dict(), dict():
            return {key: item for key, item in have.items() if key in wish or key not in after}
        case list(), list(), list():
            return [item for item in have if item in wish or item not in after]
        case _:
            return have


def _wished(planned: Planned, plan: Plan) -> Resource:
    """The resource with its references as the file has them."""
    return plan.environment.resources.get(planned.step.address, planned.resource)


def _record(resource: Resource) -> Record:
    return record(resource, catalogue.driver(resource.kind).wish(resource))


def _moves(action: Action) -> bool:
    return action in (Action.CREATE, Action.REPLACE)


def _fold(plan: Plan) -> Fold:
    """What AWS invented, as the references that stood for it when the tags of its resource were written."""
    there = [(address, observed) for address, observed in plan.survey.observed.items() if observed is not None]
    there += [(leftover.resource.address, leftover.observed) for leftover in plan.survey.leftovers]
    texts = {
        found: text_of(Ref(_address(address, observed, plan), attribute))
        for address, observed in there
        for attribute, traits in schemas.traits(address.kind).attributes.items()
        # A bare number, as of a version, says nothing by itself: it stands in many values that mean something else.
        if "value" not in traits and (found := observed.outputs.get(attribute)) and not found.isdecimal()
    }
    if not texts:
        return lambda value: value
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, sorted(texts)))})(?![A-Za-z0-9])")

    def folded(value: Any) -> Any:
        match value:
            case str():
                return pattern.sub(lambda found: texts[found[0]], value)
            case dict():
                return {key: folded(item) for key, item in value.items()}
            case list() | tuple():
                return [folded(item) for item in value]
            case _:
                return value

    return folded


def _address(address: Address, observed: Observed, plan: Plan) -> Address:
    return ownership.of(observed, plan.environment.scope).address or address
