"""S3 buckets; for Metaflow, the datastore.

A bucket's name is unique among all accounts: every call but the creation names the owner it expects, so that a bucket
of that name which belongs to somebody else is never read, written or trusted.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra.drivers import _bucket_facets as facets
from mfinfra.drivers import _bucket_lifecycle as lifecycle
from mfinfra.drivers import _bucket_policy as policy
from mfinfra.drivers._bucket_facets import MISSING, bucket_arn, facet, params
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Part, Tagging
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.errors import UserError
from mfinfra.model import Call, Document, Drain, Effects, Observed, Resource, Sends, Settle, Spec

# The one region that has no location constraint, for it was the only one once.
FIRST_REGION = "us-east-1"
OWNER = "mfinfra:owner"
RECORDS = "mfinfra"
"""Where in a bucket the lock and the receipts of an environment are, see `mfinfra.records`."""

TAGS = facet("GetBucketTagging", "NoSuchTagSet")


def read(resource: Resource) -> Call:
    """A HEAD has no body: its 404 has no other code. 403 is another account's bucket, or a missing permission."""
    return Call("s3", "HeadBucket", params(resource), absent=MISSING)


def parse(answer: Document, resource: Resource) -> Observed:
    name, here = resource.spec["name"], resource.scope.region
    region = answer.get("BucketRegion") or here
    if region != here:
        raise UserError(
            f"{resource.address}: the bucket `{name}` is in {region}, and this environment is in {here}",
            hint=f"give the bucket another name, or the environment `region: {region}`; S3 moves no bucket",
        )
    arn = bucket_arn(resource)
    return Observed({"name": name}, {"arn": arn, "name": name, "url": f"s3://{name}"}, {}, arn)


def desired(resource: Resource) -> Spec:
    spec = dict(resource.spec)
    for name, canonical in (
        ("encryption", facets.canonical_encryption),
        ("block_public_access", facets.canonical_access),
        ("lifecycle_rules", lifecycle.canonical),
    ):
        if spec.get(name) is not None:
            spec[name] = canonical(spec[name])
    if spec.get("policy"):
        own, rest = policy.split(spec["policy"], bucket_arn(resource), resource.scope)
        spec |= {"policy": rest, "tls_only": own or spec["tls_only"]}
    return spec


def create(resource: Resource, want: Spec) -> Effects:
    """Make it, with its tags: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-create-tag.html .

    One that somebody else has made since the plan is no other answer in the first region: 200, and nothing done. So it
    takes our tag to be written to.
    https://github.com/hashicorp/terraform-provider-aws/pull/26011
    """
    place: dict[str, Any] = {"Tags": tag_list(resource.tags)} if resource.tags else {}
    if resource.scope.region != FIRST_REGION:
        place["LocationConstraint"] = resource.scope.region
    more = {"CreateBucketConfiguration": place} if place else {}
    made = Call("s3", "CreateBucket", {"Bucket": want["name"], **more})
    return (made, *until_ours(resource))


def until_ours(resource: Resource) -> Effects:
    """Wait until its tags say whose it is; where they name somebody else it fails at once."""
    if OWNER not in resource.tags:
        return ()
    told = f"TagSet[?Key == '{OWNER}' && Value == '{resource.tags[OWNER]}']"
    return (
        Settle(
            TAGS(resource),
            f"TagSet && ({told} && 'ours' || 'foreign')",
            "S3 is making the tags of the new bucket known",
            ready=("ours",),
            failed=("foreign",),
            reason="'a bucket of this name belongs to somebody else'",
            timeout=120.0,
        ),
    )


def born(resource: Resource, want: Spec) -> Spec:
    """What S3 gives a new bucket since April 2023; what keeps data private is written all the same.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    return {
        **want,
        "versioning": False,
        "encryption": {"algorithm": "AES256"},
        "block_public_access": None,
        "tls_only": False,
        "policy": {},
        "lifecycle_rules": [],
        "object_ownership": "BucketOwnerEnforced",
    }


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    """Replace the whole set: S3 has no other way.

    Tags that AWS itself keeps (`aws:…`) go back as they were: S3 takes a set without them for their removal, and
    refuses ("System tags cannot be removed by requester"): https://github.com/cloud-custodian/cloud-custodian/issues/2834
    """
    return (Call("s3", "PutBucketTagging", params(resource, Tagging={"TagSet": tag_list(every)})),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    """Put the set without them, or, where none is left, delete it: S3 takes no single tag off."""
    if not rest:
        return (Call("s3", "DeleteBucketTagging", params(resource)),)
    return put_tags(resource, observed, {}, rest)


def empty(resource: Resource) -> Effects:
    """Delete every version of every object, and what unfinished uploads have left."""
    uploads = Drain(
        Call("s3", "ListMultipartUploads", params(resource), absent=MISSING),
        "Uploads[].{Key: Key, UploadId: UploadId}",
        Call("s3", "AbortMultipartUpload", params(resource), absent=("NoSuchUpload", *MISSING)),
        each=True,
    )
    return (uploads, _versions(resource))


def clear(resource: Resource) -> Effects:
    """Delete the lock and the receipts, which are ours, once nothing else is there: they do not make a bucket full.

    Names come in the order of their bytes: what lies before ours is the first of all, what lies after them the next.
    """
    ours = f"{RECORDS}/{resource.scope.environment}/"
    foreign = f"[Versions, DeleteMarkers][].Key | [?!starts_with(@, '{ours}')] && 'full' || `null`"
    why = "looking for content: only with `force_destroy: true` is a bucket emptied"
    looks = tuple(
        Settle(
            Call("s3", "ListObjectVersions", params(resource, MaxKeys=1, **beyond), absent=MISSING),
            foreign,
            why,
            failed=("full",),
            reason="'the bucket is not empty'",
            gone=True,
        )
        for beyond in ({}, {"KeyMarker": f"{ours}~"})
    )
    return (*looks, _versions(resource, Prefix=ours))


def _versions(resource: Resource, **below: str) -> Drain:
    return Drain(
        Call("s3", "ListObjectVersions", params(resource, **below), absent=MISSING),
        "[Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}",
        Call("s3", "DeleteObjects", params(resource, Delete={"Quiet": True}), absent=MISSING, failures="Errors"),
        into="Delete.Objects",
    )


def gone(resource: Resource) -> Effects:
    return (Settle(read(resource), "BucketRegion", "S3 is deleting the bucket", gone=True, timeout=120.0),)


def delete(resource: Resource, observed: Observed) -> Effects:
    return (
        *(empty(resource) if resource.spec.get("force_destroy") else clear(resource)),
        Call("s3", "DeleteBucket", params(resource), absent=MISSING),
        *gone(resource),
    )


OBJECTS = ("arn:${partition}:s3:::${self.name}/*",)
SENDS = Sends(
    reads=(
        "s3:HeadBucket",
        "s3:GetBucketEncryption",
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetPublicAccessBlock",
    ),
    makes=("s3:CreateBucket",),
    changes=(
        "s3:PutBucketEncryption",
        "s3:PutBucketLifecycleConfiguration",
        "s3:DeleteBucketLifecycle",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutPublicAccessBlock",
    ),
    deletes=(
        "s3:ListMultipartUploads",
        "s3:AbortMultipartUpload",
        "s3:ListObjectVersions",
        "s3:DeleteObjects",
        "s3:DeleteBucket",
    ),
    forgets=("s3:DeleteBucketTagging", "s3:PutBucketTagging"),
    elsewhere={
        "s3:AbortMultipartUpload": OBJECTS,
        "s3:DeleteObject": OBJECTS,
        "s3:DeleteObjectVersion": OBJECTS,
    },
    only=dict.fromkeys(("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"), "force_destroy"),
)

DRIVER = Kind(
    kind="bucket",
    sends=SENDS,
    whole=True,
    arn=r"arn:[^:]+:s3:::(?P<name>[^/:]+)",
    read=read,
    parse=parse,
    desired=desired,
    # The order counts for a new bucket: first who may reach it, then what holds for what is put into it, then policies.
    parts=(
        Part(("name",)),
        Part(
            ("object_ownership",),
            write=facets.write_ownership,
            read=facet("GetBucketOwnershipControls", "OwnershipControlsNotFoundError"),
            parse=facets.parse_ownership,
        ),
        Part(
            ("block_public_access",),
            write=facets.write_access,
            read=facet("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
            parse=facets.parse_access,
        ),
        Part(
            ("encryption",),
            write=facets.write_encryption,
            read=facet("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
            parse=facets.parse_encryption,
        ),
        Part(
            ("versioning",),
            write=facets.write_versioning,
            read=facet("GetBucketVersioning"),
            parse=facets.parse_versioning,
        ),
        Part(
            ("lifecycle_rules",),
            write=lifecycle.write,
            read=facet("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
            parse=lifecycle.parse,
        ),
        Part(
            ("tls_only", "policy"),
            write=policy.write,
            read=facet("GetBucketPolicy", "NoSuchBucketPolicy"),
            parse=policy.parse,
        ),
    ),
    tagging=Tagging(
        put=put_tags,
        take=take_tags,
        read=TAGS,
        parse=lambda answer: tag_map((answer or {}).get("TagSet")),
    ),
    create=create,
    born=born,
    delete=delete,
    gone=gone,
    local=("force_destroy",),
)
