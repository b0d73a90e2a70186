"""The plan as one JSON document: what is printed, saved and rendered; renderers read this and nothing else. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra import __version__, permissions, records
from mfinfra.errors import Problem
from mfinfra.model import Action, Address, Call, Drain, Effect, Settle, Step
from mfinfra.planning import configuration, drift, gate, integrity, rows
from mfinfra.planning.plan import Options, Plan

FORMAT_VERSION = "1.0"

COUNTED: Mapping[Action, str] = {
    Action.NOOP: "unchanged",
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.DELETE: "delete",
    Action.REPLACE: "replace",
    Action.ADOPT: "adopt",
    Action.ADOPT_UPDATE: "adopt",
    Action.FORGET: "forget",
}
DETAILS: Mapping[str, None] = {"hint": None, "lifted_by": None}
SELECTIONS = ("adopt", "target", "exclude", "replace", "forget")
SUMMARY = ("adopt", "create", "update", "replace", "delete", "forget", "unchanged", "blocked")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of a run beside the plan: when, by whom, from which commit. `created` is ISO 8601 in UTC."""

    created: str
    caller: str
    endpoint: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None


def of(
    plan: Plan, provenance: Provenance, warnings: Sequence[Problem] = (), applies: drift.Applies | None = None
) -> dict[str, Any]:
    """The document of `plan`, keys sorted. Two plans of the same world differ in `created` only."""
    scope = plan.environment.scope
    causes = drift.causes(plan, applies)
    changes = [rows.resource_change(planned, causes[planned.step.address]) for planned in plan.planned]
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "mfinfra_version": __version__,
        "created": provenance.created,
        "applyable": plan.work and not plan.blocks,
        "complete": plan.complete,
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
            **{name: sorted(getattr(plan.options, name)) for name in SELECTIONS},
        },
        "resource_changes": changes,
        "checks": _checks(plan, warnings),
        "metaflow_changes": configuration.changes(plan),
        "required_actions": _required_actions(plan),
        "summary": summary(plan.steps),
    }
    document["integrity"] = integrity.seal(document, _desired(plan))
    # In the order in which it is read back: it is told alike. Without indentation it is written several times as fast.
    found: dict[str, Any] = json.loads(json.dumps(document, sort_keys=True))
    return found


def options(document: Mapping[str, Any]) -> Options:
    """What shaped the plan beside its file."""
    written = document["options"]
    return Options(written["destroy"], **{name: frozenset(written.get(name, ())) for name in SELECTIONS})


def summary(steps: Sequence[Step]) -> dict[str, int]:
    """How many steps of each sort; a blocked one counts as `blocked` too."""
    counts = Counter(COUNTED[step.action] for step in steps)
    counts["blocked"] = sum(bool(step.blocks) for step in steps)
    return {word: counts[word] for word in SUMMARY}


def text(document: Mapping[str, Any]) -> str:
    """The document as JSON text, keys sorted, ending in a newline."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _required_actions(plan: Plan) -> list[str]:
    """What carrying the plan out takes: its calls, its waits, and the lock and receipt around them."""
    calls = [call for step in plan.steps for effect in (*step.effects, *step.retire) for call in _asked(effect)]
    kept = records.ACTIONS if plan.work and records.place(plan.environment) else ()
    return sorted({*permissions.actions(calls), *kept})


def _asked(effect: Effect) -> tuple[Call, ...]:
    """Every call that an effect makes, those that only ask too."""
    match effect:
        case Call():
            return (effect,)
        case Settle():
            return (effect.question,)
        case Drain():
            return (effect.question, effect.call)


def _checks(plan: Plan, warnings: Sequence[Problem]) -> list[dict[str, Any]]:
    """What was looked at beside the differences: warnings of the file and of AWS, then every guard.

    A warning that the file suppresses keeps its row, with the reason.
    """

    def row(code: str, status: str, message: str, address: Address | str | None, **more: Any) -> dict[str, Any]:
        place = str(address) if address else None
        return {"code": code, "status": status, "message": message, "address": place, **DETAILS, **more}

    def told(item: Problem) -> dict[str, Any]:
        if item.severity == "suppressed":
            return row(item.code, "suppressed", item.message, item.subject, hint=item.hint, reason=item.reason)
        return row(item.code, "warn", item.message, item.subject, hint=item.hint)

    health = [
        row("MF2000", "warn", warning, planned.step.address)
        for planned in plan.planned
        for observed in (planned.observed, planned.retired.observed if planned.retired else None)
        if observed
        for warning in observed.warnings
    ]
    refused = [
        row(block.code, "fail", block.message, address, hint=block.hint, lifted_by=block.lifted_by)
        for address, block in plan.blocks
    ]
    codes = {block.code for _, block in plan.blocks}
    passed = [row(code, "pass", said, None) for code, said in gate.PASSED.items() if code not in codes]
    return [
        *(told(item) for item in (*warnings, *plan.notes)),
        *health,
        *refused,
        *passed,
    ]


def _desired(plan: Plan) -> str:
    wished = plan.environment.resources
    return integrity.digest({str(address): [item.spec, item.tags] for address, item in wished.items()})
