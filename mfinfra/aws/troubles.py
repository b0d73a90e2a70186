"""What passes whatever was asked for: throttles, breakdowns, a network that is away for a while. As data.

botocore tries each request a few times within seconds; what outlasts that is told and tried again here.
"""

from __future__ import annotations

from dataclasses import dataclass

from mfinfra.errors import AwsError, MfinfraError, Unreachable

RETRIES = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Error codes and HTTP statuses that say nothing of the request; to try again for `window` seconds."""

    codes: frozenset[str]
    statuses: frozenset[int]
    window: float
    why: str
    source: str


THROTTLED = Trouble(
    # As botocore has them, but for `LimitExceededException`: mostly a quota, which does not grow while one waits.
    frozenset(
        {
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "TransactionInProgressException",
        }
    ),
    frozenset({429}),
    300.0,
    "AWS takes fewer requests at the moment",
    RETRIES,
)
BROKEN = Trouble(
    frozenset(
        {
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "PriorRequestNotComplete",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServerException",
            "ServiceFailure",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "Unavailable",
        }
    ),
    frozenset({500, 502, 503, 504}),
    120.0,
    "AWS has an internal error",
    RETRIES,
)
AWAY = Trouble(frozenset(), frozenset(), 120.0, "AWS cannot be reached", RETRIES)
TABLE = (THROTTLED, BROKEN)


def trouble_of(error: MfinfraError) -> Trouble | None:
    """The trouble that an error is, if it is one."""
    return AWAY if isinstance(error, Unreachable) else refusal_of(error)


def refusal_of(error: MfinfraError) -> Trouble | None:
    """The trouble that an answer of AWS tells of, if it does."""
    if not isinstance(error, AwsError):
        return None
    by_code = (row for row in TABLE if error.aws_code in row.codes)
    by_status = (row for row in TABLE if error.status in row.statuses)
    return next(by_code, None) or next(by_status, None)
