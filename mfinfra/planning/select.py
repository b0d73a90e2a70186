"""Which steps of a plan are kept: `--target`, `--exclude`; and what `--replace` may name. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mfinfra.errors import UserError
from mfinfra.model import Action, Address, Observed, Step
from mfinfra.planning.order import Needs

UNFIT = "MF4120"
"""The code of a selection that does not fit what there is."""


def works(step: Step) -> bool:
    """Whether there is anything to carry out for `step`, if only to wait for what AWS has not finished."""
    return bool(step.effects) or step.action is not Action.NOOP


def needs(
    steps: Sequence[Step],
    depends_on: Needs,
    standing: Mapping[Address, Observed],
    leaving: Mapping[Address, Observed],
) -> dict[Address, frozenset[Address]]:
    """What each step needs of the others, to be chosen with it.

    What is made needs what it refers to. What is `leaving`, by a delete or at the end of a replacement, needs the end
    or the change of all that still refers to it: by the file's word, or by what `standing` and `leaving` things show.
    `order.graph` goes by kinds there: that is a safe order, but as a choice it would delete what nobody spoke of.
    """
    made = {step.address for step in steps if step.action is not Action.DELETE}
    busy = {step.address for step in steps if works(step)}
    found = {step.address: set(depends_on.get(step.address, ())) & made for step in steps if step.address in made}
    for address, old in leaving.items():
        names = _names(old)
        holders = found.setdefault(address, set())
        for other in busy - {address}:
            shown = [one for one in (standing.get(other), leaving.get(other)) if one is not None]
            if shown and (address in depends_on.get(other, ()) or any(_shows(one.spec, names) for one in shown)):
                holders.add(other)
    return {address: frozenset(others) for address, others in found.items()}


def kept(needed: Needs, target: Collection[Address], exclude: Iterable[Address]) -> frozenset[Address]:
    """The steps that are left: of `target` (of all, if it is empty) and what they need, without `exclude`.

    Whatever needs something that is excluded goes with it. Raises `UserError` where that is a target itself.
    """
    users: dict[Address, set[Address]] = {}
    for address, others in needed.items():
        for other in others:
            users.setdefault(other, set()).add(address)
    dropped = _closure(exclude, users)
    lost = sorted(dropped & frozenset(target))
    if lost:
        raise UserError(
            f"`--target {lost[0]}` needs something that `--exclude` leaves out",
            hint="exclude less, or do not target it",
            code=UNFIT,
        )
    return (_closure(target, needed) if target else frozenset(needed)) - dropped


def check_replace(replace: Collection[str], known: Collection[str], *, destroy: bool) -> None:
    """Raise `UserError` for what cannot be made anew; `known` are the addresses that shall be there."""
    lost = sorted(set(replace) - set(known))
    if lost or (replace and destroy):
        named = lost[0] if lost else min(replace)
        raise UserError(
            f"`--replace {named}`: "
            + ("nothing is made anew where all is destroyed" if destroy else "the file has no such resource"),
            hint="only what stands and stays in the file can be replaced; leave the flag out",
            code=UNFIT,
        )


def check_alone(forget: Collection[str], others: Sequence[str]) -> None:
    """Raise `UserError` for a plan that shall give something up and do something else besides; `others` are flags."""
    if forget and others:
        raise UserError(
            f"`--forget` and `--{others[0]}` do not go together",
            hint="what is given up is a plan of its own: apply it, and plan the rest after that",
            code=UNFIT,
        )


def addresses(flag: str, given: Iterable[str], known: Collection[Address]) -> frozenset[Address]:
    """The addresses that a flag names; raises `UserError` for one that is neither in the file nor left over."""
    found = {text: next((address for address in known if str(address) == text), None) for text in sorted(given)}
    for text, address in found.items():
        if address is None:
            raise UserError(
                f"`{flag} {text}`: there is no such resource, neither in the file nor left over from it",
                hint="`mfinfra plan` without the flag shows every address there is",
                code=UNFIT,
            )
    return frozenset(address for address in found.values() if address is not None)


def _closure(start: Iterable[Address], edges: Mapping[Address, Collection[Address]]) -> frozenset[Address]:
    found: set[Address] = set()
    pending = list(start)
    while pending:
        address = pending.pop()
        if address not in found:
            found.add(address)
            pending += edges.get(address, ())
    return frozenset(found)


def _names(observed: Observed) -> frozenset[str]:
    """What others call it by; a bare name alone is a word that may stand anywhere."""
    return frozenset({observed.physical_id, *(v for k, v in observed.outputs.items() if k != "name")} - {""})


def _shows(value: Any, names: frozenset[str]) -> bool:
    """Whether one of `names` stands anywhere in `value`."""
    match value:
        case str():
            return value in names
        case Mapping():
            return any(_shows(item, names) for item in value.values())
        case list() | tuple():
            return any(_shows(item, names) for item in value)
        case _:
            return False
