"""Jobs that wait or failed, explained by what Batch and ECS say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mfinfra.metaflow.doctor import ladder
from mfinfra.metaflow.doctor.case import Case
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.model import Document, Finding, Verdict
from mfinfra.plural import counted

PATIENCE = 600.0
"""Seconds in which Batch starts instances and pulls an image; to wait that long says nothing."""
KILLED = 137
_WAITING = {
    "RUNNABLE": (
        "MF5367",
        "no instance or task has been started for it, and Batch gives no reason",
        "mend what else is found; if nothing is, see the quotas: `aws service-quotas list-service-quotas`",
    ),
    "STARTING": (
        "MF5371",
        "its container does not start: the image is being pulled, or the registry is out of reach",
        "mend what is found of network and image; large images take long: keep them in ECR of the same region",
    ),
}


def findings(case: Case) -> tuple[Finding, ...]:
    """What the jobs tell, each cause once with the jobs that it holds up."""
    if case.job and not case.jobs:
        return (
            Finding(
                Verdict.FAILED,
                case.job,
                "Batch knows no such job; it forgets jobs about a week after they ended",
                "MF5370",
                (f"asked in {case.scope.account}, {case.scope.region}",),
                "copy the id of the job from `aws batch list-jobs --job-queue QUEUE --job-status FAILED`",
            ),
        )
    return merged(finding for job in case.jobs for finding in _job(job, case))


def said(job: Document) -> tuple[str, ...]:
    """Everything that Batch and ECS say of a job, each once: the job, its container, its attempts."""
    container = job.get("container") or {}
    attempts = [(attempt.get("container") or {}).get("reason") for attempt in job.get("attempts") or ()]
    stopped = [attempt.get("statusReason") for attempt in job.get("attempts") or ()]
    texts = [container.get("reason"), *reversed(attempts), job.get("statusReason"), *reversed(stopped)]
    return tuple(dict.fromkeys(text for text in texts if text))


def exit_code(job: Document) -> int | None:
    """The exit code of the last attempt that had one."""
    found = [
        job.get("container") or {},
        *((each.get("container") or {}) for each in reversed(job.get("attempts") or ())),
    ]
    return next((int(each["exitCode"]) for each in found if each.get("exitCode") is not None), None)


def _job(job: Document, case: Case) -> Iterator[Finding]:
    texts, status = said(job), str(job.get("status"))
    known = ladder.explain("\n".join(texts))
    what = f"{job['jobId']} ({job.get('jobName')}) {status}"
    if status == "SUCCEEDED":
        return
    if known:
        yield replace(known, evidence=(f"job {what}", *texts[:3]))
    elif status in _WAITING:
        yield from _waiting(job, case, what, texts)
    elif status == "FAILED" and (job.get("isTerminated") or job.get("isCancelled")):
        # Ctrl-C on a flow does so; its exit code is 137 too, and no lack of memory.
        if case.job:
            message, fix = "somebody ended the job", "run the flow again, if that was not meant"
            yield Finding(Verdict.WARNING, "FAILED job", message, "MF5368", (f"job {what}", *texts[:3]), fix)
    elif status == "FAILED":
        yield _failed(job, what, texts)


def _waiting(job: Document, case: Case, what: str, texts: Sequence[str]) -> Iterator[Finding]:
    code, message, fix = _WAITING[str(job["status"])]
    seconds = case.now - float(job.get("createdAt", 0)) / 1000
    if seconds >= PATIENCE or case.job:
        evidence = (f"job {what} for {counted(round(seconds / 60), 'minute')}", *texts[:2])
        yield Finding(Verdict.WARNING, f"{job['status']} job", message, code, evidence, fix)


def _failed(job: Document, what: str, texts: Sequence[str]) -> Finding:
    code = exit_code(job)
    if code == KILLED:
        return Finding(
            Verdict.FAILED,
            "memory",
            "the container was killed (exit code 137): most often it used more memory than it asked for",
            "MF5369",
            (f"job {what}", *texts[:3]),
            "ask for more in the flow: `@resources(memory=16000)` (MB)",
        )
    ended = f"exit code {code}" if code is not None else "no exit code: the container never ran"
    return Finding(
        Verdict.WARNING,
        "FAILED job",
        "the code of the step failed" if code else "Batch does not say why the job failed",
        "MF5368",
        (f"job {what}, {ended}", *texts[:3]),
        "read what it printed: `mfinfra doctor FILE --job ID`, or `python flow.py logs RUN/STEP/TASK`",
    )
