"""Lifecycle rules: kept here as they were sent, for moto drops what it does not know of them."""

from __future__ import annotations

import secrets
from copy import deepcopy
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API"
LIFECYCLE_ACTIONS: Final = (
    *("Expiration", "Transitions", "NoncurrentVersionTransitions", "NoncurrentVersionExpiration"),
    "AbortIncompleteMultipartUpload",
)
INFREQUENT_ACCESS_DAYS: Final = 30


@correction(
    "s3",
    "PutBucketLifecycleConfiguration",
    restores="ids for rules without one, refusal of rules without an action and of early transitions; all is kept",
    aws=f"{API}/API_PutBucketLifecycleConfiguration.html",
)
def put_lifecycle(call: Call, forward: Forward) -> Answer:
    """Check every rule, name the nameless, and keep them."""
    rules = call.params.get("LifecycleConfiguration", {}).get("Rules", [])
    for rule in rules:
        if not rule.get("ID"):
            rule["ID"] = secrets.token_urlsafe(36)
        _check_rule(rule)
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise ServiceError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    kept = deepcopy(rules)
    answer = forward()
    shelf("bucket lifecycles")[call.params["Bucket"]] = kept
    return answer


@correction(
    "s3",
    "GetBucketLifecycleConfiguration",
    restores="sizes of objects, numbers of noncurrent versions",
    aws=f"{API}/API_GetBucketLifecycleConfiguration.html",
)
def get_lifecycle(call: Call, forward: Forward) -> Answer:
    """The rules that are kept here, where moto has any."""
    return forward() | {"Rules": deepcopy(shelf("bucket lifecycles")[call.params["Bucket"]])}


def _check_rule(rule: dict[str, Any]) -> None:
    if not any(rule.get(action) for action in LIFECYCLE_ACTIONS):
        text = "At least one action needs to be specified in a rule"
        raise ServiceError("InvalidRequest", text)
    for transition in rule.get("Transitions") or []:
        early = transition.get("Days", INFREQUENT_ACCESS_DAYS) < INFREQUENT_ACCESS_DAYS
        if early and transition.get("StorageClass") in ("STANDARD_IA", "ONEZONE_IA"):
            text = f"'Days' in Transition action must be greater than or equal to {INFREQUENT_ACCESS_DAYS}"
            raise ServiceError("InvalidArgument", f"{text} for storageClass '{transition['StorageClass']}'")
