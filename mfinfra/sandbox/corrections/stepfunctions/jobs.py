"""`batch:submitJob.sync`: a job, waited for to its end.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Call, ServiceError
from mfinfra.sandbox.corrections.stepfunctions import shapes, tasks
from mfinfra.sandbox.corrections.stepfunctions.engine import Engine
from mfinfra.sandbox.corrections.stepfunctions.tasks import Integration
from mfinfra.sandbox.machines.failure import RUNTIME, TASK_FAILED, StateError

STARTED_BY: Final = {"Name": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
"""The variable that Step Functions adds to a job's environment."""

LOOK_SECONDS: Final = 0.2
MOST_LOOKS: Final = 20
"""Looks a second at all jobs together: a foreach of a hundred must not take the machine from its jobs."""

ABORTED: Final = "Task execution was aborted"

log = logging.getLogger(__name__)


async def run(  # noqa: PLR0913, PLR0917  what a job is run by, and what it says
    engine: Engine, call: Call, role: str, integration: Integration, parameters: Any, submitted: Callable[[Any], None]
) -> Any:
    """Submit a job and wait for its end; its description. A job that fails raises `StateError`."""
    tasks.asked_with(integration, parameters)
    overrides = dict(parameters.get("ContainerOverrides") or {})
    overrides["Environment"] = [*overrides.get("Environment", ()), STARTED_BY]
    given = {**parameters, "ContainerOverrides": overrides}
    answer = tasks.perform(engine, call, role, integration, given)
    submitted(answer)
    engine.waiting += 1
    try:
        return await _ended(engine, call, answer["JobId"])
    except asyncio.CancelledError:
        _terminate(engine, call, role, answer["JobId"])
        raise
    finally:
        engine.waiting -= 1


async def _ended(engine: Engine, call: Call, job: str) -> Any:
    shape = Integration("batch", "DescribeJobs", "describeJobs", waits=False).model.output_shape
    while True:
        rows = shapes.out_of(shape, engine.ask(call, "batch", "DescribeJobs", jobs=[job]))["Jobs"]
        if not rows:
            raise StateError(RUNTIME, f"the job {job} is not there any more")
        if rows[0]["Status"] == "SUCCEEDED":
            return rows[0]
        if rows[0]["Status"] == "FAILED":
            raise StateError(TASK_FAILED, json.dumps(rows[0], separators=(",", ":")))
        await asyncio.sleep(max(LOOK_SECONDS, engine.waiting / MOST_LOOKS))


def _terminate(engine: Engine, call: Call, role: str, job: str) -> None:
    """End the job, if the role may: without the permission it goes on, as on AWS."""
    if engine.closed:
        return
    try:
        tasks.check(call, role, "batch:TerminateJob", {"jobId": job})
    except ServiceError as error:
        log.warning("the job %s goes on: %s", job, error.message)
        return
    engine.ask(call, "batch", "TerminateJob", jobId=job, reason=ABORTED)
