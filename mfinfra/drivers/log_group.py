"""CloudWatch log groups. Every call is synchronous; services make groups of their own, so adoption is common.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
"""

from __future__ import annotations

from collections.abc import Mapping

from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.model import Call, Document, Effects, Merge, Observed, Resource, Sends, Spec

MISSING = ("ResourceNotFoundException",)
NEVER_EXPIRE = 0
USUAL_CLASS = "STANDARD"


def arn(resource: Resource) -> str:
    """The group's ARN without the `:*` that descriptions add: the tagging calls take this form only."""
    return resource.scope.arn("logs", f"log-group:{resource.spec['name']}")


def read(resource: Resource) -> Call:
    """AWS leaves out names that are not there; should it refuse the batch for one, the others are not absent too."""
    return Call(
        "logs",
        "DescribeLogGroups",
        {"logGroupIdentifiers": [resource.spec["name"]]},
        absent=MISSING,
        paginate=True,
        merge=Merge("logGroupIdentifiers", limit=50, items="logGroups", keys=("logGroupName",), brittle=True),
    )


def parse(answer: Document, resource: Resource) -> Observed | None:
    for group in answer["logGroups"]:
        if group["logGroupName"] == resource.spec["name"]:
            return observed(group, resource)
    return None


def observed(group: Document, resource: Resource) -> Observed:
    """What is there. A retention policy of the account hides the group's own retention, and no write changes that.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    """
    retention, wished = group.get("retentionInDays", NEVER_EXPIRE), resource.spec["retention_days"]
    overruled = "retentionPolicyName" in group and wished not in (None, retention)
    spec = {
        "name": group["logGroupName"],
        "retention_days": wished if overruled else retention,
        "key": group.get("kmsKeyId", ""),
        "class": group.get("logGroupClass", USUAL_CLASS),
    }
    return Observed(
        spec,
        {"arn": arn(resource), "name": group["logGroupName"]},
        {},
        arn(resource),
        warnings=(hidden(group, retention),) if overruled else (),
    )


def hidden(group: Document, retention: int) -> str:
    policy, kept = group["retentionPolicyName"], f"for {retention} days" if retention else "for ever"
    return f"the account's retention policy `{policy}` keeps the log events {kept}, whatever is set on the group"


def create(resource: Resource, want: Spec) -> Effects:
    params = {"logGroupName": want["name"], "tags": dict(resource.tags)}
    if want["key"]:
        params["kmsKeyId"] = want["key"]
    # The usual class goes unsaid: regions without other classes refuse the word itself.
    # https://github.com/hashicorp/terraform-provider-aws/issues/34810
    if want["class"] not in (None, USUAL_CLASS):
        params["logGroupClass"] = want["class"]
    return (Call("logs", "CreateLogGroup", params),)


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "retention_days": NEVER_EXPIRE}


def write_retention(change: Change) -> Effects:
    name = change.want["name"]
    if change.want["retention_days"] == NEVER_EXPIRE:
        return (Call("logs", "DeleteRetentionPolicy", {"logGroupName": name}),)
    return (
        Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": change.want["retention_days"]}),
    )


def write_key(change: Change) -> Effects:
    name = change.want["name"]
    if not change.want["key"]:
        return (Call("logs", "DisassociateKmsKey", {"logGroupName": name}),)
    return (Call("logs", "AssociateKmsKey", {"logGroupName": name, "kmsKeyId": change.want["key"]}),)


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call("logs", "TagResource", {"resourceArn": arn(resource), "tags": dict(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("logs", "UntagResource", {"resourceArn": arn(resource), "tagKeys": sorted(tags)}),)


def delete(resource: Resource, observed: Observed) -> Effects:
    return (Call("logs", "DeleteLogGroup", {"logGroupName": resource.spec["name"]}, absent=MISSING),)


GROUP = "arn:${partition}:logs:${region}:${account}:log-group:${self.name}"
SENDS = Sends(
    reads=("logs:DescribeLogGroups", "logs:ListTagsForResource"),
    makes=("logs:CreateLogGroup",),
    changes=(
        "logs:AssociateKmsKey",
        "logs:DisassociateKmsKey",
        "logs:PutRetentionPolicy",
        "logs:DeleteRetentionPolicy",
        "logs:TagResource",
    ),
    deletes=("logs:DeleteLogGroup",),
    forgets=("logs:UntagResource",),
    # Some actions are compared with the one form, some with the other.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    on=(GROUP, f"{GROUP}:*"),
)

DRIVER = Kind(
    kind="log_group",
    sends=SENDS,
    arn=r"arn:[^:]+:logs:[^:]*:\d{12}:log-group:(?P<name>[^:*]+)(?::\*)?",
    read=read,
    parse=parse,
    parts=(
        Part(("name", "class")),
        Part(("retention_days",), write=write_retention),
        Part(("key",), write=write_key),
    ),
    tagging=Tagging(
        put=put_tags,
        take=take_tags,
        read=lambda resource: Call("logs", "ListTagsForResource", {"resourceArn": arn(resource)}, absent=MISSING),
        parse=lambda answer: dict((answer or {}).get("tags", {})),
    ),
    create=create,
    born=born,
    delete=delete,
)
