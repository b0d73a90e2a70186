"""The rows of the plan document: one resource, what is done to it and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.drift import Drift
from mfinfra.model import Action, Call, Drain, Effect, FieldChange, Mark, Ref, Settle, Step, Template, plain
from mfinfra.planning import diff, disruption, integrity
from mfinfra.planning.drift import Cause
from mfinfra.planning.plan import Planned

ACTIONS: Mapping[Action, tuple[str, ...]] = {
    Action.NOOP: ("no-op",),
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.DELETE: ("delete",),
    Action.REPLACE: ("delete", "create"),
    Action.ADOPT: ("adopt",),
    Action.ADOPT_UPDATE: ("adopt", "update"),
    Action.FORGET: ("forget",),
}


def resource_change(planned: Planned, cause: Cause) -> dict[str, Any]:
    """The row of one step."""
    step, resource = planned.step, planned.resource
    observed = planned.observed or (planned.retired.observed if planned.retired else None)
    before, after = _before_and_after(planned)
    known, unknown = _split(after)
    return {
        "address": str(step.address),
        "kind": step.address.kind,
        "name": step.address.name,
        "physical_id": observed.physical_id if observed else None,
        "action_reason": step.because or None,
        "change": {
            "actions": ["create", "delete"] if step.retire else list(ACTIONS[step.action]),
            "before": plain(before),
            "after": known,
            "after_unknown": unknown or {},
            "before_sensitive": {},
            "after_sensitive": {},
            "fields": [
                _field(leaf, cause.fields.get(change.path, Drift.NONE))
                for change in step.changes
                for leaf in _leaves(change, planned)
            ],
        },
        "calls": [_effect(effect) for effect in (*step.effects, *step.retire)],
        "source_range": _range(resource.mark),
        "depends_on": sorted(map(str, resource.depends_on)),
        "protected": resource.protect,
        "blocked": _block(step),
        "disruption": disruption.told(planned.work),
        "drift": cause.drift.value,
        "observed_sha256": integrity.digest([observed.spec, observed.tags, observed.outputs]) if observed else None,
    }


def _before_and_after(planned: Planned) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides in AWS's form: a field that stays is the same on both, however the file writes it.

    What is forgotten has no side after, as in Terraform's plans: it is no part of the environment then.
    """
    step, resource = planned.step, planned.resource
    fields = schemas.traits(step.address.kind).fields
    observed = planned.observed or (planned.retired.observed if planned.retired else None)
    before = None if observed is None else {name: observed.spec[name] for name in fields if name in observed.spec}
    if before is not None and observed is not None:
        before["tags"] = dict(observed.tags)
    if step.action in {Action.DELETE, Action.FORGET}:
        return before, None
    changed = {change.path[0]: change.after for change in step.changes if len(change.path) == 1}
    kept = before or {}
    wished = {name: changed.get(name, kept.get(name, resource.spec.get(name))) for name in fields}
    after = {name: value for name, value in wished.items() if value is not None}
    tags = {**(observed.tags if observed and not planned.retired else {}), **resource.tags}
    return before, {**after, "tags": tags}


def _leaves(change: FieldChange, planned: Planned) -> tuple[FieldChange, ...]:
    if change.before is None or change.after is None:
        return (change,)
    return diff.explain(change, schemas.traits(planned.step.address.kind), planned.resource.scope)


def _split(value: Any) -> tuple[Any, Any]:
    """What is known of `value`, and where it is not: the same shape with `true` at what AWS has yet to say."""
    match value:
        case Ref() | Template():
            return None, True
        case Mapping():
            parts = {key: _split(item) for key, item in value.items()}
            known = {key: item for key, (item, hidden) in parts.items() if hidden is not True}
            return known, {key: hidden for key, (_, hidden) in parts.items() if hidden} or None
        case list() | tuple():
            pairs = [_split(item) for item in value]
            hidden = [item for _, item in pairs]
            return [item for item, unknown in pairs if unknown is not True], hidden if any(hidden) else None
        case _:
            return value, None


def _field(change: FieldChange, drift: Drift) -> dict[str, Any]:
    """One leaf; `after_unknown` stands where AWS has yet to say something: a tag too may be called `unknown`."""
    _, unknown = _split(change.after)
    return {
        "path": list(change.path),
        "before": plain(change.before),
        "after": plain(change.after),
        **({"after_unknown": unknown} if unknown else {}),
        "replaces": change.replaces,
        "drift": drift.value,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    match effect:
        case Call():
            return _call(effect)
        case Settle():
            return {"wait": effect.why, "until": list(effect.ready) or ["gone"], "timeout_seconds": effect.timeout}
        case Drain():
            return {"repeat": _call(effect.question), "until_empty": effect.items, "with": _call(effect.call)}


def _call(call: Call) -> dict[str, Any]:
    return {"service": call.service, "operation": call.operation, "parameters": plain(call.params)}


def _range(mark: Mark | None) -> dict[str, Any] | None:
    return {"file": mark.file, "start": {"line": mark.line, "column": mark.column}} if mark else None


def _block(step: Step) -> dict[str, str | None] | None:
    """The first guard in the way; the others stand among the checks."""
    block = next(iter(step.blocks), None)
    if block is None:
        return None
    return {"code": block.code, "message": block.message, "hint": block.hint, "lifted_by": block.lifted_by}
