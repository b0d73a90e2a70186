"""A strict CloudWatch Logs: new groups are not known at once, and one of two writes at once is aborted."""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"
WRITES: Final = (
    *("PutRetentionPolicy", "DeleteRetentionPolicy", "AssociateKmsKey", "DisassociateKmsKey"),
    "PutLogGroupDeletionProtection",
)
NAMED: Final = (*WRITES, "TagResource", "UntagResource", "ListTagsForResource")
RETENTION: Final = "retentionInDays"


@correction(
    "logs",
    "CreateLogGroup",
    restores="OperationAbortedException for a name that was deleted just now; that a group is not known at once",
    aws=f"{API}/API_CreateLogGroup.html",
    strict=True,
)
def new_group(call: Call, forward: Forward) -> Answer:
    """Make it: https://github.com/aws/aws-cdk/issues/17546 ."""
    name = call.params["logGroupName"]
    if propagation.pending("log group name", call.region, name):
        raise _aborted()
    answer = forward()
    propagation.end("log group write", call.region, name)
    propagation.end(RETENTION, call.region, name)
    for operation in NAMED:
        propagation.begin(f"logs {operation}", call.region, name, looks=propagation.ONE)
    return answer


@correction(
    "logs",
    *NAMED,
    restores="ResourceNotFoundException soon after a create",
    aws=f"{API}/API_PutRetentionPolicy.html",
    strict=True,
)
def unknown_group(call: Call, forward: Forward) -> Answer:
    """Refuse a group that this operation does not know yet: https://github.com/eksctl-io/eksctl/issues/4454 ."""
    name = _name(call.params)
    if propagation.pending(f"logs {call.operation}", call.region, name):
        raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
    return forward()


@correction(
    "logs",
    *WRITES,
    "DeleteLogGroup",
    restores="OperationAbortedException for a write at once with another: one that follows it without a look",
    aws=f"{API}/API_DeleteLogGroup.html",
    strict=True,
)
def one_write(call: Call, forward: Forward) -> Answer:
    """Write one thing at a time: https://github.com/aws/aws-cdk/pull/17688 . Tags have no such error."""
    name = _name(call.params)
    if propagation.pending("log group write", call.region, name):
        raise _aborted()
    before = _retention(call, name)
    answer = forward()
    if call.operation == "DeleteLogGroup":
        propagation.begin("log group name", call.region, name)
        return answer
    propagation.begin("log group write", call.region, name, looks=propagation.ONE)
    if call.operation.endswith("RetentionPolicy"):
        shelf("old retentions", call.region)[name] = before
        propagation.begin(RETENTION, call.region, name, looks=propagation.ONE)
    return answer


@correction(
    "logs",
    "DescribeLogGroups",
    restores="the old retention for a look after it was put",
    aws=f"{API}/API_DescribeLogGroups.html",
    strict=True,
)
def old_retention(call: Call, forward: Forward) -> Answer:
    """Describe the groups as they are known by now: https://github.com/aws/aws-sdk-go/issues/650 ."""
    answer = forward()
    for said in answer["logGroups"]:
        name = said["logGroupName"]
        propagation.end("log group write", call.region, name)
        if propagation.pending(RETENTION, call.region, name):
            said.pop(RETENTION, None)
            said.update(shelf("old retentions", call.region)[name])
    return answer


def _retention(call: Call, name: str) -> Answer:
    found = call.ask("logs", "DescribeLogGroups", logGroupNamePrefix=name)["logGroups"]
    said: Answer = next((said for said in found if said["logGroupName"] == name), {})
    return {key: said[key] for key in (RETENTION,) if key in said}


def _name(params: dict[str, Any]) -> str:
    given = next(
        params[key]
        for key in ("logGroupName", "logGroupIdentifier", "resourceArn", "resourceIdentifier")
        if params.get(key)
    )
    return str(given).rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*")


def _aborted() -> ServiceError:
    text = "A conflicting operation is currently in progress against this resource. Please try again."
    return ServiceError("OperationAbortedException", text)
