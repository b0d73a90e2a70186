"""A strict S3: buckets and their settings are known late, and one of two writes at once is aborted.

Objects are strongly consistent, and writes of them on a condition too; buckets and their settings are not:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moto.s3.models import s3_backends

from mfinfra.sandbox.corrections import apply, corrected, correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API"
MODEL: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel"


@dataclass(frozen=True, slots=True)
class Facet:
    """One setting of a bucket: how it is read, put and taken away."""

    get: str
    put: str
    delete: str = ""


FACETS: Final = (
    Facet("GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"),
    Facet("GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"),
    Facet("GetBucketOwnershipControls", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
    Facet("GetBucketVersioning", "PutBucketVersioning"),
    Facet("GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"),
    Facet("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
    Facet("GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"),
)
OF: Final = {name: facet for facet in FACETS for name in (facet.get, facet.put, facet.delete) if name}
READS: Final = tuple(facet.get for facet in FACETS)
WRITES: Final = tuple(name for name in OF if name not in READS)


@correction(
    "s3",
    "CreateBucket",
    restores="OperationAborted for a name that was deleted just now",
    aws=f"{API}/ErrorResponses.html#ErrorCodeList",
    strict=True,
)
def new_name(call: Call, forward: Forward) -> Answer:
    """Make it once the name is free again: https://github.com/aws/aws-cli/issues/2593 ."""
    bucket, there = call.params["Bucket"], _exists(call)
    if not there and propagation.pending("bucket name", bucket):
        raise _aborted()
    answer = forward()
    if not there:
        propagation.end("bucket ghost", bucket)
        propagation.end("bucket write", bucket)
        propagation.begin("bucket", bucket, looks=propagation.ONE)
        for facet in FACETS:
            propagation.end("setting", facet.get, bucket)
            propagation.begin(facet.get, bucket)
    return answer


@correction("s3", "DeleteBucket", restores="that a name is not free at once", aws=MODEL, strict=True)
def old_name(call: Call, forward: Forward) -> Answer:
    """Delete it, and keep its name for a while."""
    region = _region(call)
    answer = forward()
    bucket = call.params["Bucket"]
    propagation.begin("bucket name", bucket)
    propagation.begin("bucket ghost", bucket, looks=propagation.ONE)
    shelf("bucket ghosts")[bucket] = region
    return answer


@correction(
    "s3",
    "HeadBucket",
    restores="404 for a look after a create, 200 for a look after a delete",
    aws=MODEL,
    strict=True,
)
def head(call: Call, forward: Forward) -> Answer:
    """Answer from what is known of the bucket by now."""
    bucket = call.params["Bucket"]
    propagation.end("bucket write", bucket)
    if propagation.pending("bucket ghost", bucket):
        return {"BucketRegion": shelf("bucket ghosts")[bucket]}
    if propagation.pending("bucket", bucket):
        raise ServiceError("404", "Not Found", 404)
    return forward()


@correction(
    "s3",
    *OF,
    restores="NoSuchBucket soon after a create, for each setting in its own time",
    aws=MODEL,
    strict=True,
)
def unknown_bucket(call: Call, forward: Forward) -> Answer:
    """Refuse a bucket that this setting does not know yet.

    terraform-provider-aws waits two minutes for it: internal/service/s3, `bucketPropagationTimeout`.
    """
    if _exists(call) and propagation.pending(OF[call.operation].get, call.params["Bucket"]):
        raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
    return forward()


@correction(
    "s3",
    *WRITES,
    restores="OperationAborted for a write at once with another, and the old setting for a look after a write",
    aws=f"{API}/ErrorResponses.html#ErrorCodeList",
    strict=True,
)
def write(call: Call, forward: Forward) -> Answer:
    """Write one setting at a time: a write that follows another without a look comes at once with it.

    https://github.com/hashicorp/terraform-provider-aws/issues/7628 , https://github.com/ansible/ansible/pull/67811
    """
    bucket, facet = call.params["Bucket"], OF[call.operation]
    if propagation.pending("bucket write", bucket):
        raise _aborted()
    before = _now(call, facet)
    answer = forward()
    shelf("old settings")[f"{bucket} {facet.get}"] = before
    propagation.begin("setting", facet.get, bucket, looks=propagation.ONE)
    propagation.begin("bucket write", bucket, looks=propagation.ONE)
    return answer


@correction("s3", *READS, restores="the old setting for a look after a write", aws=MODEL, strict=True)
def read(call: Call, forward: Forward) -> Answer:
    """The setting as it is known by now."""
    bucket = call.params["Bucket"]
    propagation.end("bucket write", bucket)
    if not _exists(call) or not propagation.pending("setting", call.operation, bucket):
        return forward()
    before: Answer | ServiceError = shelf("old settings")[f"{bucket} {call.operation}"]
    if isinstance(before, ServiceError):
        raise before
    return dict(before)


def _now(call: Call, facet: Facet) -> Answer | ServiceError:
    """What a kind sandbox would answer."""
    asked = Call("s3", facet.get, call.region, call.account, {"Bucket": call.params["Bucket"]}, call.asking)
    acts = tuple(act for act in corrected("s3", facet.get) if act not in (unknown_bucket, read))
    try:
        return apply(acts, asked, lambda: asked.ask("s3", facet.get, **asked.params))
    except ServiceError as error:
        return error


def _exists(call: Call) -> bool:
    return call.params["Bucket"] in s3_backends[call.account][call.partition].buckets


def _region(call: Call) -> str:
    bucket = s3_backends[call.account][call.partition].buckets.get(call.params["Bucket"])
    return bucket.region_name if bucket else call.region


def _aborted() -> ServiceError:
    text = "A conflicting conditional operation is currently in progress against this resource. Please try again."
    return ServiceError("OperationAborted", text, 409)
