"""What stands beside what: of several resources under one address, which is the one, and what takes whose place. Pure.

A replacement that was cut short leaves two. The one that needs no replacement is the resource; the other is what it has
replaced, or what was begun and is not wanted any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from mfinfra import catalogue, ownership
from mfinfra.model import Action, Environment, Observed, Resource
from mfinfra.observe import Leftover
from mfinfra.planning import found

Candidates: TypeAlias = tuple[Observed | None, list[Leftover]]
"""What stands for a resource, and what else carries its tags."""


def chosen(resource: Resource, observed: Observed | None, others: Sequence[Leftover]) -> Candidates:
    """Of `observed` and `others`, the one that fits the wish best; the first where several fit alike."""
    if observed is None or not others or not _replaced_beside(resource, observed):
        return observed, list(others)
    there = [old(resource, observed), *others]
    best = min(there, key=lambda one: _misfit(resource, one.observed))
    return best.observed, [one for one in there if one is not best]


def old(resource: Resource, observed: Observed) -> Leftover:
    """What was `observed` at the address of `resource`, as something to be left behind."""
    identity = dict.fromkeys(resource.spec, None) | {"name": observed.spec["name"]}
    return Leftover(replace(resource, spec=identity, leftover=True), observed)


def begun(resource: Resource, others: Sequence[Leftover]) -> Leftover | None:
    """Of `others`, the one that an earlier run made to take the place of what fits as well; `None` if there is none."""
    return next(
        (
            one
            for one in others
            if _replaced_beside(resource, one.observed) and not any(_misfit(resource, one.observed))
        ),
        None,
    )


def bound(leftover: Leftover, environment: Environment) -> Resource:
    """The resource to be deleted, by the name that it goes by, with the file's word on how to delete its like."""
    resource = catalogue.driver(leftover.resource.kind).bound(leftover.resource, leftover.observed)
    said = ownership.of(leftover.observed, environment.scope).address
    declared = environment.resources.get(said) if said else None
    if declared is None or declared.kind != resource.kind or not resource.leftover:
        return resource
    return with_local(resource, declared)


def with_local(left: Resource, declared: Resource) -> Resource:
    """What is left behind, with what the file says on how to delete (`force_destroy` and its like)."""
    return replace(
        left, spec={**declared.spec, **{name: value for name, value in left.spec.items() if value is not None}}
    )


def _replaced_beside(resource: Resource, observed: Observed) -> bool:
    """Whether resources of its kind are replaced by another one that stands beside them."""
    return (
        found.ours(observed, resource.scope)
        and catalogue.driver(resource.kind).successor(resource, observed) is not None
    )


def _misfit(resource: Resource, observed: Observed) -> tuple[bool, bool, bool]:
    """The less, the better: it stays, it is not to be replaced, it can be used."""
    driver = catalogue.driver(resource.kind)
    step = driver.step(driver.bound(resource, observed), observed)
    return observed.leaving, step.action is Action.REPLACE, observed.broken
