"""ECS, as far as Batch uses it: each compute environment has a cluster, and each job on it is a task there."""

from __future__ import annotations

import json
from typing import Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.batch import work
from mfinfra.sandbox.corrections.batch.records import Record, environments
from mfinfra.sandbox.corrections.call import Answer, Call, Forward

PAGE: Final = 100


@correction(
    "ecs",
    "ListTasks",
    restores="the tasks of the jobs on a compute environment's cluster, in pages",
    aws="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html",
)
def list_tasks(call: Call, forward: Forward) -> Answer:
    """One task for each STARTING or RUNNING job; moto answers for other clusters, and for those that are not there."""
    record = _owner(call)
    if record is None:
        return forward()
    question = f"{call.operation} {json.dumps(call.params, sort_keys=True)}"
    for mine in work.running_on(call.region, record.arn):
        work.look(mine, question)
    running = call.params.get("desiredStatus", "RUNNING") == "RUNNING"
    tasks = [mine.task for mine in work.running_on(call.region, record.arn)] if running else []
    start = int(call.params.get("nextToken") or 0)
    end = start + int(call.params.get("maxResults") or PAGE)
    return {"taskArns": tasks[start:end]} | ({"nextToken": str(end)} if end < len(tasks) else {})


def _owner(call: Call) -> Record | None:
    cluster = call.params.get("cluster", "")
    for record in environments(call.region).values():
        arn = record.said["ecsClusterArn"]
        if cluster in (arn, arn.rsplit("/", 1)[-1]):
            return record
    return None
