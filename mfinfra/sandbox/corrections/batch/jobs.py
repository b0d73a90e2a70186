"""Jobs: submitted, waiting, running, ended. A test says how long they run: `run_for`, `start`, `finish`."""

from __future__ import annotations

import json
from typing import Any, Final

from moto.batch.models import batch_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.batch import processes, running, work
from mfinfra.sandbox.corrections.batch.records import bad_request, find, queues
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/batch/latest/APIReference"
LARGEST: Final = 30 * 1024
"""Bytes, https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html."""
STUCK: Final = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html"
KEYS: Final = ("jobs", "jobSummaryList")
STATES: Final = "https://docs.aws.amazon.com/batch/latest/userguide/job_states.html"


def run_for(looks: float) -> None:
    """Let `looks` looks see each job RUNNING, until the next reset; `work.UNTIL_FINISHED` is until `finish`."""
    shelf("job durations")["looks"] = looks


def start(job_id: str) -> str:
    """Let a job run at once; the ARN of the environment that took it. Raises `ValueError` if none does."""
    mine = _under_way(job_id)
    if mine.job.status == "RUNNABLE":
        work.place(mine)
    if mine.job.status == "STARTING":
        work.step(mine)
    if mine.job.status != "RUNNING":
        raise ValueError(f"job {job_id} is {mine.job.status}, and no environment takes it")
    return mine.environment


def finish(job_id: str, *, success: bool = True) -> None:
    """Let a job end now. Raises `ValueError` if it has ended."""
    _under_way(job_id).end(success=success)


@correction(
    "batch",
    "SubmitJob",
    restores="that a disabled queue takes no job",
    aws=f"{API}/API_UpdateJobQueue.html",
)
def enabled_queue(call: Call, forward: Forward) -> Answer:
    """Refuse a job for a queue that takes none. AWS says that it does; the words are from memory."""
    record = find(queues(call.region), call.params["jobQueue"])
    if record is not None and (record.said["state"] != "ENABLED" or record.turning.passing == "DELETING"):
        raise bad_request(f"Cannot submit job, job queue {record.name} is not ENABLED")
    return forward()


@correction(
    "batch",
    "SubmitJob",
    restores="that a job has a size",
    aws="https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html",
)
def size(call: Call, forward: Forward) -> Answer:
    """Refuse a job that is too large; the words are Batch's, https://github.com/ASFHyP3/hyp3/issues/3041."""
    used = len(json.dumps(call.params, separators=(",", ":")).encode())
    if used >= LARGEST:
        raise bad_request(f"Job size must be less than {LARGEST // 1024} KiB, got {used // 1024} KiB")
    return forward()


@correction(
    "batch",
    "SubmitJob",
    restores="that a job names its share where the queue has a scheduling policy, and nowhere else",
    aws=f"{API}/API_SubmitJob.html",
)
def share(call: Call, forward: Forward) -> Answer:
    """Refuse a job of no share for a queue that is shared, and one of a share for a queue that is not.

    The first words are Batch's, https://github.com/boto/boto3/issues/3158; those of the second are made up.
    """
    record = find(queues(call.region), call.params["jobQueue"])
    if record is not None:
        shared, named = "schedulingPolicyArn" in record.said, bool(call.params.get("shareIdentifier"))
        if shared and not named:
            raise bad_request("shareIdentifier must be specified.")
        if named and not shared:
            raise bad_request("shareIdentifier must not be specified: the job queue has no scheduling policy")
    return forward()


@correction(
    "batch",
    "SubmitJob",
    restores="that a job stays RUNNABLE while no enabled, valid environment of its queue has vCPUs enough, and runs",
    aws=STUCK,
)
def submit_job(call: Call, forward: Forward) -> Answer:
    """Hold what does not end at once, as moto lets every job. Arrays are left to moto."""
    answer, record = forward(), find(queues(call.region), call.params["jobQueue"])
    if record is not None and (processes.on() or not call.params.get("arrayProperties")):
        job = batch_backends[call.account][call.region]._jobs[answer["jobId"]]  # noqa: SLF001  moto keeps jobs here
        if processes.on():
            running.accept(call, job, record.arn, _vcpus(job))
        else:
            work.accept(job, call.region, record.arn, _vcpus(job))
    return answer


@correction(
    "batch",
    "ListJobs",
    "DescribeJobs",
    restores="that a job goes on while it is looked at, and fails when it or its queue is taken away",
    aws=STATES,
)
def look_at_jobs(call: Call, forward: Forward) -> Answer:
    """Let the jobs that are asked about go on, then tell how they are."""
    if processes.on():
        return _told(call, forward)
    question = f"{call.operation} {json.dumps(call.params, sort_keys=True)}"
    for mine in work.under_way(call.region):
        if not work.duration() or _asked_about(call, mine):
            work.look(mine, question)
    answer = forward()
    for row in answer.get("jobs", ()):
        known = work.find_work(row["jobId"])
        if known is not None and known.task and "container" in row:
            row["container"]["taskArn"] = known.task
    return answer


@correction(
    "batch",
    "TerminateJob",
    "CancelJob",
    restores="that a job which runs as a process is ended: with SIGTERM first, and with its array's others",
    aws=f"{API}/API_TerminateJob.html",
)
def end_job(call: Call, forward: Forward) -> Answer:
    """End the job that moto has marked, and those of an array; where jobs are counted in looks the next one ends it."""
    answer = forward()
    if processes.on():
        parent = call.params["jobId"]
        for mine in work.under_way(call.region):
            job = mine.job
            if job.job_id == parent or job.job_id.startswith(f"{parent}:"):
                if job.job_id != parent:
                    call.ask("batch", call.operation, jobId=job.job_id, reason=call.params["reason"])
                if job.stop:
                    running.stop(mine)
        running.dispatch(call.region)
    return answer


def _told(call: Call, forward: Forward) -> Answer:
    running.dispatch(call.region)
    answer = forward()
    return answer | {key: [running.told(row) for row in answer[key]] for key in KEYS if key in answer}


def _under_way(job_id: str) -> work.Work:
    mine = work.find_work(job_id)
    if mine is None or mine.job.job_stopped:
        raise ValueError(f"job {job_id} is not under way")
    return mine


def _asked_about(call: Call, mine: work.Work) -> bool:
    if call.operation == "DescribeJobs":
        return bool({mine.job.job_id, mine.job.arn} & {*call.params["jobs"]})
    return call.params.get("jobQueue") in (mine.queue, mine.queue.rsplit("/", 1)[-1])


def _vcpus(job: Any) -> float:
    wanted = job.container_overrides.get("resourceRequirements", [])
    said = [row["value"] for row in wanted if row["type"] == "VCPU"]
    said += [job.container_overrides["vcpus"]] if "vcpus" in job.container_overrides else []
    return float(said[0] if said else job.job_definition._get_resource_requirement("vcpus", 0))  # noqa: SLF001  moto has no other reader
