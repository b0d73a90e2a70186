"""What an account tells of itself: a handful of reads side by side; what they are denied is told, and no failure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from mfinfra.errors import AccessDenied, AwsError
from mfinfra.metaflow.doctor.network import DNS
from mfinfra.model import Call, Document
from mfinfra.observe import Reader
from mfinfra.starting import network
from mfinfra.starting.network import Account

QUESTIONS = {
    "Vpcs": "which VPCs there are",
    "Subnets": "which subnets there are",
    "RouteTables": "where subnets lead to",
    "NatGateways": "whether NAT gateways work",
    "VpcEndpoints": "which endpoints are there already",
}
LINKED = ("AWSServiceRoleForBatch", "batch.amazonaws.com")


def survey(reader: Reader) -> Account:
    """The VPCs of the region, their subnets by kind, and their endpoints."""
    calls = [Call("ec2", f"Describe{what}", paginate=True) for what in QUESTIONS]
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        answers = dict(zip(QUESTIONS, pool.map(lambda call: _asked(reader, call), calls), strict=True))
    rows: dict[str, Any] = {
        what: None if isinstance(answer, AwsError) else tuple((answer or {}).get(what, ()))
        for what, answer in answers.items()
    }
    found = network.read(rows["Vpcs"], rows["Subnets"], rows["RouteTables"], rows["NatGateways"], rows["VpcEndpoints"])
    denied = [what for what, answer in answers.items() if isinstance(answer, AwsError)]
    return replace(found, unread=tuple(_unread(what) for what in denied))


def without_names(reader: Reader, vpc: str) -> tuple[str, ...]:
    """The attributes that a VPC lacks for private names of endpoints; none where it may not be asked."""
    lacking = []
    for name in DNS:
        answer = _asked(reader, Call("ec2", "DescribeVpcAttribute", {"VpcId": vpc, "Attribute": name}))
        if isinstance(answer, AwsError) or answer is None:
            return ()
        member = f"{name[0].upper()}{name[1:]}"
        if answer.get(member, {}).get("Value") is False:
            lacking.append(name)
    return tuple(lacking)


def lacks_linked_role(reader: Reader) -> bool:
    """Whether Batch's service-linked role is surely not there."""
    call = Call("iam", "GetRole", {"RoleName": LINKED[0]}, absent=("NoSuchEntity",))
    return _asked(reader, call) is None


def _asked(reader: Reader, call: Call) -> Document | AccessDenied | None:
    """The answer, or the refusal to give one; whatever else goes wrong is raised."""
    try:
        found: Document | None = reader.ask(call).document
    except AccessDenied as denied:
        return denied
    return found


def _unread(what: str) -> str:
    return f"these credentials may not ask {QUESTIONS[what]} (`ec2:Describe{what}`)"
