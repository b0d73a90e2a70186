"""Single settings of a bucket."""

from __future__ import annotations

from typing import Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.s3.birth import SSE_S3, check_tags

API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API"
GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
MALFORMED: Final = "The XML you provided was not well-formed or did not validate against our published schema"
ALGORITHMS: Final = ("AES256", "aws:kms", "aws:kms:dsse")
OWNERSHIPS: Final = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
STATUSES: Final = ("Enabled", "Suspended")


@correction(
    "s3",
    "DeleteBucketEncryption",
    restores="that a bucket is always encrypted: without settings of its own, with AES256",
    aws=f"{GUIDE}/default-encryption-faq.html",
)
def reset_encryption(call: Call, _forward: Forward) -> Answer:
    """Go back to AES256."""
    bucket = call.params["Bucket"]
    return call.ask("s3", "PutBucketEncryption", Bucket=bucket, ServerSideEncryptionConfiguration=SSE_S3)


@correction(
    "s3",
    "PutBucketEncryption",
    "PutBucketVersioning",
    "PutBucketOwnershipControls",
    restores="refusal of values that the schema has not",
    aws=f"{API}/ErrorResponses.html",
)
def known_values(call: Call, forward: Forward) -> Answer:
    """Refuse algorithms, statuses and ownerships that are none."""
    params = call.params
    rules = params.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    algorithms = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "AES256") for rule in rules]
    ownerships = [rule.get("ObjectOwnership") for rule in params.get("OwnershipControls", {}).get("Rules", [])]
    status = params.get("VersioningConfiguration", {}).get("Status", "Enabled")
    known = set(algorithms) <= set(ALGORITHMS) and set(ownerships) <= set(OWNERSHIPS) and status in STATUSES
    if not known:
        raise ServiceError("MalformedXML", MALFORMED)
    return forward()


@correction(
    "s3",
    "PutBucketAcl",
    restores="that a bucket without ACLs takes none",
    aws=f"{GUIDE}/about-object-ownership.html",
)
def no_acl(call: Call, forward: Forward) -> Answer:
    """Refuse ACLs under BucketOwnerEnforced, but for the private one."""
    controls = call.asks("OwnershipControlsNotFound", "s3", "GetBucketOwnershipControls", Bucket=call.params["Bucket"])
    rules = controls["OwnershipControls"]["Rules"] if controls else []
    enforced = any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules)
    if enforced and call.params.get("ACL") not in ("private", "bucket-owner-full-control"):
        raise ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    return forward()


@correction(
    "s3",
    "PutBucketTagging",
    restores="the limits on tags",
    aws=f"{GUIDE}/CostAllocTagging.html",
)
def put_tags(call: Call, forward: Forward) -> Answer:
    """Refuse tags that S3 refuses."""
    check_tags(call.params["Tagging"]["TagSet"])
    return forward()


@correction(
    "s3",
    "GetBucketTagging",
    restores="the value of a tag whose value is empty",
    aws=f"{API}/API_GetBucketTagging.html",
)
def get_tags(call: Call, forward: Forward) -> Answer:
    """Tell every member."""
    del call
    answer = forward()
    for tag in answer["TagSet"]:
        tag.setdefault("Value", "")
    return answer
