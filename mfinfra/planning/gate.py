"""The guards over a step: what may not be touched, and what lifts that. Pure.

MF4101 not ours, nobody's     MF4102 another owner's     MF4103 delete of protected     MF4104 replacement of protected
MF4105 an adoption that would replace     MF4106 a replacement in place of what others use
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import Action, Address, Block, Environment, Observed, Resource, Step

PASSED: Mapping[str, str] = {
    # What each guard says of a plan that it has nothing against.
    "MF4001": "the credentials are of the file's account and partition",
    "MF4101": "nothing is taken over that nobody owns and that was not asked for",
    "MF4102": "nothing of another owner is touched",
    "MF4103": "nothing protected is destroyed",
    "MF4104": "nothing protected is replaced",
    "MF4105": "no adoption replaces anything",
    "MF4106": "nothing is replaced in place while others use it",
    "MF4107": "no more is destroyed at once than goes without a word",
    "MF4108": "nothing is replaced, disabled or deleted that jobs wait or run on",
    "MF4109": "the file has not lost all its resources",
    "MF4110": "nothing goes that others still send their work to",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """The guards that a person lifts at apply, each by its own flag; `destroy` and `replace` hold addresses."""

    destroy: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()
    disruption: bool = False
    max_deletes: int | None = None

    def lifts(self, block: Block) -> bool:
        """Whether `block` is lifted."""
        match block.flag:
            case "--allow-destroy":
                return block.argument in self.destroy
            case "--allow-replace":
                return block.argument in self.replace
            case "--allow-disruption":
                return self.disruption
            case "--max-deletes":
                return self.max_deletes is not None and self.max_deletes >= int(block.argument)
            case _:
                return False


def ownership_of(step: Step, resource: Resource, observed: Observed, adopt: frozenset[str]) -> Step:
    """`step` on something that is there: an adoption if it is nobody's, blocked if it is somebody else's."""
    owner = ownership.of(observed, resource.scope)
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
            f"write `enabled: false` at `{address}` to leave it alone, or {_release(owner)}",
        )
    if resource.adopt or address in adopt or "all" in adopt:
        return _adopted(step, observed)
    return _blocked(
        step,
        "MF4101",
        f"`{observed.physical_id}` exists already and nobody's tags are on it",
        f"to take it over write `adopt: true` at `{address}`, or pass `--adopt {address}`",
    )


def _release(owner: ownership.Ownership) -> str:
    if owner.stack:
        return f"hand it over first: `mfinfra import - --from-cloudformation {owner.stack}` prints the steps"
    return "have its owner let go of it first"


def _adopted(step: Step, observed: Observed) -> Step:
    """`step`, blocked if it would delete what does not carry our tags yet."""
    if step.action is not Action.REPLACE or _hopeless(step):
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
    if not (in_place and users and not _hopeless(step) and catalogue.driver(resource.kind).held):
        return step
    named = ", ".join(f"`{user}`" for user in users)
    return _blocked(
        step,
        "MF4106",
        f"`{resource.address}` cannot be replaced while {named} {'use' if len(users) > 1 else 'uses'} it",
        "give it another `name`: the new one is made first, what uses it moves over, and the old one is deleted",
    )


def protection_of(step: Step, resource: Resource) -> Step:
    """`step`, blocked if it replaces a protected resource."""
    if step.action is not Action.REPLACE or _hopeless(step):
        return step
    message = f"replacing `{resource.address}` would lose what it holds"
    return _protected(step, resource, "MF4104", message, "--allow-replace")


def deletion_of(step: Step, resource: Resource) -> Step:
    """`step`, blocked if it deletes a protected resource."""
    message = f"`{resource.address}` holds data" + (" and is not in the file" if resource.leftover else "")
    return _protected(step, resource, "MF4103", message, "--allow-destroy")


def _protected(step: Step, resource: Resource, code: str, message: str, flag: str) -> Step:
    """What holds data takes the file's word and the command line's; anything else takes the file's.

    A resource that has left the file cannot say `protect: false`: there the flag alone lifts the guard.
    """
    address, holds_data = str(resource.address), schemas.traits(resource.kind).holds_data
    written = resource.protect and not resource.leftover
    lifts = [*(["`protect: false`"] if written else ()), *([f"`{flag} {address}`"] if holds_data else ())]
    if not lifts:
        return step
    message = message if holds_data else f"`{address}` is protected"
    hint = f"if that is meant, it takes {' and '.join(lifts)}"
    block = Block(code, message, hint) if written else Block(code, message, hint, flag, address)
    return replace(step, blocks=(*step.blocks, block))


def reason_to_delete(resource: Resource, observed: Observed, environment: Environment, *, destroy: bool) -> str:
    """Why a resource is to be deleted, in words."""
    if destroy:
        return "the environment is being destroyed"
    said = ownership.of(observed, environment.scope).address
    if said in environment.resources and said != resource.address:
        return f"it carries the tags of `{said}`, which is another one now"
    if resource.address in environment.disabled:
        return "it has `enabled: false`"
    return "it is not in the file"


def _hopeless(step: Step) -> bool:
    """Whether a guard is in the way that no flag lifts: then another one tells nothing more."""
    return any(not block.flag for block in step.blocks)


def _blocked(step: Step, code: str, message: str, hint: str) -> Step:
    return replace(step, blocks=(*step.blocks, Block(code, message, hint)))
