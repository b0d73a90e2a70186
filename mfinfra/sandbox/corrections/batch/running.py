"""Jobs as processes: placed where there is room, tried as often as they may be, ended with the sandbox.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any, Final

from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.batch import container, processes, work
from mfinfra.sandbox.corrections.batch.attempt import Attempt, Outcome
from mfinfra.sandbox.corrections.batch.container import Container
from mfinfra.sandbox.corrections.batch.records import environments, find, queues
from mfinfra.sandbox.corrections.batch.surroundings import Place
from mfinfra.sandbox.corrections.call import Answer, Call
from mfinfra.sandbox.corrections.shelves import shelf

DEPENDENCY_FAILED: Final = "Dependent Job failed"
LONGEST_OVERRIDES: Final = 8192
"""Characters of JSON that ECS takes, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html."""
OVERRIDES_TOO_LONG: Final = f"Container Overrides length must be at most {LONGEST_OVERRIDES}"
"""What Batch says then, long after it took the job: https://github.com/Netflix/metaflow/issues/1482."""
ENDED: Final = frozenset({"SUCCEEDED", "FAILED"})


@dataclass(slots=True)
class Run:
    """A job that runs as a process, from its submission on."""

    mine: work.Work
    container: Container
    call: Call
    index: int | None = None
    siblings: tuple[Any, ...] = ()
    """All children of its array, as moto's jobs."""
    parent: Any = None
    attempts: list[Answer] = field(default_factory=list)
    attempt: Attempt | None = None
    began: float = 0.0
    """When its last process began, in seconds since 1970; 0 where none did yet."""
    last: Answer = field(default_factory=dict)
    """What is told of the container of the last attempt."""

    def end(self) -> None:
        """Its job was ended: so is its process."""
        if self.attempt is not None:
            self.attempt.kill()
        if self.parent is not None:
            _settle(self.parent, self.siblings)


def runs() -> dict[str, Run]:
    """Every job that ran or is to run, by id."""
    return shelf("job runs")


def accept(call: Call, job: Any, queue: str, vcpus: float) -> None:
    """Begin with a job, or with the children of an array, which moto has ended already; run what can be run."""
    if job.job_definition.container_properties is None:
        _refuse(job)
        return
    wanted = container.read(job.job_definition, call.params)
    children = tuple(job._child_jobs or ())  # noqa: SLF001  moto has no other list of them
    if children:
        job.status, job.job_stopped = "PENDING", False
    for index, each in enumerate(children or (job,)):
        mine = work.accept(each, call.region, queue, vcpus)
        assert mine is not None, "where jobs run, none ends at once"
        run = Run(mine, wanted, Call("batch", "SubmitJob", call.region, call.account, {}, call.asking))
        if children:
            run.index, run.siblings, run.parent = index, children, job
        each.status, mine.ending = "SUBMITTED", run.end
        runs()[each.job_id] = run
    dispatch(call.region)


def _refuse(job: Any) -> None:
    job.status, job.job_stopped_reason = "FAILED", "the sandbox runs jobs of one container, and no others"


def dispatch(region: str) -> None:
    """Let every job that waits go on as far as it can."""
    with lock:
        for mine in work.under_way(region):
            run = runs()[mine.job.job_id]
            if find(queues(region), mine.queue) is None:
                mine.end(success=False)
            elif mine.job.status in ("SUBMITTED", "PENDING"):
                _wait_for_others(run)
            if mine.job.status == "RUNNABLE" and _busy() < processes.SLOTS:
                work.place(mine)
                if mine.job.status == "STARTING":
                    _try(run)


def _busy() -> int:
    return sum(mine.job.status in work.ON_ENVIRONMENT for mine in shelf("jobs under way").values())


def _wait_for_others(run: Run) -> None:
    """https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html."""
    awaited = _awaited(run)
    if "FAILED" in awaited:
        run.mine.end(success=False, reason=DEPENDENCY_FAILED)
    else:
        run.mine.job.status = "RUNNABLE" if awaited <= {"SUCCEEDED"} else "PENDING"


def _awaited(run: Run) -> set[str]:
    """The statuses of the jobs that have to succeed first."""
    job, found = run.mine.job, set()
    for needed in job.depends_on or ():
        if needed.get("type") == "SEQUENTIAL":
            found |= {run.siblings[run.index - 1].status} if run.index else set()
            continue
        name = needed["jobId"]
        if needed.get("type") == "N_TO_N" and run.index is not None:
            name = f"{name}:{run.index}"
        found |= {job.all_jobs[name].status} if name in job.all_jobs else set()
    return found


def _try(run: Run) -> None:
    if run.container.overridden > LONGEST_OVERRIDES:
        run.mine.end(success=False, reason=OVERRIDES_TOO_LONG)
        return
    mine, number = run.mine, len(run.attempts) + 1
    record = environments(mine.region)[mine.environment]
    fargate = "FARGATE" in record.said.get("computeResources", {}).get("type", "")
    name = hashlib.sha256(f"task {mine.job.job_id} {number}".encode()).hexdigest()[:32]
    tasks = mine.task.rsplit("/", 1)[0]
    mine.task, stream = f"{tasks}/{name}", f"{mine.job.job_definition.name}/default/{name}"
    mine.job.log_stream_name = stream
    run.last = {"taskArn": mine.task, "logStreamName": stream}
    if not fargate:
        run.last["containerInstanceArn"] = f"{tasks.replace(':task/', ':container-instance/')}/{mine.instance}"
    queue = mine.queue.rsplit("/", 1)[-1]
    place = Place(
        mine.job.job_id, number, queue, record.name, fargate, mine.region, stream, run.index, len(run.siblings)
    )
    run.attempt = Attempt(run.container, place, run.call, _begun, _over)
    run.attempt.start()


def _begun(attempt: Attempt) -> None:
    """The process of an attempt runs."""
    run = runs()[attempt.place.job]
    run.mine.job.status, run.began = "RUNNING", time.time()


def _over(attempt: Attempt, outcome: Outcome) -> None:
    """An attempt has ended: its job ends with it, or is tried again."""
    run = runs()[attempt.place.job]
    job, stopped = run.mine.job, time.time()
    said = {"exitCode": outcome.exit_code, "reason": outcome.reason or None}
    run.last |= {name: value for name, value in said.items() if value is not None}
    reason = job.job_stopped_reason if job.stop else outcome.status_reason
    began = stopped if outcome.exit_code is None else run.began
    times = {"startedAt": _milliseconds(began), "stoppedAt": _milliseconds(stopped)}
    run.attempts.append({"container": dict(run.last), "statusReason": reason or "", **times})
    job.exit_code, run.attempt = outcome.exit_code, None
    if not job.job_stopped:
        _conclude(run, outcome, reason)
    dispatch(run.mine.region)


def _conclude(run: Run, outcome: Outcome, reason: str | None) -> None:
    mine, job = run.mine, run.mine.job
    if outcome.exit_code == 0 and not job.stop:
        mine.end(success=True, reason=reason)
    elif not (job.stop or outcome.final) and run.container.again(
        len(run.attempts), outcome.exit_code, outcome.reason, outcome.status_reason
    ):
        job.status, mine.environment = "RUNNABLE", ""
    else:
        mine.end(success=False, reason=reason)


def _settle(parent: Any, children: tuple[Any, ...]) -> None:
    """An array ends with the last of its children."""
    statuses = {child.status for child in children}
    if statuses <= ENDED:
        parent._mark_stopped(success="FAILED" not in statuses)  # noqa: SLF001  moto's own way to end a job


def stop(mine: work.Work) -> None:
    """End a job that was terminated or cancelled: softly, if it runs."""
    run = runs()[mine.job.job_id]
    if run.attempt is None:
        mine.end(success=False)
    else:
        run.attempt.terminate()


def end_all() -> None:
    """End every process, and tell nobody: the sandbox is emptied, or ends."""
    with lock:
        for run in runs().values():
            if run.attempt is not None:
                run.attempt.abandon()


def told(row: Answer) -> Answer:
    """One job of DescribeJobs or ListJobs as moto tells it, with what only its run knows."""
    run = runs().get(row["jobId"])
    if run is None:
        return row
    row.pop("startedAt", None)  # moto's is when it was submitted
    if run.began:
        row["startedAt"] = _milliseconds(run.began)
    if run.index is not None:
        row["arrayProperties"] = {"index": run.index}
    if "attempts" not in row:  # ListJobs tells less
        return row
    retry = {"attempts": run.container.attempts, "evaluateOnExit": list(run.container.exits)}
    limit = {"timeout": {"attemptDurationSeconds": run.container.seconds}} if run.container.seconds else {}
    more = {"retryStrategy": retry, "propagateTags": run.container.propagates, "platformCapabilities": [_platform(run)]}
    stopped = bool(run.mine.job.stop)
    ways = {"isTerminated": stopped and bool(run.last), "isCancelled": stopped and not run.last}
    container = {**row["container"], **run.container.described(), **run.last}
    return row | limit | more | ways | {"attempts": run.attempts, "container": container}


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _platform(run: Run) -> str:
    return str((run.mine.job.job_definition.platform_capabilities or ["EC2"])[0])
