"""Tags of buckets that AWS itself keeps: nobody else adds, changes or removes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.s3.models import s3_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError

PREFIX = "aws:"


def put(call: Call, bucket: str, tags: Mapping[str, str]) -> None:
    """Put tags on, AWS's among them, into moto's own store: its operation refuses those from anybody."""
    rows = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    _tagger(call).tag_resource(_arn(call, bucket), rows)


@correction(
    "s3",
    "PutBucketTagging",
    "DeleteBucketTagging",
    restores="tags of AWS's own, which a new set has to hold as they are, and which stay",
    aws="https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html",
)
def system_tags(call: Call, forward: Forward) -> Answer:
    """Refuse a set without them: https://github.com/cloud-custodian/cloud-custodian/issues/2834 ."""
    bucket = call.params["Bucket"]
    found: dict[str, str] = _tagger(call).get_tag_dict_for_resource(_arn(call, bucket))
    kept = {key: value for key, value in found.items() if key.startswith(PREFIX)}
    if kept and call.operation == "PutBucketTagging":
        rows = call.params["Tagging"]["TagSet"]
        said = {row["Key"]: row["Value"] for row in rows if row["Key"].startswith(PREFIX)}
        if kept.keys() - said.keys():
            raise ServiceError("InvalidTag", "System tags cannot be removed by requester")
        if said != kept:
            raise ServiceError("InvalidTag", "System tags cannot be added/updated by requester")
        call.params["Tagging"] = {"TagSet": [row for row in rows if row["Key"] not in kept]}
    answer = forward()
    if kept:
        put(call, bucket, kept)
    return answer


def _tagger(call: Call) -> Any:
    return s3_backends[call.account][call.partition].tagger


def _arn(call: Call, bucket: str) -> str:
    return f"arn:{call.partition}:s3:::{bucket}"
