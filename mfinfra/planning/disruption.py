"""Running work: what a plan would stop of it, and the guard over that. Pure; `observe.work` asks the questions.

MF4108 something is replaced, disabled or deleted while jobs wait or run on it
"""

from __future__ import annotations

from collections.abc import Mapping
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
        block = (_block(planned.step, work),) if work.count else ()
        return replace(planned, work=work, step=replace(planned.step, blocks=(*planned.step.blocks, *block)))

    return replace(plan, planned=tuple(one(planned) for planned in plan.planned))


def told(work: Work | None) -> dict[str, Any]:
    """The work in the form of the plan document; empty where nobody had to ask."""
    if work is None:
        return {}
    jobs = {queue: dict(statuses) for queue, statuses in sorted(work.jobs.items())}
    return {"running_jobs": work.count, "jobs": jobs}


def _block(step: Step, work: Work) -> Block:
    queues = [f"`{queue}` ({_listed(statuses)})" for queue, statuses in sorted(work.jobs.items())]
    jobs = f"{counted(work.count, 'job')} in {' and '.join(queues)}"
    return Block(
        "MF4108",
        f"`{step.address}` would be {DONE.get(step.action, 'disabled')} under {jobs}",
        "wait until they are done, or accept that they are stopped or wait on: `--allow-disruption`",
        "--allow-disruption",
    )


def _listed(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.items() if count)
