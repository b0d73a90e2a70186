"""Fair-share scheduling policies."""

from __future__ import annotations

import re
import struct
from itertools import combinations
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.batch.records import bad_request, refusal
from mfinfra.sandbox.corrections.call import Answer, Call, Forward

API: Final = "https://docs.aws.amazon.com/batch/latest/APIReference"
NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")
SHARE: Final = re.compile(r"[0-9A-Za-z]{1,255}\*?")
WEEK: Final = 604_800
MOST_RESERVED: Final = 99
MOST_SHARES: Final = 500
LEAST_WEIGHT: Final = 0.0001
MOST_WEIGHT: Final = 999.9999
MOST_ASKED: Final = 100


@correction(
    "batch",
    "CreateSchedulingPolicy",
    restores="that a name is taken once, and policies that Batch refuses",
    aws=f"{API}/API_CreateSchedulingPolicy.html",
)
def create_policy(call: Call, forward: Forward) -> Answer:
    """Make a policy under a name that is free; moto makes it anew."""
    name = call.params["name"]
    if not NAME.fullmatch(name):
        raise bad_request("Scheduling policy name should match valid pattern")
    if _found(call, call.arn(f"scheduling-policy/{name}")):
        raise refusal("Object already exists", 409)
    _check(call.params.get("fairsharePolicy") or {})
    return forward()


@correction(
    "batch",
    "UpdateSchedulingPolicy",
    restores="the error for a policy that is not there, and policies that Batch refuses",
    aws=f"{API}/API_UpdateSchedulingPolicy.html",
)
def update_policy(call: Call, forward: Forward) -> Answer:
    """Put another policy in its place, whole."""
    if not _found(call, call.params["arn"]):
        raise bad_request(f"{call.params['arn']} does not exist")
    _check(call.params.get("fairsharePolicy") or {})
    forward()
    return {}


@correction(
    "batch",
    "DeleteSchedulingPolicy",
    restores="the error for a policy that is not there",
    aws=f"{API}/API_DeleteSchedulingPolicy.html",
)
def delete_policy(call: Call, forward: Forward) -> Answer:
    """Delete what is there."""
    if not _found(call, call.params["arn"]):
        raise bad_request(f"{call.params['arn']} does not exist")
    forward()
    return {}


@correction(
    "batch",
    "DescribeSchedulingPolicies",
    restores="complete policies, whose weights are held in four bytes",
    aws=f"{API}/API_ShareAttributes.html",
)
def describe_policies(call: Call, forward: Forward) -> Answer:
    """Describe up to a hundred by their ARNs; unknown ones are left out."""
    if len(call.params["arns"]) > MOST_ASKED:
        raise bad_request(f"Member must have length less than or equal to {MOST_ASKED}")
    return {
        "schedulingPolicies": [row | {"fairsharePolicy": _complete(row)} for row in forward()["schedulingPolicies"]]
    }


def _found(call: Call, arn: str) -> bool:
    return bool(call.ask("batch", "DescribeSchedulingPolicies", arns=[arn])["schedulingPolicies"])


def _complete(row: Answer) -> Answer:
    said: dict[str, Any] = row.get("fairsharePolicy") or {}
    shares = [
        share | {"weightFactor": _in_four_bytes(share.get("weightFactor") or 1.0)}
        for share in said.get("shareDistribution") or []
    ]
    return {
        "shareDecaySeconds": said.get("shareDecaySeconds") or 0,
        "computeReservation": said.get("computeReservation") or 0,
        "shareDistribution": shares,
    }


def _in_four_bytes(value: float) -> float:
    held: float = struct.unpack("f", struct.pack("f", value))[0]
    return held


def _check(policy: dict[str, Any]) -> None:
    if not 0 <= policy.get("shareDecaySeconds", 0) <= WEEK:
        raise bad_request(f"shareDecaySeconds should be between 0 and {WEEK}")
    if not 0 <= policy.get("computeReservation", 0) <= MOST_RESERVED:
        raise bad_request(f"computeReservation should be between 0 and {MOST_RESERVED}")
    shares = policy.get("shareDistribution") or []
    if len(shares) > MOST_SHARES:
        raise bad_request(f"shareDistribution can have at most {MOST_SHARES} share identifiers")
    for share in shares:
        if not SHARE.fullmatch(share["shareIdentifier"]):
            raise bad_request(f"shareIdentifier {share['shareIdentifier']} should match valid pattern")
        if not LEAST_WEIGHT <= round(share.get("weightFactor", 1.0), 4) <= MOST_WEIGHT:
            raise bad_request(f"weightFactor should be between {LEAST_WEIGHT} and {MOST_WEIGHT}")
    for one, other in combinations([share["shareIdentifier"] for share in shares], 2):
        if _covers(one, other) or _covers(other, one):
            raise bad_request(f"shareIdentifiers {one} and {other} overlap")


def _covers(one: str, other: str) -> bool:
    return one == other or (one.endswith("*") and other.startswith(one[:-1]))
