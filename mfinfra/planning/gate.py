"""The guards over a step: what may not be touched, and what lifts that. Pure.

MF4101 not ours, nobody's     MF4102 another owner's     MF4103 delete of protected     MF4104 replacement of protected
MF4105 an adoption that would replace     MF4106 a replacement in place of what others use
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import Action, Address, Block, Environment, Observed, Resource, Step


def ownership_of(step: Step, resource: Resource, observed: Observed, adopt: frozenset[str]) -> Step:
    """`step` on something that is there: an adoption if it is nobody's, blocked if it is somebody else's."""
    owner = ownership.read(observed.tags, resource.scope)
    if owner.standing is ownership.Standing.OURS:
        return step
    tags_only = all(change.path[0] == "tags" for change in step.changes)
    if step.action is not Action.REPLACE:
        step = replace(step, action=Action.ADOPT if tags_only else Action.ADOPT_UPDATE)
    address = str(resource.address)
    if owner.standing is ownership.Standing.FOREIGN:
        return _blocked(
            step,
            "MF4102",
            f"`{observed.physical_id}` belongs to {owner.owner}",
            "take it out of this file, or hand it over: its owner has to let go of it first",
        )
    if resource.adopt or address in adopt or "all" in adopt:
        return _adopted(step, observed)
    return _blocked(
        step,
        "MF4101",
        f"`{observed.physical_id}` exists already and nobody's tags are on it",
        f"to take it over write `adopt: true` at `{address}`, or pass `--adopt {address}`",
    )


def _adopted(step: Step, observed: Observed) -> Step:
    """`step`, blocked if it would delete what does not carry our tags yet."""
    if step.action is not Action.REPLACE or step.block:
        return step
    fields = " and ".join(f"`{change.path[0]}`" for change in step.changes if change.replaces)
    return _blocked(
        step,
        "MF4105",
        f"`{observed.physical_id}` is not ours yet, and the change of {fields} would delete it",
        f"adopt it as it is: write what AWS shows for {fields}, apply, and change that afterwards",
    )


def use_of(step: Step, resource: Resource, users: Sequence[Address]) -> Step:
    """`step`, blocked if it deletes and makes anew what AWS does not delete while others refer to it."""
    in_place = step.action is Action.REPLACE and not step.retire
    if not (in_place and users and not step.block and catalogue.driver(resource.kind).held):
        return step
    named = ", ".join(f"`{user}`" for user in users)
    return _blocked(
        step,
        "MF4106",
        f"`{resource.address}` cannot be replaced while {named} {'use' if len(users) > 1 else 'uses'} it",
        "give it another `name`: the new one is made first, what uses it moves over, and the old one is deleted",
    )


def protection_of(step: Step, resource: Resource, allowed: frozenset[str]) -> Step:
    """`step`, blocked if it replaces a protected resource."""
    if step.action is not Action.REPLACE or step.block:
        return step
    message = f"replacing `{resource.address}` would lose what it holds"
    return _protected(step, resource, "MF4104", message, "--allow-replace", allowed)


def deletion_of(step: Step, resource: Resource, allowed: frozenset[str]) -> Step:
    """`step`, blocked if it deletes a protected resource."""
    message = f"`{resource.address}` holds data" + (" and is not in the file" if resource.leftover else "")
    return _protected(step, resource, "MF4103", message, "--allow-destroy", allowed)


def _protected(  # noqa: PLR0913, PLR0917 - one rule for deletes and replacements; these are what tells them apart
    step: Step, resource: Resource, code: str, message: str, flag: str, allowed: frozenset[str]
) -> Step:
    """What holds data takes the file's word and the command line's; anything else takes the file's.

    A resource that has left the file cannot say `protect: false`: there the flag alone lifts the guard.
    """
    address = str(resource.address)
    lifts = [
        lift
        for lift, missing in (
            ("`protect: false`", resource.protect and not resource.leftover),
            (f"`{flag} {address}`", _holds_data(resource) and address not in allowed),
        )
        if missing
    ]
    if not lifts:
        return step
    message = message if _holds_data(resource) else f"`{address}` is protected"
    return _blocked(step, code, message, f"if that is meant, it takes {' and '.join(lifts)}")


def reason_to_delete(resource: Resource, observed: Observed, environment: Environment, *, destroy: bool) -> str:
    """Why a resource is to be deleted, in words."""
    if destroy:
        return "the environment is being destroyed"
    said = ownership.read(observed.tags, environment.scope).address
    if said in environment.resources and said != resource.address:
        return f"it carries the tags of `{said}`, which is another one now"
    if resource.address in environment.disabled:
        return "it has `enabled: false`"
    return "it is not in the file"


def _holds_data(resource: Resource) -> bool:
    return schemas.traits(resource.kind).holds_data


def _blocked(step: Step, code: str, message: str, hint: str) -> Step:
    return replace(step, block=Block(code, message, hint))
