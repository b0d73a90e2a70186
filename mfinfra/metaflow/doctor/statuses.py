"""Queues and compute environments: whether they are there, on, and usable, with Batch's reasons."""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.metaflow.doctor import ladder
from mfinfra.metaflow.doctor.case import VALID, Case, Compute, order
from mfinfra.model import Document, Finding, Verdict


def findings(case: Case) -> Iterator[Finding]:
    """What is wrong with the queues and environments themselves."""
    yield from _missing_queues(case)
    for queue in case.queues or ():
        yield from _queue(queue, case)
    for name in case.names:
        if case.rows is not None and not case.stands(name):
            yield Finding(
                Verdict.FAILED,
                name,
                "the file has this compute environment, and Batch has not",
                "MF5366",
                (f"searched {len(case.rows)} compute environments of {case.scope.account} in {case.scope.region}",),
                "run `mfinfra apply FILE`",
            )
    for compute in case.computes:
        yield from _compute(compute)


def _missing_queues(case: Case) -> Iterator[Finding]:
    if case.queues is None:
        return
    there = {row["jobQueueArn"] for row in case.queues}
    for part in case.parts.queues:
        if part.arn not in there:
            yield Finding(
                Verdict.FAILED,
                part.name,
                "Metaflow is to send jobs to this queue, and Batch has none of this name",
                "MF5360",
                (f"asked for `{part.arn}`",),
                "run `mfinfra apply FILE`" if part.resource else "write the name of a queue that stands there",
            )


def _queue(queue: Document, case: Case) -> Iterator[Finding]:
    name, reason = str(queue["jobQueueName"]), queue.get("statusReason")
    seen = (f"state {queue.get('state')}, status {queue.get('status')}",)
    if queue.get("state") == "DISABLED":
        yield Finding(
            Verdict.FAILED,
            name,
            "the queue takes no jobs: it is DISABLED",
            "MF5361",
            seen,
            f"write `state: ENABLED` and `mfinfra apply FILE`; at once: `aws batch update-job-queue --job-queue {name} "
            "--state ENABLED`",
        )
    if queue.get("status") == "INVALID":
        yield Finding(
            Verdict.FAILED,
            name,
            "the queue is INVALID" + (f": {reason}" if reason else ""),
            "MF5362",
            seen,
            "mend its compute environments, then `mfinfra apply FILE`",
        )
    chosen = {entry["computeEnvironment"] for entry in order(queue)}
    rows = [row for row in case.rows or () if row["computeEnvironmentArn"] in chosen]
    usable = [row for row in rows if row.get("state") == "ENABLED" and row.get("status") in VALID]
    if case.rows is not None and not usable:
        states = [f"{row['computeEnvironmentName']}: {row.get('state')}, {row.get('status')}" for row in rows]
        yield Finding(
            Verdict.FAILED,
            name,
            "no compute environment of the queue is ENABLED and VALID, so that no job of it can start",
            "MF5363",
            tuple(states) or ("the queue has no compute environment",),
            "mend its environments, or give it another: `compute_environments: [compute_environment.NAME]`",
        )


def _compute(compute: Compute) -> Iterator[Finding]:
    row, reason = compute.row, str(compute.row.get("statusReason") or "")
    seen = (f"state {row.get('state')}, status {row.get('status')}",)
    if row.get("state") == "DISABLED":
        yield Finding(
            Verdict.FAILED,
            compute.name,
            "the compute environment starts nothing: it is DISABLED",
            "MF5365",
            seen,
            f"write `state: ENABLED` and `mfinfra apply FILE`; at once: `aws batch update-compute-environment "
            f"--compute-environment {compute.name} --state ENABLED`",
        )
    if row.get("status") == "INVALID":
        known = ladder.explain(reason)
        yield Finding(
            Verdict.FAILED,
            compute.name,
            "the compute environment is INVALID" + (f": {known.message if known else reason}" if reason else ""),
            "MF5364",
            (*seen, reason) if reason else seen,
            known.fix if known else "mend what the reason names, then `mfinfra apply FILE`: it makes Batch look again",
        )
