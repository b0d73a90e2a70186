"""Fair-share scheduling policies of Batch: changed in place, at once, by one call that says the whole policy.

https://docs.aws.amazon.com/batch/latest/APIReference/API_FairsharePolicy.html
"""

from __future__ import annotations

from typing import Any

from mfinfra.drivers._batch import MISSING, put_tags, take_tags
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.model import Call, Document, Effects, Merge, Observed, Resource, Sends, Spec

# What Batch holds for the same. https://docs.aws.amazon.com/batch/latest/APIReference/API_ShareAttributes.html
DECAY = 600
WEIGHT = 1.0
DIGITS = 4
POLICY = ("share_decay_seconds", "compute_reservation", "shares")


def arn(resource: Resource) -> str:
    """Batch describes policies by ARN only; it follows from the name."""
    return resource.scope.arn("batch", f"scheduling-policy/{resource.spec['name']}")


def read(resource: Resource) -> Call:
    merge = Merge("arns", limit=100, items="schedulingPolicies", keys=("arn",))
    return Call("batch", "DescribeSchedulingPolicies", {"arns": [arn(resource)]}, merge=merge)


def parse(answer: Document, resource: Resource) -> Observed | None:
    """The policy; one by quota shares has none of the fields, and never will have."""
    wanted = arn(resource)
    for row in answer["schedulingPolicies"]:
        if row["arn"] == wanted:
            fair = row.get("fairsharePolicy")
            spec = {"name": row["name"], **({} if fair is None else fields(fair))}
            outputs = {"arn": wanted, "name": row["name"]}
            return Observed(spec, outputs, row.get("tags", {}), wanted, facts={"fair": fair is not None})
    return None


def fields(fair: Document) -> Spec:
    return {
        "share_decay_seconds": fair.get("shareDecaySeconds") or DECAY,
        "compute_reservation": fair.get("computeReservation", 0),
        "shares": {
            row["shareIdentifier"]: weight(row.get("weightFactor", WEIGHT)) for row in fair.get("shareDistribution", ())
        },
    }


def weight(value: float) -> float:
    """A weight in the steps that Batch knows: it holds them in four bytes, and 0.1 comes back as 0.10000000149."""
    return round(float(value), DIGITS)


def desired(resource: Resource) -> Spec:
    spec = dict(resource.spec)
    if spec["share_decay_seconds"] is not None:
        spec["share_decay_seconds"] = spec["share_decay_seconds"] or DECAY
    if spec["shares"] is not None:
        spec["shares"] = {name: weight(value) for name, value in spec["shares"].items()}
    return spec


def said(want: Spec) -> dict[str, Any]:
    """`fairsharePolicy` in full: an update leaves nothing as it was."""
    shares = want["shares"] or {}
    members = {
        "shareDecaySeconds": want["share_decay_seconds"],
        "computeReservation": want["compute_reservation"],
        "shareDistribution": [
            {"shareIdentifier": name, "weightFactor": factor} for name, factor in sorted(shares.items())
        ],
    }
    return {name: value for name, value in members.items() if value is not None}


def create(resource: Resource, want: Spec) -> Effects:
    params = {"name": want["name"], "fairsharePolicy": said(want), "tags": dict(resource.tags)}
    return (Call("batch", "CreateSchedulingPolicy", params),)


def write(change: Change) -> Effects:
    return (
        Call("batch", "UpdateSchedulingPolicy", {"arn": arn(change.resource), "fairsharePolicy": said(change.want)}),
    )


def replaces(change: Change) -> frozenset[str]:
    """A policy is by fair shares or by quota shares for life."""
    return frozenset() if change.fact("fair") else change.fields


def because(change: Change, replacing: frozenset[str]) -> str:
    return "replacement: a policy by quota shares cannot become one by fair shares" if replacing else ""


def delete(resource: Resource, observed: Observed) -> Effects:
    return (Call("batch", "DeleteSchedulingPolicy", {"arn": observed.physical_id}, absent=MISSING),)


SENDS = Sends(
    reads=("batch:DescribeSchedulingPolicies",),
    makes=("batch:CreateSchedulingPolicy",),
    changes=("batch:UpdateSchedulingPolicy", "batch:TagResource"),
    deletes=("batch:DeleteSchedulingPolicy",),
    forgets=("batch:UntagResource",),
)

DRIVER = Kind(
    kind="scheduling_policy",
    sends=SENDS,
    held=True,
    arn=r"arn:[^:]+:batch:[^:]*:\d{12}:scheduling-policy/(?P<name>[0-9A-Za-z_-]+)",
    read=read,
    parse=parse,
    parts=(Part(("name",)), Part(POLICY, write=write)),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=lambda resource, want: want,
    delete=delete,
    desired=desired,
    replaces=replaces,
    because=because,
)
