"""One call carried out: values in, values out, errors in our own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from mfinfra.aws import entry, linked, sanitise
from mfinfra.errors import AccessDenied, AwsError, Unreachable, UserError
from mfinfra.model import Call, Document, refs
from mfinfra.permissions import action_of

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "AllAccessDisabled"})
HINTS: Mapping[tuple[str, str], str] = {
    ("s3", "BucketNotEmpty"): "mfinfra empties a bucket only where the file says `force_destroy: true`",
    ("ecr", "RepositoryNotEmptyException"): "mfinfra deletes images only where the file says `force_destroy: true`",
    ("ec2", "DependencyViolation"): "something still uses it; under another name it is replaced without that",
    ("s3", "BucketAlreadyExists"): "bucket names are unique among all accounts; put the account into the name",
}
CLOCK = re.compile("Signature expired: |Signature not yet current|difference between the request time and the current")
"""What AWS says to a request that was signed at another time. https://github.com/aws/aws-sdk-js/issues/1652"""
SET_CLOCK = "requests are signed with the time, and the clock of this machine is wrong: set it and run the same command"
LONGEST = 200
LARGEST_BODY = 4 * 1024 * 1024
BROKEN = 500
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
ENTRANCES = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetRoleCredentials"})
"""Operations by which botocore gets the credentials of a profile."""
LOG_IN = "the credentials have expired; log in again (`aws sso login{}`) and run the same command"


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS answered: `document` is `None` where a code of `Call.absent` came back.

    `at` is the moment on the server's own clock, `None` where it does not say or the answer came in several pages.
    """

    document: Document | None
    request_id: str = ""
    at: datetime | None = None


def perform(client: Any, call: Call) -> Answer:
    """Send `call` once; raises `AwsError` in our words for whatever the call does not say is expected."""
    if unknown := refs(call.params):
        raise AssertionError(f"{call} was sent before {sorted(map(str, unknown))} were known")
    method = xform_name(call.operation)
    try:
        if call.paginate and client.can_paginate(method):
            answer = client.get_paginator(method).paginate(**call.params).build_full_result()
        else:
            answer = _whole(getattr(client, method)(**call.params))
    except ClientError as error:
        return _refused(call, error)
    except (BotoCoreError, ResponseParserError) as error:
        raise unreachable(call, error) from error
    metadata: Mapping[str, Any] = answer.get("ResponseMetadata", {})
    document = sanitise.document({key: value for key, value in answer.items() if key != "ResponseMetadata"})
    _check_failures(call, document, metadata)
    return Answer(document, metadata.get("RequestId", ""), _moment(metadata))


def _whole(answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` with what it streams read, cut off behind `LARGEST_BODY` bytes: the store decides how much there is."""
    body: Any = answer.get("Body")
    if not hasattr(body, "read"):
        return answer
    read = bytearray()
    try:
        while len(read) < LARGEST_BODY and (chunk := body.read(LARGEST_BODY - len(read))):
            read += chunk
    finally:
        body.close()
    return {**answer, "Body": bytes(read)}


def _moment(metadata: Mapping[str, Any]) -> datetime | None:
    try:
        return parsedate_to_datetime(metadata.get("HTTPHeaders", {})["date"])
    except (KeyError, ValueError):
        return None


def _expected(codes: tuple[str, ...], code: str, message: str) -> bool:
    for each in codes:
        wanted, _, text = each.partition(": ")
        if code == wanted and text.lower() in message.lower():
            return True
    return False


def _refused(call: Call, error: ClientError) -> Answer:
    if error.operation_name in ENTRANCES and error.operation_name != call.operation:
        raise _no_credentials(error) from error  # botocore asked for credentials first: this is no answer to the call
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = sanitise.redacted(sanitise.text(str(error.response.get("Error", {}).get("Message", ""))))
    metadata: Mapping[str, Any] = dict(error.response.get("ResponseMetadata", {}))
    if _expected(call.absent, code, message):
        return Answer(None, metadata.get("RequestId", ""))
    if _expected(call.fine, code, message):
        return Answer({}, metadata.get("RequestId", ""))
    if code.isdecimal() and code not in DENIED and not call.operation.startswith("Head"):
        raise unreachable(call, error) from error  # botocore takes the status for the code of what it cannot read
    raise _worded(call, code, message, metadata) from error


def _check_failures(call: Call, document: Document, metadata: Mapping[str, Any]) -> None:
    for row in jmespath.search(call.failures, document) or () if call.failures else ():
        code, message = str(row.get("Code", "")), str(row.get("Message", ""))
        if not (_expected(call.absent, code, message) or _expected(call.fine, code, message)):
            raise _worded(call, code, message, metadata)


def _worded(call: Call, code: str, message: str, metadata: Mapping[str, Any]) -> AwsError:
    status = int(metadata.get("HTTPStatusCode", 0))
    details: dict[str, Any] = {
        "service": call.service,
        "operation": call.operation,
        "aws_code": code,
        "request_id": metadata.get("RequestId", ""),
        "status": status,
        "doubtful": status >= BROKEN or bool(metadata.get("RetryAttempts")),
    }
    missing = linked.hint(message)
    about_us = entry.hint(call.service, call.operation, code, message)
    if code in DENIED:
        hint = missing or about_us or f"the caller needs the permission `{action_of(call.service, call.operation)}`"
        if call.operation == "HeadBucket":
            hint += ", or the bucket is somebody else's: names are unique among all accounts"
        return AccessDenied(message or "access denied", hint=hint, code="MF3001", **details)
    # The answer to a HEAD has no body: of a token that has expired S3 tells no more than the status.
    if code in EXPIRED or (call.operation == "HeadBucket" and code == "400"):
        return AwsError(
            message if code in EXPIRED else "most likely the credentials have expired",
            hint=LOG_IN.format(entry.option()),
            code=entry.LAPSED,
            **details,
        )
    if CLOCK.search(message):
        return AwsError(message, hint=SET_CLOCK, **details)
    if about_us:
        return AwsError(message or "no message", hint=about_us, code=entry.NO_WAY, **details)
    return AwsError(message or "no message", hint=missing or HINTS.get((call.service, code)), **details)


def _no_credentials(error: ClientError) -> UserError:
    """The error of a profile whose role could not be assumed, or whose SSO user has no such role."""
    found = error.response.get("Error", {})
    code, operation = str(found.get("Code", "")), error.operation_name
    message = sanitise.redacted(sanitise.text(str(found.get("Message", "")))) or "no message"
    service = "sso" if operation == "GetRoleCredentials" else "sts"
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    details: dict[str, Any] = {"service": service, "operation": operation, "aws_code": code, "status": status}
    if code in EXPIRED:
        return AwsError(message, hint=LOG_IN.format(entry.option()), code=entry.LAPSED, **details)
    hint = SET_CLOCK if CLOCK.search(message) else entry.hint(service, operation, code, message)
    if code in DENIED or code == "ForbiddenException":
        hint = entry.assuming(operation)
    return AwsError(message, hint=hint, code=entry.NO_WAY, **details)


def unreachable(what: Call | str, error: Exception) -> UserError:
    """The error that says why there was no answer to a call, or no way to a service; our own mistakes are raised."""
    name = type(error).__name__
    message = sanitise.redacted(sanitise.text(str(error))).rstrip(".")
    if shut_out := entry.shut_out(error, message):
        return shut_out
    if name == "ParamValidationError":
        raise error
    hint = entry.strange_region() or "check the network and the endpoint"
    return Unreachable(f"`{what}` got no usable answer: {_cut(message)}", hint=hint, code="MF3004")


def _cut(message: str) -> str:
    """A whole page of HTML tells less than its beginning."""
    return message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
