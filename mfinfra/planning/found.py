"""What of a survey is ours and not wished any more, under addresses that all differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mfinfra import ownership
from mfinfra.model import Address, Environment, Observed, Scope
from mfinfra.observe import Leftover, Survey


def ours(observed: Observed, scope: Scope) -> bool:
    """Whether its tags make it this environment's."""
    return ownership.read(observed.tags, scope).standing is ownership.Standing.OURS


def disabled(environment: Environment, survey: Survey) -> list[Leftover]:
    """What the file says shall not be there, and is."""
    return [
        Leftover(resource, observed)
        for address, resource in environment.disabled.items()
        if (observed := survey.observed.get(address)) is not None and ours(observed, environment.scope)
    ]


def everything(environment: Environment, survey: Survey) -> list[Leftover]:
    """All that this environment owns, whether the file still speaks of it or not."""
    declared = [
        Leftover(resource, observed)
        for address, resource in environment.resources.items()
        if (observed := survey.observed.get(address)) is not None and ours(observed, environment.scope)
    ]
    return [*declared, *disabled(environment, survey), *survey.leftovers]


def leftovers(environment: Environment, survey: Survey) -> list[Leftover]:
    """The leftovers; one whose address is taken by a resource that stands and is ours goes by AWS's own name for it.

    It is what a replacement that was cut short has left, or somebody's copy of the tags: nothing replaces it.
    """

    def by_aws(item: Leftover) -> Leftover:
        whole = item.observed.physical_id
        named = Address(item.resource.kind, whole.replace(":", "/").rpartition("/")[2])
        address = Address(named.kind, whole) if named in environment.resources else named
        return replace(item, resource=replace(item.resource, address=address))

    def taken(address: Address) -> bool:
        observed = survey.observed.get(address)
        if address not in environment.resources or observed is None or observed.leaving:
            return False
        return ours(observed, environment.scope)

    return [by_aws(item) if taken(item.resource.address) else item for item in survey.leftovers]


def apart(found: Iterable[Leftover]) -> list[Leftover]:
    """`found` under addresses that all differ.

    Two resources carry one address where a replacement was cut short: the later one goes by AWS's own name for it.
    """
    differing: dict[Address, Leftover] = {}
    for leftover in found:
        address = leftover.resource.address
        if address in differing:
            address = Address(address.kind, leftover.observed.physical_id)
        differing[address] = replace(leftover, resource=replace(leftover.resource, address=address))
    return list(differing.values())
