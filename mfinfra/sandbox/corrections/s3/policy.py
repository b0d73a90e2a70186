"""Bucket policies: kept here and not in moto, which enforces them without looking at their conditions."""

from __future__ import annotations

import fnmatch
import json
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.documents import (
    MalformedDocumentError,
    many,
    parsed,
    statements,
    with_canonical_principals,
)
from mfinfra.sandbox.corrections.iam import visibility
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.network import ACCOUNT_ID

API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API"
PRINCIPAL: Final = "Invalid principal in policy"
ACTIONS: Final = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
}
NARROWING: Final = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:sourceaccount", "aws:sourcearn"),
        *("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "s3:dataaccesspointaccount"),
    },
)


@correction(
    "s3",
    "PutBucketPolicy",
    restores="policies checked, accounts written as root ARNs, public policies blocked",
    aws="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
def put_policy(call: Call, _forward: Forward) -> Answer:
    """Keep a policy that S3 would take."""
    bucket, text = call.params["Bucket"], call.params["Policy"]
    call.ask("s3", "GetBucketLocation", Bucket=bucket)
    try:
        document = parsed(text)
        _check(document, f"arn:{call.partition}:s3:::{bucket}")
        text = visibility.as_stored(call, with_canonical_principals(call, text, document))
    except MalformedDocumentError as error:
        # Which one it is stands in a member of its own, which botocore drops.
        text = PRINCIPAL if str(error).startswith(PRINCIPAL) else str(error)
        raise ServiceError("MalformedPolicy", text) from error
    block = call.asks("NoSuchPublicAccessBlock", "s3", "GetPublicAccessBlock", Bucket=bucket)
    if block and block["PublicAccessBlockConfiguration"].get("BlockPublicPolicy") and is_public(document):
        text = "User is not authorized to perform: s3:PutBucketPolicy because public policies are blocked"
        raise ServiceError("AccessDenied", text, 403)
    shelf("bucket policies")[bucket] = text
    return {}


@correction(
    "s3",
    "GetBucketPolicy",
    restores="the policy that is kept here",
    aws=f"{API}/API_GetBucketPolicy.html",
)
def get_policy(call: Call, _forward: Forward) -> Answer:
    """The policy's text."""
    return {"Policy": visibility.as_shown(call, _kept(call))}


@correction(
    "s3",
    "GetBucketPolicyStatus",
    restores="whether the policy that is kept here is public",
    aws=f"{API}/API_GetBucketPolicyStatus.html",
)
def get_policy_status(call: Call, _forward: Forward) -> Answer:
    """Whether the policy is public."""
    return {"PolicyStatus": {"IsPublic": is_public(json.loads(_kept(call)))}}


@correction(
    "s3",
    "DeleteBucketPolicy",
    restores="the policy that is kept here",
    aws=f"{API}/API_DeleteBucketPolicy.html",
)
def delete_policy(call: Call, _forward: Forward) -> Answer:
    """Forget the policy; no policy is no error."""
    call.ask("s3", "GetBucketLocation", Bucket=call.params["Bucket"])
    shelf("bucket policies").pop(call.params["Bucket"], None)
    return {}


@correction("s3", "DeleteBucket", restores="no policy outlives its bucket", aws=f"{API}/API_DeleteBucket.html")
def forget_policy(call: Call, forward: Forward) -> Answer:
    """Forget the policy of a bucket that is deleted."""
    answer = forward()
    shelf("bucket policies").pop(call.params["Bucket"], None)
    return answer


def enforce(operation: str, uri: dict[str, Any], owner: str | None) -> None:
    """Refuse what the bucket's policy denies, and a bucket that is not the expected owner's.

    The caller is the account itself, so nothing needs an Allow. A request counts as sent over TLS: it never leaves
    the loopback interface, and a bucket whose policy demands TLS has to be usable here as it is on AWS.
    """
    if owner and owner != ACCOUNT_ID and "Bucket" in uri:
        raise ServiceError("AccessDenied", "Access Denied", 403)
    action, bucket = ACTIONS.get(operation), uri.get("Bucket")
    text = shelf("bucket policies").get(str(bucket)) if action else None
    if action is None or text is None:
        return
    key = f"/{uri['Key']}" if action != "s3:ListBucket" else ""
    for statement in statements(json.loads(text)):
        if statement["Effect"] == "Deny" and _concerns(statement, action, f"arn:aws:s3:::{bucket}{key}"):
            raise ServiceError("AccessDenied", "Access Denied: an explicit deny in a resource-based policy", 403)


def is_public(document: dict[str, Any]) -> bool:
    """Whether anyone is allowed anything, as S3 sees it."""
    return any(
        statement["Effect"] == "Allow" and _anyone(statement.get("Principal")) and not _narrowed(statement)
        for statement in statements(document)
    )


def _kept(call: Call) -> str:
    call.ask("s3", "GetBucketLocation", Bucket=call.params["Bucket"])
    text = shelf("bucket policies").get(call.params["Bucket"])
    if text is None:
        raise ServiceError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
    return str(text)


def _check(document: dict[str, Any], arn: str) -> None:
    for statement in statements(document):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedDocumentError("Missing required field Principal")
        for resource in many(statement.get("Resource", statement.get("NotResource", []))):
            if resource != arn and not str(resource).startswith(f"{arn}/"):
                raise MalformedDocumentError("Policy has invalid resource")
        if not statement.get("Resource", statement.get("NotResource")):
            raise MalformedDocumentError("Missing required field Resource")
        for action in many(statement.get("Action", statement.get("NotAction"))):
            if action != "*" and not action.lower().startswith("s3:"):
                raise MalformedDocumentError("Policy has invalid action")


def _concerns(statement: dict[str, Any], action: str, arn: str) -> bool:
    actions, resources = statement.get("Action"), statement.get("Resource")
    principal = statement.get("Principal")
    here = _anyone(principal) or f"::{ACCOUNT_ID}:root" in json.dumps(principal)
    if not here or actions is None or resources is None or not _holds(statement.get("Condition") or {}):
        return False
    return any(fnmatch.fnmatchcase(action.lower(), name.lower()) for name in many(actions)) and any(
        fnmatch.fnmatchcase(arn, name) for name in many(resources)
    )


def _holds(condition: dict[str, Any]) -> bool:
    """Whether a condition holds; of what the sandbox does not know, it is assumed not to."""
    return all(
        operator.startswith("Bool") and key.lower() == "aws:securetransport" and str(many(value)[0]).lower() == "true"
        for operator, keys in condition.items()
        for key, value in keys.items()
    )


def _anyone(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in many(principal.get("AWS", [])))


def _narrowed(statement: dict[str, Any]) -> bool:
    keys = {key.lower() for keys in (statement.get("Condition") or {}).values() for key in keys}
    return bool(keys & NARROWING)
