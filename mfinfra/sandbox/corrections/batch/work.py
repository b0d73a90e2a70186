"""Jobs under way: where each runs, how far it is, and what ends it.

Time is counted in looks, unless jobs run as processes: a job goes one step further when a question about it, its queue
or its environment is asked again. So the questions of one round see one world, in whatever order they arrive. The steps
are those of https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.corrections.batch import processes, rules
from mfinfra.sandbox.corrections.batch.records import Record, environments, find, queues
from mfinfra.sandbox.corrections.shelves import shelf

UNTIL_FINISHED: Final = math.inf
ON_ENVIRONMENT: Final = frozenset({"STARTING", "RUNNING"})
HOST_TERMINATED: Final = "Host EC2 (instance {instance}) terminated."
"""The beginning stands in https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html."""


@dataclass(slots=True)
class Work:
    """One job that has not ended when it was submitted. `job` is moto's."""

    job: Any
    region: str
    queue: str
    vcpus: float
    environment: str = ""
    task: str = ""
    left: float = 0.0
    """How many more looks see it RUNNING."""
    asked: set[str] = field(default_factory=set)
    ending: Callable[[], None] | None = None
    """Called when it has ended, to end its process."""

    @property
    def instance(self) -> str:
        """The id of the instance it runs on, made of its own id."""
        return "i-0" + hashlib.sha256(self.job.job_id.encode()).hexdigest()[:16]

    def end(self, *, success: bool, reason: str | None = None) -> None:
        """End it now, as moto ends jobs."""
        if reason is not None:
            self.job.job_stopped_reason = reason
        self.job._mark_stopped(success=success)  # noqa: SLF001  moto's own way to end a job
        shelf("ended jobs")[self.job.job_id] = shelf("jobs under way").pop(self.job.job_id)
        if self.ending is not None:
            self.ending()


def duration() -> float:
    """How many looks see a job RUNNING; 0 is a job that ends well at once where it is taken."""
    return UNTIL_FINISHED if processes.on() else float(shelf("job durations").get("looks", lag.looks()))


def find_work(job_id: str) -> Work | None:
    """The job, under way or ended; `None` if moto alone knows it."""
    return shelf("jobs under way").get(job_id) or shelf("ended jobs").get(job_id)


def under_way(region: str) -> list[Work]:
    """The jobs of a region that have not ended, oldest first."""
    # A copy, as a test may end jobs while a request is answered.
    return [work for work in list(shelf("jobs under way").values()) if work.region == region]


def running_on(region: str, environment: str) -> list[Work]:
    """The STARTING and RUNNING jobs of an environment."""
    return [work for work in under_way(region) if work.environment == environment and work.job.status in ON_ENVIRONMENT]


def accept(job: Any, region: str, queue: str, vcpus: float) -> Work | None:
    """Begin with a job that moto has ended already; `None` where it ends at once, as moto did it."""
    work = Work(job, region, queue, vcpus)
    if not duration() and taker(work) is not None:
        return None
    job.status, job.job_stopped, job.log_stream_name = "RUNNABLE", False, None
    job.attempts, job.latest_attempt = [], None
    shelf("jobs under way")[job.job_id] = work
    return work


def look(work: Work, question: str) -> None:
    """Let a job see that `question` is asked: end it if it was stopped, or go on if the question is asked again."""
    if processes.on():
        return
    if work.job.stop or find(queues(work.region), work.queue) is None:
        work.end(success=False)
    elif not duration() or question in work.asked:
        work.asked = {question}
        step(work)
    else:
        work.asked.add(question)


def step(work: Work) -> None:
    """One step: RUNNABLE, STARTING, RUNNING for as long as it runs, SUCCEEDED."""
    if work.job.status == "RUNNABLE":
        place(work)
    elif work.job.status == "STARTING":
        work.job.status, work.left = "RUNNING", duration()
        work.job.job_started_at = datetime.now()  # noqa: DTZ005  as moto writes it
    else:
        work.left -= 1
        if work.left <= 0:
            work.end(success=True)


def place(work: Work) -> None:
    """Put a waiting job on the first environment that takes it, if one does."""
    record = taker(work)
    if record is None:
        return
    if not duration():
        work.end(success=True)
        return
    work.environment, work.job.status = record.arn, "STARTING"
    cluster = record.said["ecsClusterArn"]
    name = hashlib.sha256(f"task {work.job.job_id}".encode()).hexdigest()[:32]
    work.task = f"{cluster.replace(':cluster/', ':task/')}/{name}"


def taker(work: Work) -> Record | None:
    """The first environment of the job's queue that is enabled, VALID and has room for it.

    https://docs.aws.amazon.com/batch/latest/userguide/job_queue_parameters.html#job_queue_compute_environment_order
    """
    record, known = find(queues(work.region), work.queue), environments(work.region)
    order = record.said["computeEnvironmentOrder"] if record else []
    members = [known[entry["computeEnvironment"]] for entry in order if entry["computeEnvironment"] in known]
    return next((each for each in members if _takes(each, work)), None)


def _takes(record: Record, work: Work) -> bool:
    if record.said["state"] != "ENABLED" or record.turning.now != "VALID":
        return False
    used = sum(other.vcpus for other in running_on(work.region, record.arn))
    return used + work.vcpus <= float(record.said.get("computeResources", {}).get("maxvCpus", math.inf))


def end_all_on(region: str, environment: str) -> None:
    """End the jobs of an environment whose instances are terminated."""
    for work in running_on(region, environment):
        work.end(success=False, reason=HOST_TERMINATED.format(instance=work.instance))


def scale(region: str, record: Record) -> None:
    """Let `desiredvCpus` follow what runs: up at once, and down a look later. Batch does it all the time.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html (desiredvCpus)
    """
    resources = record.said.get("computeResources", {})
    if resources.get("type") not in rules.INSTANCES or not duration():
        return
    used = math.ceil(sum(work.vcpus for work in running_on(region, record.arn)))
    wanted = min(max(used, resources.get("minvCpus", 0)), resources["maxvCpus"])
    record.shrinking = wanted < resources["desiredvCpus"] and not record.shrinking
    if not record.shrinking:
        record.said["computeResources"] = {**resources, "desiredvCpus": wanted}
