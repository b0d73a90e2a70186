"""The plan as one JSON document: what is printed, saved and rendered; renderers read this and nothing else. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra import __version__, permissions, schemas
from mfinfra.errors import Problem
from mfinfra.model import Action, Address, Call, Drain, Effect, FieldChange, Mark, Ref, Settle, Step, Template, plain
from mfinfra.planning import diff, gate, integrity
from mfinfra.planning.plan import Plan, Planned

FORMAT_VERSION = "1.0"

ACTIONS: Mapping[Action, tuple[str, ...]] = {
    Action.NOOP: ("no-op",),
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.DELETE: ("delete",),
    Action.REPLACE: ("delete", "create"),
    Action.ADOPT: ("adopt",),
    Action.ADOPT_UPDATE: ("adopt", "update"),
}
COUNTED: Mapping[Action, str] = {
    Action.NOOP: "unchanged",
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.DELETE: "delete",
    Action.REPLACE: "replace",
    Action.ADOPT: "adopt",
    Action.ADOPT_UPDATE: "adopt",
}
DETAILS: Mapping[str, None] = {"hint": None, "lifted_by": None}
SUMMARY = ("adopt", "create", "update", "replace", "delete", "unchanged", "blocked")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of a run beside the plan: when, by whom, from which commit. `created` is ISO 8601 in UTC."""

    created: str
    caller: str
    endpoint: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None


def of(plan: Plan, provenance: Provenance, warnings: Sequence[Problem] = ()) -> dict[str, Any]:
    """The document of `plan`. Two plans of the same world differ in `created` only."""
    scope = plan.environment.scope
    changes = [_resource_change(planned) for planned in plan.planned]
    calls = [call for step in plan.steps for effect in (*step.effects, *step.retire) for call in _asked(effect)]
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "mfinfra_version": __version__,
        "created": provenance.created,
        "applyable": plan.work and not plan.blocks,
        "complete": True,
        "environment": {
            "name": scope.environment,
            "account": scope.account,
            "region": scope.region,
            "partition": scope.partition,
            "caller": provenance.caller,
            "endpoint": provenance.endpoint,
        },
        "source": {
            "path": plan.environment.source.path,
            "sha256": plan.environment.source.sha256,
            "git_commit": provenance.git_commit,
            "git_dirty": provenance.git_dirty,
        },
        "options": {
            "destroy": plan.options.destroy,
            **{name: sorted(getattr(plan.options, name)) for name in ("adopt",)},
        },
        "resource_changes": changes,
        "checks": _checks(plan, warnings),
        "metaflow_changes": {},
        "required_actions": list(permissions.actions(calls)),
        "summary": summary(plan.steps),
    }
    document["integrity"] = integrity.seal(document, _desired(plan))
    return document


def summary(steps: Sequence[Step]) -> dict[str, int]:
    """How many steps of each sort; a blocked one counts as `blocked` too."""
    counts = Counter(COUNTED[step.action] for step in steps)
    counts["blocked"] = sum(bool(step.blocks) for step in steps)
    return {word: counts[word] for word in SUMMARY}


def text(document: Mapping[str, Any]) -> str:
    """The document as JSON text, keys sorted, ending in a newline."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _resource_change(planned: Planned) -> dict[str, Any]:
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
            "fields": [_field(leaf) for change in step.changes for leaf in _leaves(change, planned)],
        },
        "calls": [_effect(effect) for effect in (*step.effects, *step.retire)],
        "source_range": _range(resource.mark),
        "depends_on": sorted(map(str, resource.depends_on)),
        "protected": resource.protect,
        "blocked": _block(step),
        "disruption": {},
        "observed_sha256": integrity.digest([observed.spec, observed.tags, observed.outputs]) if observed else None,
    }


def _before_and_after(planned: Planned) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    step, resource = planned.step, planned.resource
    fields = schemas.traits(step.address.kind).fields
    observed = planned.observed or (planned.retired.observed if planned.retired else None)
    before = None if observed is None else {name: observed.spec[name] for name in fields if name in observed.spec}
    if before is not None and observed is not None:
        before["tags"] = dict(observed.tags)
    if step.action is Action.DELETE:
        return before, None
    after = {name: resource.spec[name] for name in fields if resource.spec.get(name) is not None}
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


def _field(change: FieldChange) -> dict[str, Any]:
    """One leaf; `after_unknown` stands where AWS has yet to say something: a tag too may be called `unknown`."""
    _, unknown = _split(change.after)
    return {
        "path": list(change.path),
        "before": plain(change.before),
        "after": plain(change.after),
        **({"after_unknown": unknown} if unknown else {}),
        "replaces": change.replaces,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    match effect:
        case Call():
            return _call(effect)
        case Settle():
            return {"wait": effect.why, "until": list(effect.ready) or ["gone"], "timeout_seconds": effect.timeout}
        case Drain():
            return {"repeat": _call(effect.question), "until_empty": effect.items, "with": _call(effect.call)}


def _asked(effect: Effect) -> tuple[Call, ...]:
    """Every call that an effect makes, those that only ask too."""
    match effect:
        case Call():
            return (effect,)
        case Settle():
            return (effect.question,)
        case Drain():
            return (effect.question, effect.call)


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


def _checks(plan: Plan, warnings: Sequence[Problem]) -> list[dict[str, Any]]:
    """What was looked at beside the differences: warnings of the file and of AWS, then every guard."""

    def row(code: str, status: str, message: str, address: Address | str | None, **more: Any) -> dict[str, Any]:
        place = str(address) if address else None
        return {"code": code, "status": status, "message": message, "address": place, **DETAILS, **more}

    health = [
        row("MF2000", "warn", warning, planned.step.address)
        for planned in plan.planned
        if planned.observed
        for warning in planned.observed.warnings
    ]
    refused = [
        row(block.code, "fail", block.message, address, hint=block.hint, lifted_by=block.lifted_by)
        for address, block in plan.blocks
    ]
    codes = {block.code for _, block in plan.blocks}
    passed = [row(code, "pass", said, None) for code, said in gate.PASSED.items() if code not in codes]
    return [
        *(row(item.code, "warn", item.message, item.subject, hint=item.hint) for item in warnings),
        *health,
        *refused,
        *passed,
    ]


def _desired(plan: Plan) -> str:
    wished = plan.environment.resources
    return integrity.digest({str(address): [item.spec, item.tags] for address, item in wished.items()})
