"""A job queue.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/batch_job_queue
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, blocks, free, tags

TYPE = "aws_batch_job_queue"
FIELDS = {"name": "name", "state": "state", "scheduling_policy_arn": "scheduling_policy"}
FREE = {"state": "state", "priority": "priority", "scheduling_policy_arn": "scheduling_policy"}
LIMIT = {"reason": "reason", "state": "state", "action": "action", "max_time_seconds": "max_seconds"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The queue with its environments in their order."""
    arguments: dict[str, Any] = {**subject.fields(FIELDS), "priority": subject.spec["priority"], **tags(subject)}
    order = enumerate(subject.spec["compute_environments"], start=1)
    arguments["compute_environment_order"] = blocks(
        {"order": number, "compute_environment": arn} for number, arn in order
    )
    limits = subject.spec["time_limits"] or ()
    if limits:
        rows = ({there: limit[name] for there, name in LIMIT.items()} for limit in limits)
        arguments["job_state_time_limit_action"] = blocks(rows)
    yield Piece(TYPE, subject.outputs["arn"], arguments, ignore=free(subject, FREE))


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name")}, pieces)
