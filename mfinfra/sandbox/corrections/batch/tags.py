"""Tags of compute environments and job queues."""

from __future__ import annotations

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.batch.records import Record, bad_request, environments, queues
from mfinfra.sandbox.corrections.call import Answer, Call, Forward

API = "https://docs.aws.amazon.com/batch/latest/APIReference"
MOST = 50


@correction("batch", "TagResource", restores="tags of records kept here", aws=f"{API}/API_TagResource.html")
def tag(call: Call, forward: Forward) -> Answer:
    """Add tags, or change their values."""
    record = _record(call)
    if record is None:
        return forward()
    tags = record.said["tags"] | call.params["tags"]
    if len(tags) > MOST:
        raise bad_request(f"A resource can have at most {MOST} tags")
    if any(key.lower().startswith("aws:") for key in call.params["tags"]):
        raise bad_request("Tag keys cannot start with aws:")
    record.said["tags"] = tags
    return {}


@correction("batch", "UntagResource", restores="tags of records kept here", aws=f"{API}/API_UntagResource.html")
def untag(call: Call, forward: Forward) -> Answer:
    """Take tags away."""
    record = _record(call)
    if record is None:
        return forward()
    gone = call.params["tagKeys"]
    record.said["tags"] = {key: value for key, value in record.said["tags"].items() if key not in gone}
    return {}


@correction(
    "batch",
    "ListTagsForResource",
    restores="tags of records kept here",
    aws=f"{API}/API_ListTagsForResource.html",
)
def list_tags(call: Call, forward: Forward) -> Answer:
    """The tags of a compute environment or a job queue."""
    record = _record(call)
    return forward() if record is None else {"tags": record.said["tags"]}


def _record(call: Call) -> Record | None:
    arn = call.params["resourceArn"]
    if ":compute-environment/" in arn or ":job-queue/" in arn:
        record = environments(call.region).get(arn) or queues(call.region).get(arn)
        if record is None:
            raise bad_request(f"{arn} does not exist")
        return record
    return None
