"""How Metaflow has to be configured, before and after a plan: the keys whose value the plan changes. Pure.

Nothing is remembered and no machine's own configuration is read, so that two plans of one world are equal. *Before* is
the configuration that serves what stands in AWS now, read through the file as it is; *after* is the one that serves
what stands once the plan is carried out, its blocked steps too: the rows describe the plan, whether or not it may run.

- What a managed resource decides has the name it goes by in AWS. What is not there decides nothing: its key is absent.
- What no resource decides (an image, a prefix, somebody else's queue) cannot be read off AWS. It counts as configured
  as soon as anything that the `metaflow` block names stands, or if all that it names is somebody else's.
- What is nobody's and is adopted here counts as standing: adoption puts tags on, and Metaflow sees no difference.
- A field that has left the block leaves no trace but the resource that played its part. Where exactly one resource that
  the plan deletes can have been it, that one's name is what was configured.
- A value that only AWS can tell reads `${kind.name.attribute}`. Of a secret there is its ARN, never what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mfinfra import confidential, ownership
from mfinfra.metaflow import settings, traces
from mfinfra.model import Action, Address, Environment, Observed, Outputs, Spec, fill, refs
from mfinfra.ownership import Standing
from mfinfra.planning.plan import Plan, Planned

Known = Mapping[Address, Outputs]
Row = dict[str, str | None]


def changes(plan: Plan) -> dict[str, Row]:
    """The keys whose value differs, sorted, each with its text before and after; `None` where it is not set."""
    wished = {**settings.derived(plan.environment), **settings.withheld(plan.environment)}
    now, then = _now(plan), _then(plan)
    before, after = _configured(wished, now), _configured(wished, then)
    before = {**_left(plan, wished), **before}
    keys = sorted(before.keys() | after.keys())
    return {
        key: {"before": before.get(key), "after": after.get(key)} for key in keys if before.get(key) != after.get(key)
    }


def _configured(wished: Mapping[str, Any], standing: Known) -> dict[str, str]:
    """The configuration that serves what is `standing`."""
    named = {ref.address for ref in refs(wished)}
    if named and not named & standing.keys():
        return {}
    found = {
        key: _shown(value, standing)
        for key, value in wished.items()
        if all(ref.address in standing for ref in refs(value))
    }
    idle = [key for key, other in settings.COMPANIONS.items() if other in wished and other not in found]
    return {key: value for key, value in found.items() if key not in idle}


def _shown(value: Any, standing: Known) -> str:
    filled = fill(value, lambda ref: standing.get(ref.address, {}).get(ref.attribute))
    return confidential.masked(settings.text(filled))


def _now(plan: Plan) -> dict[Address, Outputs]:
    """What stands, by its address in the file: ours, or about to be adopted."""
    planned = {one.step.address: one for one in plan.planned}
    found = {}
    for address in plan.environment.resources:
        observed = _standing(plan.survey.observed.get(address), planned.get(address), plan.environment)
        if observed is not None:
            found[address] = observed.outputs
    return found


def _standing(seen: Observed | None, planned: Planned | None, environment: Environment) -> Observed | None:
    seen = None if seen is None or seen.leaving else seen
    owner = ownership.of(seen, environment.scope).standing if seen else None
    if owner is Standing.OURS:
        return seen
    if planned and planned.retired:
        return planned.retired.observed
    brought = planned is not None and planned.step.action is not Action.DELETE
    return seen if owner is Standing.NOBODYS and brought else None


def _then(plan: Plan) -> dict[Address, Outputs]:
    """What stands once the plan is carried out; what the plan has nothing to do with stays as it is."""
    going = {one.step.address for one in plan.planned if one.step.action is Action.DELETE}
    found = {address: outputs for address, outputs in _now(plan).items() if address not in going}
    for one in plan.planned:
        if one.step.address not in going:
            kept = one.observed.outputs if one.observed and one.stands else {}
            found[one.step.address] = {**kept, **settings.identity(one.resource)}
    return found


def _left(plan: Plan, wished: Mapping[str, Any]) -> dict[str, str]:
    """What was configured through resources that are not in the file any more, and that the plan deletes."""
    found = {}
    for key, (_, attribute, behind) in settings.PLAYED.items():
        outputs = _only(_leaving(plan, traces.PLAYED_BY[key][0]), traces.PLAYED_BY[key][1])
        if outputs is not None:
            found[key] = f"{outputs[attribute]}{behind}"
    bucket = _only(_leaving(plan, "bucket"), lambda _: True)
    if bucket is not None:
        moved = {key: refs(value) for key, value in wished.items() if _kinds(value) == {"bucket"}}
        found |= {key: _shown(wished[key], {ref.address: bucket for ref in places}) for key, places in moved.items()}
        found |= {key: wished[key] for key, other in settings.COMPANIONS.items() if other in moved}
    return found


def _leaving(plan: Plan, kind: str) -> Iterator[Observed]:
    for one in plan.planned:
        gone = one.step.action is Action.DELETE and one.step.address not in plan.environment.resources
        if gone and one.step.address.kind == kind and one.observed is not None:
            yield one.observed


def _only(found: Iterator[Observed], fits: Callable[[Spec], bool]) -> Outputs | None:
    """The outputs of the one that fits; `None` if there is none, or a choice."""
    fitting = [observed.outputs for observed in found if fits(observed.spec)]
    return fitting[0] if len(fitting) == 1 else None


def _kinds(value: Any) -> set[str]:
    return {ref.address.kind for ref in refs(value)}
