"""VPC endpoints. They have no name: one is ours by its tags.

https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mfinfra import policy
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._services import INTERFACE, full_name, kind_for
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.drivers._text import json_text
from mfinfra.model import (
    RUN,
    Call,
    Document,
    Drain,
    Effects,
    Merge,
    Observed,
    Ref,
    Resource,
    Sends,
    Settle,
    Spec,
    Template,
)

AUTO = "auto"
# AWS spells states in lower case, its own model of the API in capitals.
WAITING = "pendingacceptance"
FAILED = ("failed", "Failed", "rejected", "Rejected", "expired", "Expired")
NOT_THERE = frozenset({"deleted", "failed", "rejected", "expired"})
OWNER = "mfinfra:owner"
OWNERSHIP = ("mfinfra:environment", "mfinfra:address", OWNER)
MISSING = ("InvalidVpcEndpointId.NotFound",)
MISSING_ON_DELETE = ("InvalidVpcEndpoint.NotFound", *MISSING)
FILTER_VALUES = 200
SETS = {"route_tables": "RouteTableIds", "subnets": "SubnetIds", "security_groups": "SecurityGroupIds"}
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#vpc-endpoint-policies-default
FULL_ACCESS = policy.document([policy.statement("*", "*", principal="*")], version=policy.VERSION_IF_MISSING)


def kind_of(resource: Resource) -> str:
    """Gateway or Interface, where the file leaves that open too."""
    written = resource.spec["type"]
    return kind_for(resource.spec["service"], resource.scope) if written in (None, AUTO) else str(written)


def service_of(resource: Resource) -> str:
    return full_name(resource.spec["service"], kind_of(resource), resource.scope)


def read(resource: Resource) -> Call:
    """All endpoints of the VPC that lead to the service; a leftover by its id."""
    if resource.leftover:
        return by_id(resource.spec["id"])
    asked = {"vpc-id": resource.spec["vpc"], "service-name": service_of(resource)}
    return Call(
        "ec2",
        "DescribeVpcEndpoints",
        {"Filters": [{"Name": name, "Values": [value]} for name, value in asked.items()]},
        paginate=True,
        merge=Merge("Filters.1.Values", limit=FILTER_VALUES, items="VpcEndpoints", keys=("ServiceName",)),
    )


def parse(answer: Document, resource: Resource) -> Observed | None:
    row = chosen(answer["VpcEndpoints"], resource)
    return None if row is None else observed(row, resource)


def chosen(rows: Sequence[Document], resource: Resource) -> Document | None:
    """The row that is this resource: ours if one is, else a living one of the same type, else ours that is going."""
    if resource.leftover:
        mine = [row for row in rows if row["VpcEndpointId"] == resource.spec["id"] and state(row) != "deleted"]
        return mine[0] if mine else None
    living = [row for row in rows if state(row) not in NOT_THERE and state(row) != "deleting"]
    ours = [row for row in rows if is_ours(row, resource)]
    # One of ours with another address is a resource of its own: two may lead to one service.
    others = [
        row for row in living if row["VpcEndpointType"] == kind_of(resource) and not is_ours(row, resource, OWNER)
    ]
    for candidates in ([row for row in ours if row in living], others):
        if candidates:
            return min(candidates, key=lambda row: (OWNER in tag_map(row.get("Tags")), row["VpcEndpointId"]))
    return max(ours, key=lambda row: str(row.get("CreationTimestamp")), default=None)


def is_ours(row: Document, resource: Resource, *keys: str) -> bool:
    """Whether the tags of ownership, or those of them that are named, are this resource's."""
    tags = tag_map(row.get("Tags"))
    return all(key in resource.tags and tags.get(key) == resource.tags[key] for key in keys or OWNERSHIP)


def state(row: Document) -> str:
    return str(row.get("State", "")).lower()


def observed(row: Document, resource: Resource) -> Observed:
    number, is_in = row["VpcEndpointId"], state(row)
    document = policy.parse(row.get("PolicyDocument"))
    spec = {
        "vpc": row["VpcId"],
        "service": row["ServiceName"],
        "type": row["VpcEndpointType"],
        "subnets": list(row.get("SubnetIds", ())),
        "security_groups": [group["GroupId"] for group in row.get("Groups", ())],
        "route_tables": list(row.get("RouteTableIds", ())),
        "private_dns": row.get("PrivateDnsEnabled", False),
        "policy": {} if policy.equivalent(document, FULL_ACCESS) else document,
    }
    # A leftover that has failed still wants deleting.
    going = is_in == "deleting" or (is_in in NOT_THERE and not resource.leftover)
    accepted = f"the endpoint waits for the owner of `{row['ServiceName']}` to accept it"
    return Observed(
        spec,
        {"id": number},
        tag_map(row.get("Tags")),
        number,
        settled=is_in != "pending",
        leaving=going,
        warnings=(accepted,) if is_in == WAITING else (),
    )


def desired(resource: Resource) -> Spec:
    spec, interface = resource.spec, kind_of(resource) == INTERFACE
    document = spec["policy"]
    return {
        **spec,
        "service": service_of(resource),
        "type": None if spec["type"] is None else kind_of(resource),
        "private_dns": spec["private_dns"] if interface else None,
        # AWS gives an interface one security group at least: none means AWS's choice.
        "security_groups": (spec["security_groups"] or None) if interface else spec["security_groups"],
        "policy": {} if document and policy.equivalent(document, FULL_ACCESS) else document,
    }


def create(resource: Resource, want: Spec) -> Effects:
    params: dict[str, Any] = {
        "VpcEndpointType": kind_of(resource),
        "VpcId": want["vpc"],
        "ServiceName": want["service"],
        "ClientToken": token(resource, want),
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": tag_list(resource.tags)}],
    }
    params |= {member: list(want[field]) for field, member in SETS.items() if want[field]}
    if want["private_dns"] is not None:  # always said: AWS's own default depends on the service
        params |= private_dns(want)
    if want["policy"]:
        params["PolicyDocument"] = json_text(want["policy"])
    made = Call("ec2", "CreateVpcEndpoint", params, yields={"id": "VpcEndpoint.VpcEndpointId"})
    return (made, *ready(resource))


def private_dns(want: Spec) -> dict[str, Any]:
    """For S3 the name would else be for resolvers outside the VPC only, and refused where there is no Gateway too.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html#private-dns
    """
    inside = want["private_dns"] and want["service"].endswith(".s3")
    options = {"DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": False}} if inside else {}
    return {"PrivateDnsEnabled": want["private_dns"], **options}


def token(resource: Resource, want: Spec) -> Template:
    """The same within a run, so that a lost answer makes no second endpoint; another one in the next run.

    EC2 remembers a token beyond the life of what it made, and refuses it with other parameters: a group that was made
    anew has a new id. What a killed run has made, the next one finds by its tags.
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    owner = (resource.tags.get(key, "") for key in OWNERSHIP)
    text = "\n".join((*owner, want["vpc"], want["service"], kind_of(resource)))
    return Template((f"mfinfra-{hashlib.sha256(text.encode()).hexdigest()[:24]}-", resource.output(RUN)))


def ready(resource: Resource) -> Effects:
    question = by_id(resource.output("id"))
    return (
        Settle(
            question,
            "VpcEndpoints[0].State",
            f"AWS is making the endpoint for `{service_of(resource)}` available",
            ready=("available", "Available"),
            failed=(*FAILED, "deleted", "Deleted"),
            reason="VpcEndpoints[0].LastError.Message",
            interval=5.0,
        ),
    )


def gone(resource: Resource) -> Effects:
    """Wait for the one that AWS is deleting; one of ours that could not be made or was not accepted is deleted here."""
    question = read(resource)
    deleting = 'VpcEndpoints[?contains(`["deleting", "Deleting"]`, State)].State | [0]'
    if resource.leftover:
        return (until_gone(question, deleting),)
    tags = [{"Name": f"tag:{key}", "Values": [resource.tags[key]]} for key in OWNERSHIP if key in resource.tags]
    question = question.with_params({"Filters": [*question.params["Filters"], *tags]})
    useless = f"VpcEndpoints[?contains(`{json.dumps(FAILED)}`, State)].VpcEndpointId"
    return (Drain(question, useless, removal([]), into="VpcEndpointIds"), until_gone(question, deleting))


def until_gone(question: Call, status: str) -> Settle:
    # Its network interfaces keep subnets and security groups in use until then.
    return Settle(question, status, "AWS is deleting the endpoint", gone=True, interval=5.0)


def by_id(number: str | Ref) -> Call:
    return Call("ec2", "DescribeVpcEndpoints", {"VpcEndpointIds": [number]}, absent=MISSING)


def write(change: Change) -> Effects:
    params: dict[str, Any] = {"VpcEndpointId": change.output("id")}
    for field, member in SETS.items():
        have, want = change.have[field] or (), change.want[field] or ()
        for verb, items, others in (("Add", want, have), ("Remove", have, want)):
            if changed := [item for item in dict.fromkeys(items) if item not in others]:
                params[f"{verb}{member}"] = changed
    if "private_dns" in change.fields:
        params |= private_dns(change.want)
    if "policy" in change.fields:
        document = change.want["policy"]
        params |= {"PolicyDocument": json_text(document)} if document else {"ResetPolicy": True}
    return (Call("ec2", "ModifyVpcEndpoint", params), *ready(change.resource))


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call("ec2", "CreateTags", {"Resources": [observed.physical_id], "Tags": tag_list(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("ec2", "DeleteTags", {"Resources": [observed.physical_id], "Tags": tag_list(tags)}),)


def removal(numbers: list[str]) -> Call:
    # What it could not delete it tells inside an answer of success.
    return Call(
        "ec2",
        "DeleteVpcEndpoints",
        {"VpcEndpointIds": numbers},
        fine=MISSING_ON_DELETE,
        failures="Unsuccessful[].Error",
    )


def delete(resource: Resource, observed: Observed) -> Effects:
    there = 'VpcEndpoints[?!contains(`["deleted", "Deleted"]`, State)].State | [0]'
    return (removal([observed.physical_id]), until_gone(by_id(observed.physical_id), there))


SENDS = Sends(
    reads=("ec2:DescribeVpcEndpoints",),
    makes=("ec2:CreateVpcEndpoint",),
    changes=("ec2:ModifyVpcEndpoint", "ec2:CreateTags"),
    deletes=("ec2:DeleteVpcEndpoints",),
    forgets=("ec2:DeleteTags",),
    on=("arn:${partition}:ec2:${region}:${account}:vpc-endpoint/*",),
    tagged=True,
    beside={
        "ec2:CreateVpcEndpoint": ("vpc", "subnets", "security_groups", "route_tables"),
        "ec2:ModifyVpcEndpoint": ("subnets", "security_groups", "route_tables"),
    },
    only={"route53:AssociateVPCWithHostedZone": "private_dns"},
)

DRIVER = Kind(
    kind="endpoint",
    sends=SENDS,
    arn=r"arn:[^:]+:ec2:[^:]*:\d{12}:vpc-endpoint/(?P<id>vpce-[0-9a-f]+)",
    read=read,
    parse=parse,
    parts=(
        Part(("vpc", "service", "type")),
        Part(("subnets", "security_groups", "route_tables", "private_dns", "policy"), write=write),
    ),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=lambda resource, want: want,
    delete=delete,
    desired=desired,
    ready=ready,
    gone=gone,
)
