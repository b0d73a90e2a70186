"""A bucket with its settings, and its policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.exporting import buckets
from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

ACCESS = {
    "block_public_acls": "BlockPublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "ignore_public_acls": "IgnorePublicAcls",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
RULE = {
    "prefix": "Prefix",
    "expiration_days": "ExpirationInDays",
    "expiration_date": "ExpirationDate",
    "expired_object_delete_marker": "ExpiredObjectDeleteMarker",
}
SIZES = {"object_size_greater_than": "ObjectSizeGreaterThan", "object_size_less_than": "ObjectSizeLessThan"}
NESTED = {
    "NoncurrentVersionExpiration": {
        "noncurrent_days": "NoncurrentDays",
        "newer_noncurrent_versions": "NewerNoncurrentVersions",
    },
    "AbortIncompleteMultipartUpload": {"abort_upload_days": "DaysAfterInitiation"},
}
MOVES = {"transitions": "Transitions", "noncurrent_transitions": "NoncurrentVersionTransitions"}
MOVE = {
    "days": "TransitionInDays",
    "date": "TransitionDate",
    "noncurrent_days": "TransitionInDays",
    "newer_noncurrent_versions": "NewerNoncurrentVersions",
    "storage_class": "StorageClass",
}


def items(subject: Subject) -> Iterator[Item]:
    """The bucket, and its policy where it has one."""
    name, spec = subject.spec["name"], subject.spec
    properties: dict[str, Any] = {"BucketName": name}
    if spec.get("object_ownership"):
        properties["OwnershipControls"] = {"Rules": [{"ObjectOwnership": spec["object_ownership"]}]}
    if access := buckets.access(spec.get("block_public_access")):
        properties["PublicAccessBlockConfiguration"] = {ACCESS[key]: value for key, value in access.items()}
    if spec.get("encryption"):
        properties["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [encryption(subject)]}
    if spec.get("versioning"):
        properties["VersioningConfiguration"] = {"Status": "Enabled"}
    if rules := spec.get("lifecycle_rules"):
        smallest = buckets.smallest(subject)
        more = {"TransitionDefaultMinimumObjectSize": smallest} if smallest else {}
        properties["LifecycleConfiguration"] = {**more, "Rules": [rule(one) for one in rules]}
    yield Item("AWS::S3::Bucket", {"BucketName": name}, {**properties, **tags(subject)})
    if document := buckets.policy(subject):
        said = {"Bucket": subject.own("name"), "PolicyDocument": document}
        yield Item("AWS::S3::BucketPolicy", {"Bucket": name}, said, "Policy")


def encryption(subject: Subject) -> dict[str, Any]:
    """The rule of the default encryption."""
    said = subject.spec["encryption"]
    key = {"KMSMasterKeyID": said["key"]} if said.get("key") else {}
    bucket_key = {"BucketKeyEnabled": True} if said.get("bucket_key") else {}
    blocked = buckets.blocked(subject)
    more = {**bucket_key, **({"BlockedEncryptionTypes": {"EncryptionType": blocked}} if blocked else {})}
    return {**more, "ServerSideEncryptionByDefault": {"SSEAlgorithm": said["algorithm"], **key}}


def rule(one: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the lifecycle."""
    said: dict[str, Any] = {"Id": one["id"], "Status": "Enabled" if one.get("enabled", True) else "Disabled"}
    said |= {there: buckets.midnight(one[name]) for name, there in RULE.items() if one.get(name)}
    said |= {there: str(one[name]) for name, there in SIZES.items() if name in one}
    if marks := one.get("tags"):
        said["TagFilters"] = [{"Key": key, "Value": value} for key, value in sorted(marks.items())]
    for block, members in NESTED.items():
        if inner := {there: one[name] for name, there in members.items() if name in one}:
            said[block] = inner
    for name, there in MOVES.items():
        if one.get(name):
            said[there] = [{MOVE[key]: buckets.midnight(value) for key, value in move.items()} for move in one[name]]
    return said


FORM = Form({"arn": ("", "Arn"), "name": ("", "")}, items, lambda subject: buckets.untold(subject, "CloudFormation"))
