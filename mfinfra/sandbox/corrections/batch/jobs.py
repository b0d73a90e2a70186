"""Jobs that no compute environment takes: they wait, RUNNABLE, until one does."""

from __future__ import annotations

from typing import Any, Final

from moto.batch.models import batch_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.batch.records import environments, find, queues
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.shelves import shelf

STUCK: Final = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html"


@correction(
    "batch",
    "SubmitJob",
    restores="that a job stays RUNNABLE while no enabled, valid environment of its queue has vCPUs enough",
    aws=STUCK,
)
def submit_job(call: Call, forward: Forward) -> Answer:
    """Hold what nothing takes; moto ends every job well at once. Arrays are left to moto."""
    answer, params = forward(), call.params
    if params.get("arrayProperties") or _taken(call, params["jobQueue"], _vcpus(call, answer["jobId"])):
        return answer
    job = _job(call, answer["jobId"])
    job.status, job.job_stopped, job.log_stream_name = "RUNNABLE", False, None
    job.attempts, job.latest_attempt = [], None
    shelf("held jobs", call.region)[job.job_id] = params["jobQueue"]
    return answer


@correction(
    "batch",
    "ListJobs",
    "DescribeJobs",
    restores="that a waiting job goes on once an environment takes it, and fails when it or its queue is taken away",
    aws=STUCK,
)
def look_at_jobs(call: Call, forward: Forward) -> Answer:
    """Let go of what waits no longer, then look."""
    held = shelf("held jobs", call.region)
    for job_id, queue in list(held.items()):
        job, stands = _job(call, job_id), find(queues(call.region), queue) is not None
        if job.stop or not stands:
            job._mark_stopped(success=False)  # noqa: SLF001  moto's own way to end a job
        elif _taken(call, queue, _vcpus(call, job_id)):
            job._mark_stopped(success=True)  # noqa: SLF001  the same
        if job.job_stopped:
            del held[job_id]
    return forward()


def _taken(call: Call, queue: str, vcpus: float) -> bool:
    """Whether an environment of the queue has room; a queue that moto alone knows takes everything."""
    record = find(queues(call.region), queue)
    if record is None:
        return True
    known = environments(call.region)
    members = [known[entry["computeEnvironment"]] for entry in record.said["computeEnvironmentOrder"]]
    return any(
        each.said["state"] == "ENABLED"
        and each.turning.now == "VALID"
        and vcpus <= each.said.get("computeResources", {}).get("maxvCpus", vcpus)
        for each in members
    )


def _vcpus(call: Call, job_id: str) -> float:
    job = _job(call, job_id)
    wanted = job.container_overrides.get("resourceRequirements", [])
    said = [row["value"] for row in wanted if row["type"] == "VCPU"]
    said += [job.container_overrides["vcpus"]] if "vcpus" in job.container_overrides else []
    return float(said[0] if said else job.job_definition._get_resource_requirement("vcpus", 0))  # noqa: SLF001  moto has no other reader


def _job(call: Call, job_id: str) -> Any:
    return batch_backends[call.account][call.region]._jobs[job_id]  # noqa: SLF001  moto keeps jobs here
