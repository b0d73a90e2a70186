"""A job queue.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-jobqueue.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting.cloudformation.form import Form, Item, tag_map
from mfinfra.exporting.subjects import Subject

FIELDS = {"JobQueueName": "name", "State": "state", "SchedulingPolicyArn": "scheduling_policy"}
LIMIT = {"Reason": "reason", "State": "state", "Action": "action", "MaxTimeSeconds": "max_seconds"}


def items(subject: Subject) -> Iterator[Item]:
    """The queue with its environments in their order."""
    spec = subject.spec
    order = enumerate(spec["compute_environments"], start=1)
    properties: dict[str, Any] = {
        **subject.fields(FIELDS),
        "Priority": spec["priority"],
        "ComputeEnvironmentOrder": [{"Order": number, "ComputeEnvironment": arn} for number, arn in order],
    }
    if limits := spec["time_limits"]:
        rows = [{there: limit[name] for there, name in LIMIT.items()} for limit in limits]
        properties["JobStateTimeLimitActions"] = rows
    yield Item("AWS::Batch::JobQueue", {"JobQueueArn": subject.outputs["arn"]}, {**properties, **tag_map(subject)})


FORM = Form({"arn": ("", "JobQueueArn")}, items)
