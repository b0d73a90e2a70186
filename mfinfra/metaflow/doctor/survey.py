"""Reading Batch: queues, compute environments, and the jobs that wait or failed. A bounded number of requests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from mfinfra.metaflow.doctor.case import Case
from mfinfra.metaflow.doctor.reading import Asked
from mfinfra.model import Call, CheckQuestions, Document, Finding, Question, Verdict
from mfinfra.plural import counted

QUEUES = 5
"""How many queues are searched for jobs."""
EACH = 10
"""How many jobs of one queue and status are looked at."""
STATUSES = ("RUNNABLE", "STARTING", "FAILED")
RECENT = 24 * 3600.0
"""Seconds after which a failure is no news."""
_MILLISECONDS = 1000.0


def survey(case: Case) -> CheckQuestions:
    """Fill `case` with what Batch says; a job that was asked about brings its own queue."""
    asked, wanted = Asked(), [part.arn for part in case.parts.queues]
    if case.job:
        answer = yield from asked(Call("batch", "DescribeJobs", {"jobs": [case.job]}))
        case.jobs = answer.rows("jobs") or ()
        wanted = [*(str(job["jobQueue"]) for job in case.jobs), *wanted]
    wanted = list(dict.fromkeys(wanted))[:100]
    if wanted:
        call = Call("batch", "DescribeJobQueues", {"jobQueues": wanted}, paginate=True)
        case.queues = (yield from asked(call)).rows("jobQueues")
    every = Call("batch", "DescribeComputeEnvironments", paginate=True)
    case.rows = (yield from asked(every)).rows("computeEnvironments")
    if not case.job:
        case.jobs = yield from _jobs(case, asked)
    looked = ((case.queues or (), "queue"), (case.computes, "compute environment"), (case.jobs, "job"))
    said = ", ".join(counted(len(found), name) for found, name in looked)
    return (*asked.unread, Finding(Verdict.PASSED, "", f"looked at {said}"))


def _jobs(case: Case, asked: Asked) -> Generator[Question, Document | None, Sequence[Document]]:
    ids: list[str] = []
    for queue in (case.queues or ())[:QUEUES]:
        for status in STATUSES:
            # The first page: the newest hundred at most, and more would not tell more.
            params: dict[str, Any] = {"jobQueue": queue["jobQueueArn"], "jobStatus": status, "maxResults": 100}
            answer = yield from asked(Call("batch", "ListJobs", params))
            rows = [row for row in answer.rows("jobSummaryList") or () if status != "FAILED" or _recent(row, case.now)]
            newest = sorted(rows, key=lambda row: int(row.get("createdAt", 0)), reverse=status == "FAILED")
            ids += [str(row["jobId"]) for row in newest[:EACH]]
    if not ids:
        return ()
    found: list[Document] = []
    for start in range(0, len(ids), 100):
        answer = yield from asked(Call("batch", "DescribeJobs", {"jobs": ids[start : start + 100]}))
        found += answer.rows("jobs") or ()
    return found


def _recent(row: Document, now: float) -> bool:
    ended = row.get("stoppedAt") or row.get("createdAt") or 0
    return now - float(ended) / _MILLISECONDS < RECENT
