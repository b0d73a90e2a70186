"""What jobs ask for against what the compute environments may give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mfinfra.metaflow.doctor.case import Case, Compute, order
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.metaflow.doctor.reading import Asked
from mfinfra.model import Call, CheckQuestions, Document, Finding, Verdict

GENERIC = ("optimal", "default_x86_64", "default_arm64")
"""What Batch chooses types for by itself: which they are is not told."""
# vCPUs → memory in MiB: lowest, highest, step.
# https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
FARGATE: Mapping[float, tuple[int, int, int]] = {
    0.25: (512, 2048, 512),
    0.5: (1024, 4096, 1024),
    1.0: (2048, 8192, 1024),
    2.0: (4096, 16_384, 1024),
    4.0: (8192, 30_720, 1024),
    8.0: (16_384, 61_440, 4096),
    16.0: (32_768, 122_880, 8192),
}
_QUARTER = (512, 1024, 2048)


@dataclass(frozen=True, slots=True)
class Request:
    """What one job asks for; memory in MiB."""

    who: str
    queue: str
    vcpus: float
    memory: int
    gpus: int = 0

    def __str__(self) -> str:
        gpus = f", {self.gpus} GPUs" if self.gpus else ""
        return f"{self.who} asks for {self.vcpus:g} vCPUs, {self.memory} MiB{gpus}"

    @classmethod
    def of(cls, job: Document) -> Request:
        """Read it off a job's description."""
        container = job.get("container") or {}
        asked = {row["type"]: float(row["value"]) for row in container.get("resourceRequirements") or ()}
        vcpus, memory = asked.get("VCPU", container.get("vcpus", 0)), asked.get("MEMORY", container.get("memory", 0))
        return cls(f"job {job['jobId']}", str(job.get("jobQueue", "")), vcpus, int(memory), int(asked.get("GPU", 0)))


def check(case: Case) -> CheckQuestions:
    """Compare what waiting jobs ask for with limits and instance types."""
    asked, found = Asked(), [*_zero(case)]
    requests = [Request.of(job) for job in case.jobs if job.get("status") in {"RUNNABLE", "FAILED"}]
    computes = {one.row["computeEnvironmentArn"]: one for one in case.managed}
    types: Sequence[Document] | None = ()
    names = sorted({name for one in case.managed for name in one.instance_types if name not in GENERIC})
    if names and requests:
        values = [name if "." in name else f"{name}.*" for name in names][:200]
        params = {"Filters": [{"Name": "instance-type", "Values": values}]}
        types = (yield from asked(Call("ec2", "DescribeInstanceTypes", params, paginate=True))).rows("InstanceTypes")
    for queue in case.queues or ():
        chosen = [
            computes[each["computeEnvironment"]] for each in order(queue) if each["computeEnvironment"] in computes
        ]
        for request in requests:
            if chosen and request.queue in {queue["jobQueueArn"], queue["jobQueueName"]}:
                found += _fits(request, chosen, types, str(queue["jobQueueName"]))
    return merged([*asked.unread, *found])


def _zero(case: Case) -> Iterator[Finding]:
    for compute in case.managed:
        if compute.resources.get("maxvCpus") == 0:
            yield Finding(
                Verdict.FAILED,
                compute.name,
                "it may have no vCPUs at all, so that no job of it can start",
                "MF5440",
                (f"{compute.name} has maxvCpus 0",),
                "write `max_vcpus: 256` at the compute environment, then `mfinfra apply FILE`",
            )


def _fits(request: Request, chosen: list[Compute], types: Sequence[Document] | None, queue: str) -> Iterator[Finding]:
    limits = {one.name: int(one.resources.get("maxvCpus", 0)) for one in chosen}
    if request.vcpus > max(limits.values()) > 0:
        said = ", ".join(f"{name} has max_vcpus {limit}" for name, limit in limits.items())
        yield Finding(
            Verdict.FAILED,
            queue,
            "a job asks for more vCPUs than every compute environment of the queue may have",
            "MF5441",
            (str(request), said),
            f"write `max_vcpus: {max(256, int(request.vcpus))}`, or ask for less in the flow",
        )
        return
    if all(one.fargate for one in chosen):
        yield from _fargate(request, queue)
    elif types is not None and all(_listed(one) for one in chosen):
        yield from _instances(request, chosen, types, queue)


def _listed(compute: Compute) -> bool:
    return not compute.fargate and bool(compute.instance_types) and not set(compute.instance_types) & set(GENERIC)


def _fargate(request: Request, queue: str) -> Iterator[Finding]:
    span = FARGATE.get(request.vcpus)
    low, high, step = span or (0, -1, 1)
    right = low <= request.memory <= high and (request.memory - low) % step == 0
    if request.vcpus == min(FARGATE):
        right = request.memory in _QUARTER
    if not right or request.gpus:
        wanted = (
            f"with {request.vcpus:g} vCPUs {low} to {high} MiB"
            if span
            else f"vCPUs of {', '.join(map(_short, FARGATE))}"
        )
        yield Finding(
            Verdict.FAILED,
            queue,
            "a job asks for what Fargate does not have"
            + (": it has no GPUs" if request.gpus else f": it gives {wanted}"),
            "MF5443",
            (str(request),),
            "ask for such a pair in the flow: `@resources(cpu=1, memory=4096)`, or use a queue of EC2",
        )


def _instances(request: Request, chosen: list[Compute], types: Sequence[Document], queue: str) -> Iterator[Finding]:
    usable = [row for row in types if any(_of(str(row["InstanceType"]), one) for one in chosen)]
    if not usable:
        return
    if request.gpus and not any(_gpus(row) >= request.gpus for row in usable):
        yield Finding(
            Verdict.FAILED,
            queue,
            "a job asks for GPUs, and no instance type of the queue has so many",
            "MF5444",
            (str(request), f"types: {', '.join(sorted(str(row['InstanceType']) for row in usable)[:8])}"),
            "write `instance_types: [g5]` (or p4d, p5) at a compute environment of the queue",
        )
        return
    # An instance keeps some memory for itself: what is as large as all of it never fits.
    # https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html
    if not any(_vcpus(row) >= request.vcpus and _memory(row) > request.memory for row in usable):
        largest = max(usable, key=lambda row: (_memory(row), _vcpus(row)))
        yield Finding(
            Verdict.FAILED,
            queue,
            "a job asks for more than any instance type of the queue has",
            "MF5442",
            (str(request), f"{_sizes(largest)}, and keeps some for itself"),
            "write a larger type into `instance_types`, or ask for less in the flow: `@resources(memory=…)`",
        )


def _of(name: str, compute: Compute) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in compute.instance_types)


def _sizes(row: Document) -> str:
    return f"the largest type, {row['InstanceType']}, has {_vcpus(row)} vCPUs and {_memory(row)} MiB"


def _vcpus(row: Document) -> int:
    return int(row["VCpuInfo"]["DefaultVCpus"])


def _memory(row: Document) -> int:
    return int(row["MemoryInfo"]["SizeInMiB"])


def _gpus(row: Document) -> int:
    return sum(int(gpu.get("Count", 0)) for gpu in (row.get("GpuInfo") or {}).get("Gpus", ()))


def _short(value: float) -> str:
    return f"{value:g}"
