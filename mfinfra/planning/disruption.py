"""Running work: what a plan would stop of it, and the guard over that. Pure; `observe.work` asks the questions.

MF4108 something is replaced, disabled or deleted while jobs wait or run on it
MF4110 something goes that others still send their work to
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mfinfra import catalogue
from mfinfra.model import Action, Address, Asking, Block, Step, Work
from mfinfra.planning.plan import Plan, Planned
from mfinfra.plural import counted

DONE: Mapping[Action, str] = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}


def questions(plan: Plan) -> dict[Address, Asking]:
    """The questions after the work that the plan's steps would stop; none for a plan that stops none."""
    found: dict[Address, Asking] = {}
    for planned in plan.planned:
        going = planned.retired.observed if planned.retired else planned.observed
        asking = catalogue.driver(planned.resource.kind).work(planned.step, going) if going else None
        if asking is not None:
            found[planned.step.address] = asking
    return found


def weighed(plan: Plan, found: Mapping[Address, Work]) -> Plan:
    """`plan` with the work that was `found` at its steps, which block where there is any."""

    def one(planned: Planned) -> Planned:
        work = found.get(planned.step.address)
        if work is None:
            return planned
        blocks = [_busy(planned.step, work)] if work.count and not work.spared else []
        if held := _held(plan, planned, work):
            blocks.append(_referred(planned, held))
        return replace(planned, work=work, step=replace(planned.step, blocks=(*planned.step.blocks, *blocks)))

    return replace(plan, planned=tuple(one(planned) for planned in plan.planned))


def told(work: Work | None) -> dict[str, Any]:
    """The work in the form of the plan document; empty where nobody had to ask."""
    if work is None:
        return {}
    jobs = {queue: dict(statuses) for queue, statuses in sorted(work.jobs.items())}
    return {"running_jobs": work.count, "jobs": jobs}


def _busy(step: Step, work: Work) -> Block:
    queues = [f"`{queue}` ({_listed(statuses)})" for queue, statuses in sorted(work.jobs.items())]
    jobs = f"{counted(work.count, 'job')} in {' and '.join(queues)}"
    return Block(
        "MF4108",
        f"`{step.address}` would be {DONE.get(step.action, 'disabled')} under {jobs}",
        "wait until they are done, or accept that they are stopped or wait on: `--allow-disruption`",
        "--allow-disruption",
    )


def _held(plan: Plan, planned: Planned, work: Work) -> list[str]:
    """Who still refers to what goes when the plan is carried out: what is not ours, or stays as it is."""
    going = planned.leaving
    if going is None:
        return []
    moved = {one.leaving.physical_id for one in plan.planned if one.leaving is not None}
    for one in plan.planned:
        if one.observed is not None and going.physical_id not in _mentioned(_wish(one)):
            moved.add(one.observed.physical_id)
    return [user for user in work.users if user not in moved]


def _wish(planned: Planned) -> Any:
    driver = catalogue.driver(planned.resource.kind)
    return {} if planned.step.action is Action.DELETE else driver.wish(planned.resource)


def _mentioned(value: Any) -> frozenset[str]:
    """Every text in a value."""
    match value:
        case str():
            return frozenset({value})
        case Mapping():
            return frozenset().union(*map(_mentioned, value.values()))
        case list() | tuple():
            return frozenset().union(*map(_mentioned, value))
        case _:
            return frozenset()


def _referred(planned: Planned, users: Sequence[str]) -> Block:
    going = planned.leaving
    named = " and ".join(f"`{user.rpartition('/')[2]}`" for user in users)
    goes = going.outputs.get("name", going.physical_id) if going else planned.step.address
    refer = (
        "refers to it, and this plan does not move it off"
        if len(users) == 1
        else ("refer to it, and this plan does not move them off")
    )
    return Block(
        "MF4110",
        f"`{goes}` of `{planned.step.address}` cannot go: {named} {refer}",
        "let whoever owns it take the environment out of it, or take it into this file and adopt it; "
        f"what is in the file refers to it as `{planned.step.address}`, and not by its name",
    )


def _listed(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.items() if count)
