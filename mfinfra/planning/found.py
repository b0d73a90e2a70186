"""What of a survey is ours and not wished any more, under addresses that all differ. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mfinfra import ownership
from mfinfra.model import Address, Environment, Observed, Scope
from mfinfra.observe import Leftover, Survey


def ours(observed: Observed, scope: Scope) -> bool:
    """Whether its tags make it this environment's."""
    return ownership.of(observed, scope).standing is ownership.Standing.OURS


def disabled(environment: Environment, survey: Survey) -> list[Leftover]:
    """What the file says shall not be there, and is; nothing that it says under another address shall be."""
    seen = ((address, survey.observed.get(address)) for address in environment.resources)
    kept = {(address.kind, observed.physical_id) for address, observed in seen if observed is not None}
    return [
        Leftover(resource, observed)
        for address, resource in environment.disabled.items()
        if (observed := survey.observed.get(address)) is not None
        and _stands(observed, environment.scope)
        and (address.kind, observed.physical_id) not in kept
    ]


def everything(environment: Environment, survey: Survey) -> list[Leftover]:
    """All that this environment owns, whether the file still speaks of it or not."""
    declared = [
        Leftover(resource, observed)
        for address, resource in environment.resources.items()
        if (observed := survey.observed.get(address)) is not None and _stands(observed, environment.scope)
    ]
    return [*declared, *disabled(environment, survey), *survey.leftovers]


def lost(going: Iterable[Observed], environment: Environment) -> list[Observed]:
    """Of what is `going`, what the environment has less afterwards.

    What AWS is deleting already is none of it, nor, once for each address, what another one has replaced: that is the
    end of a replacement that was cut short. More of them are somebody's copies of the tags.
    """
    replaced, less = set[Address](), list[Observed]()
    for observed in going:
        said = ownership.of(observed, environment.scope).address
        if said is not None and said in environment.resources and said not in replaced:
            replaced.add(said)
        elif not observed.leaving:
            less.append(observed)
    return less


def by_address(leftovers: Iterable[Leftover]) -> dict[Address, list[Leftover]]:
    """`leftovers` by the addresses on their tags, which several may carry."""
    claims: dict[Address, list[Leftover]] = {}
    for leftover in leftovers:
        claims.setdefault(leftover.resource.address, []).append(leftover)
    return claims


def by_aws(leftovers: Iterable[Leftover], environment: Environment) -> list[Leftover]:
    """`leftovers` under AWS's own names for them: their addresses are those of other resources.

    They are what a replacement that was cut short has left, or somebody's copy of the tags: nothing replaces them.
    """

    def one(item: Leftover) -> Leftover:
        whole = item.observed.physical_id
        named = Address(item.resource.kind, whole.replace(":", "/").rpartition("/")[2])
        address = Address(named.kind, whole) if named in environment.resources else named
        return replace(item, resource=replace(item.resource, address=address))

    return [one(item) for item in leftovers]


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


def _stands(observed: Observed, scope: Scope) -> bool:
    """Whether it is ours and there is still something to delete: of what AWS has on its list there is not."""
    return ours(observed, scope) and not observed.scheduled
