"""Which work may begin when: what is made after what it needs, what is deleted after what needs it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter

from mfinfra import schemas
from mfinfra.model import Action, Address, Resource, Step

Needs = Mapping[Address, frozenset[Address]]


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One piece of work: a step's effects, or (`retire`) the end of what it replaced."""

    address: Address
    retire: bool = False


@cache
def kinds_needed(kind: str) -> frozenset[str]:
    """The kinds that `kind` can refer to by the schemas, directly or through others; itself left out."""
    found: set[str] = set()
    pending = sorted(_referred(kind))
    while pending:
        name = pending.pop()
        if name != kind and name not in found:
            found.add(name)
            pending.extend(_referred(name))
    return frozenset(found)


def creation_order(resources: Mapping[Address, Resource]) -> tuple[Address, ...]:
    """Every address after those that it depends on; ties in the order of the addresses."""
    return _in_order({address: resource.depends_on & resources.keys() for address, resource in resources.items()})


def deletion_order(addresses: Collection[Address], depends_on: Needs) -> tuple[Address, ...]:
    """Every address after all that need it; ties in the order of the addresses."""
    return _in_order(deletion_needs(addresses, depends_on))


def deletion_needs(addresses: Collection[Address], depends_on: Needs) -> dict[Address, frozenset[Address]]:
    """What must be gone before each address may go: all that refer to it, or that could by their kind.

    What has left the file cannot say what it depended on: there the kinds decide. Where the file's own word and the
    kinds contradict each other, the file's word holds.
    """
    ordered = sorted(addresses)
    explicit = {one: frozenset(two for two in ordered if one in depends_on.get(two, ())) for one in ordered}
    by_kind = {one: explicit[one] | {two for two in ordered if _above(two.kind, one.kind)} for one in ordered}
    try:
        _in_order(by_kind)
    except CycleError:
        return explicit
    return by_kind


def graph(steps: Iterable[Step], depends_on: Needs) -> dict[Node, frozenset[Node]]:
    """The work of a plan, and for each piece what must be done before it.

    A delete waits for the changes of everything whose kind could still refer to it: they move off it first. What is
    only forgotten needs nothing of others. The work stands in the order of the steps, so that two runs begin alike.
    """
    steps = tuple(steps)
    forgotten = {step.address: step.behind for step in steps if step.action is Action.FORGET}
    made = dict.fromkeys(step.address for step in steps if step.action is not Action.DELETE)
    leaving = [step for step in steps if step.action is Action.DELETE or step.retire]
    needs = {
        Node(address): frozenset(
            Node(other) for other in forgotten.get(address, depends_on.get(address, ())) if other in made
        )
        for address in made
    }
    going = {step.address: Node(step.address, retire=step.action is not Action.DELETE) for step in leaving}
    before = deletion_needs(going, depends_on)
    for address, node in going.items():
        movers = {Node(other) for other in made if _may_refer(other, address, depends_on)}
        own = {Node(address)} if node.retire else set()
        needs[node] = frozenset(movers | own | {going[other] for other in before[address]})
    return needs


def _in_order(needs: Needs) -> tuple[Address, ...]:
    """Round after round of what needs nothing more, each sorted: two runs over one world must not differ."""
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    found: list[Address] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found += ready
        sorter.done(*ready)
    return tuple(found)


def _above(one: str, other: str) -> bool:
    """Whether kind `one` can refer to `other`; of two that refer to each other neither stands above."""
    return other in kinds_needed(one) and one not in kinds_needed(other)


def _may_refer(one: Address, other: Address, depends_on: Needs) -> bool:
    return other in depends_on.get(one, ()) or other.kind in kinds_needed(one.kind)


def _referred(kind: str) -> frozenset[str]:
    known = set(schemas.kinds())
    return frozenset(name for target in schemas.traits(kind).refers_to.values() for name in target if name in known)
