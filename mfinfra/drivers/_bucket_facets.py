"""The settings of an S3 bucket: each is asked for and written on its own, and replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mfinfra.drivers._keys import key_arn
from mfinfra.drivers._parts import Change
from mfinfra.model import Call, Document, Effects, Resource, Spec

MISSING = ("404", "NoSuchBucket")
BLOCKED = "BlockedEncryptionTypes"
ACCESS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


def bucket_arn(resource: Resource) -> str:
    return resource.scope.arn("s3", resource.spec["name"], region="", account="")


def params(resource: Resource, **more: Any) -> dict[str, Any]:
    """The parameters of a call on the bucket, which S3 refuses if it is not this account's."""
    return {"Bucket": resource.spec["name"], "ExpectedBucketOwner": resource.scope.account, **more}


def facet(operation: str, *none: str) -> Callable[[Resource], Call]:
    """The question for one setting; `none` are the error codes that say it is not set."""
    return lambda resource: Call("s3", operation, params(resource), absent=MISSING, fine=none)


def put(change: Change, operation: str, **more: Any) -> Effects:
    return (Call("s3", operation, params(change.resource, **more)),)


def parse_ownership(answer: Document | None, resource: Resource) -> Spec:
    """Without controls whoever writes an object owns it, as it was until 2023."""
    rules = (answer or {}).get("OwnershipControls", {}).get("Rules") or [{"ObjectOwnership": "ObjectWriter"}]
    return {"object_ownership": rules[0]["ObjectOwnership"]}


def write_ownership(change: Change) -> Effects:
    rules = [{"ObjectOwnership": change.want["object_ownership"]}]
    return put(change, "PutBucketOwnershipControls", OwnershipControls={"Rules": rules})


def canonical_access(value: bool | Mapping[str, bool]) -> bool | dict[str, bool]:
    """One word where all four settings agree; a setting that is not named is on."""
    named = {name: value.get(name, True) if isinstance(value, Mapping) else value for name in ACCESS}
    together = set(named.values())
    return together.pop() if len(together) == 1 else named


def parse_access(answer: Document | None, resource: Resource) -> Spec:
    block = (answer or {}).get("PublicAccessBlockConfiguration", {})
    found = {name: bool(block.get(member, False)) for name, member in ACCESS.items()}
    return {"block_public_access": canonical_access(found)}


def write_access(change: Change) -> Effects:
    value = change.want["block_public_access"]
    block = {member: value[name] if isinstance(value, Mapping) else value for name, member in ACCESS.items()}
    return put(change, "PutPublicAccessBlock", PublicAccessBlockConfiguration=block)


def canonical_encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    """Only what counts for the algorithm: a bucket key is a matter of `aws:kms`, a KMS key of both KMS algorithms.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html
    """
    algorithm = value["algorithm"]
    found: dict[str, Any] = {"algorithm": algorithm}
    if algorithm != "AES256" and value.get("key"):
        found["key"] = value["key"]
    if algorithm == "aws:kms":
        found["bucket_key"] = value.get("bucket_key", True)
    return found


def parse_encryption(answer: Document | None, resource: Resource) -> Spec:
    rules = (answer or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": "AES256"}
    found = {
        "algorithm": default["SSEAlgorithm"],
        "key": key_arn(default.get("KMSMasterKeyID", ""), resource.scope, "s3"),
        "bucket_key": rules[0].get("BucketKeyEnabled", False),
    }
    return {"encryption": canonical_encryption(found), BLOCKED: rules[0].get(BLOCKED)}


def write_encryption(change: Change) -> Effects:
    """Put the default, with the block of keys that come with each request (SSE-C), which is part of the same rule.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
    """
    wanted = change.want["encryption"]
    default = {"SSEAlgorithm": wanted["algorithm"]}
    if "key" in wanted:
        default["KMSMasterKeyID"] = wanted["key"]
    rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": default}
    if "bucket_key" in wanted:
        rule["BucketKeyEnabled"] = wanted["bucket_key"]
    if blocked := change.fact(BLOCKED):
        rule[BLOCKED] = blocked
    return put(change, "PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": [rule]})


def parse_versioning(answer: Document | None, resource: Resource) -> Spec:
    """No status at all is a bucket that never had versions; to us it is the same as a suspended one."""
    return {"versioning": (answer or {}).get("Status") == "Enabled"}


def write_versioning(change: Change) -> Effects:
    status = "Enabled" if change.want["versioning"] else "Suspended"
    return put(change, "PutBucketVersioning", VersioningConfiguration={"Status": status})
