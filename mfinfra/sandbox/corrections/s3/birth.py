"""How a bucket is born: its name, its region, its tags, and what AWS switches on since 2023."""

from __future__ import annotations

import re
from typing import Any, Final

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError

NAME: Final = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
BLOCKED: Final = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
SSE_S3: Final = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}],
}
MOST_TAGS: Final = 50
TAG_TEXT: Final = re.compile(r"[\w\s_.:/=+\-@]*")


@correction(
    "s3",
    "CreateBucket",
    restores="name rules, tags at birth, encryption with AES256, public access blocked, ACLs off",
    aws="https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-overview.html",
)
def new_bucket(call: Call, forward: Forward) -> Answer:
    """Make a bucket as AWS does today."""
    bucket, place = call.params["Bucket"], call.params.get("CreateBucketConfiguration") or {}
    if not NAME.fullmatch(bucket) or ".." in bucket or ADDRESS.fullmatch(bucket):
        raise ServiceError("InvalidBucketName", "The specified bucket is not valid.")
    region = place.get("LocationConstraint")
    if region and region != "EU" and region not in RegionsAndZonesBackend.zones:
        raise ServiceError("InvalidLocationConstraint", "The specified location-constraint is not valid")
    tags = place.pop("Tags", None)
    check_tags(tags or [])
    if not place:
        call.params.pop("CreateBucketConfiguration", None)
    known = call.asks("NoSuchBucket", "s3", "GetBucketLocation", Bucket=bucket)
    ownership = call.params.pop("ObjectOwnership", None) or "BucketOwnerEnforced"
    answer = forward()
    if known is not None:
        return answer
    call.ask("s3", "PutPublicAccessBlock", Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
    call.ask("s3", "PutBucketEncryption", Bucket=bucket, ServerSideEncryptionConfiguration=SSE_S3)
    rules = {"Rules": [{"ObjectOwnership": ownership}]}
    call.ask("s3", "PutBucketOwnershipControls", Bucket=bucket, OwnershipControls=rules)
    if tags:
        call.ask("s3", "PutBucketTagging", Bucket=bucket, Tagging={"TagSet": tags})
    return answer


def check_tags(tags: list[dict[str, Any]]) -> None:
    """Refuse tags that S3 refuses."""
    keys = [tag["Key"] for tag in tags]
    if len(keys) > MOST_TAGS:
        raise ServiceError("BadRequest", f"Bucket tag count cannot be greater than {MOST_TAGS}")
    if len(set(keys)) < len(keys):
        raise ServiceError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if any(key.lower().startswith("aws:") for key in keys):
        raise ServiceError("InvalidTag", "System tags cannot be added/updated by requester")
    for tag in tags:
        if not TAG_TEXT.fullmatch(tag["Key"]) or not TAG_TEXT.fullmatch(tag.get("Value") or ""):
            raise ServiceError("InvalidTag", "The TagKey or TagValue you have provided is invalid")
