"""What each service says when it refuses: its own code, status and text, as data.

A row is found by the service, else by its protocol. Where botocore's model has the error its name is the model's; the
others stand on the services' pages of common errors:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/batch/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mfinfra.permissions import action_of
from mfinfra.sandbox.corrections.call import ServiceError
from mfinfra.sandbox.faults.request import Request
from mfinfra.sandbox.network import ACCOUNT_ID

Row = tuple[str, int, str]
"""Code, status of HTTP, text."""

RATE: Final = "Rate exceeded"
THROTTLED: Final[Mapping[str, Row]] = {
    "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
    "s3": ("SlowDown", 503, "Please reduce your request rate."),
    "dynamodb": ("ThrottlingException", 400, "Rate of requests exceeds the allowed throughput."),
    "resourcegroupstaggingapi": ("ThrottledException", 400, RATE),
    "kms": (
        "ThrottlingException",
        400,
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    ),
    "query": ("Throttling", 400, RATE),
    "json": ("ThrottlingException", 400, RATE),
    "rest-json": ("TooManyRequestsException", 429, "Too Many Requests"),
    "rest-xml": ("Throttling", 400, RATE),
}
ITEMS_THROTTLED: Final[Row] = (
    "ProvisionedThroughputExceededException",
    400,
    (
        "The level of configured provisioned throughput for the table was exceeded. "
        "Consider increasing your provisioning level with the UpdateTable API."
    ),
)
ITEM_OPERATIONS: Final = frozenset(
    {
        *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem"),
        *("TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement"),
    }
)
UNKNOWN: Final = "The request processing has failed because of an unknown error, exception or failure."
BROKEN: Final[Mapping[str, Row]] = {
    "ec2": ("InternalError", 500, "An internal error has occurred"),
    "s3": ("InternalError", 500, "We encountered an internal error. Please try again."),
    "dynamodb": ("InternalServerError", 500, "Internal server error"),
    "iam": ("ServiceFailure", 500, UNKNOWN),
    "resourcegroupstaggingapi": ("InternalServiceException", 500, UNKNOWN),
    "ecr": ("ServerException", 500, UNKNOWN),
    "ecs": ("ServerException", 500, UNKNOWN),
    "batch": ("ServerException", 500, UNKNOWN),
    "kms": ("KMSInternalException", 500, UNKNOWN),
    "query": ("InternalFailure", 500, UNKNOWN),
    "json": ("InternalFailure", 500, UNKNOWN),
    "rest-json": ("InternalFailure", 500, UNKNOWN),
    "rest-xml": ("InternalError", 500, UNKNOWN),
}
TEMPORARY: Final = "The request has failed due to a temporary failure of the server."
UNAVAILABLE: Final[Mapping[str, Row]] = {
    "ec2": ("Unavailable", 503, "The server is overloaded and can't handle the request."),
    "s3": ("ServiceUnavailable", 503, "Service is unable to handle request."),
    "logs": ("ServiceUnavailableException", 503, "The service cannot complete the request."),
    "query": ("ServiceUnavailable", 503, TEMPORARY),
    "json": ("ServiceUnavailable", 503, TEMPORARY),
    "rest-json": ("ServiceUnavailable", 503, TEMPORARY),
    "rest-xml": ("ServiceUnavailable", 503, TEMPORARY),
}
STALE: Final = "The security token included in the request is expired"
EXPIRED: Final[Mapping[str, Row]] = {
    "ec2": ("RequestExpired", 400, "Request has expired."),
    "s3": ("ExpiredToken", 400, "The provided token has expired."),
    "query": ("ExpiredToken", 403, STALE),
    "json": ("ExpiredTokenException", 400, STALE),
    "rest-json": ("ExpiredTokenException", 403, STALE),
    "rest-xml": ("ExpiredToken", 403, STALE),
}
CALLER: Final = f"arn:aws:iam::{ACCOUNT_ID}:user/sandbox"
REFUSAL: Final = (
    "User: {caller} is not authorized to perform: {action} because no identity-based policy allows the {action} action"
)
DENIED: Final[Mapping[str, Row]] = {
    "ec2": ("UnauthorizedOperation", 403, f"You are not authorized to perform this operation. {REFUSAL}"),
    "query": ("AccessDenied", 403, REFUSAL),
    "json": ("AccessDeniedException", 400, REFUSAL),
    "rest-json": ("AccessDeniedException", 403, REFUSAL),
    "rest-xml": ("AccessDenied", 403, REFUSAL),
}


def throttled(request: Request) -> ServiceError:
    """Too many requests a second; DynamoDB's items have a code of their own."""
    if request.service == "dynamodb" and request.operation in ITEM_OPERATIONS:
        return _error(ITEMS_THROTTLED)
    return _error(_row(THROTTLED, request))


def broken(request: Request) -> ServiceError:
    """The service failed within."""
    return _error(_row(BROKEN, request))


def unavailable(request: Request) -> ServiceError:
    """The service takes no requests for a moment."""
    return _error(_row(UNAVAILABLE, request))


def expired(request: Request) -> ServiceError:
    """The caller's temporary credentials ended."""
    return _error(_row(EXPIRED, request))


def denied(request: Request) -> ServiceError:
    """No policy allows the caller what it asks for."""
    code, status, text = _row(DENIED, request)
    action = action_of(request.service, request.operation)
    return ServiceError(code, text.format(caller=CALLER, action=action), status)


def _row(rows: Mapping[str, Row], request: Request) -> Row:
    return rows.get(request.service) or rows[request.protocol]


def _error(row: Row) -> ServiceError:
    code, status, text = row
    return ServiceError(code, text, status)
