"""VPC security groups. Rules change one by one: what is new is allowed before what is old is revoked.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from mfinfra.drivers import _rules
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._rules import Rule
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.model import Call, Document, Effects, Merge, Observed, Ref, Resource, Sends, Spec

MISSING = ("InvalidGroup.NotFound",)
ALLOWED_ALREADY = ("InvalidPermission.Duplicate",)
REVOKED_ALREADY = ("InvalidPermission.NotFound",)
FILTER_VALUES = 200


def read(resource: Resource) -> Call:
    """By name within its VPC; a leftover by its id: as a filter, which never fails for a missing one."""
    if resource.leftover:
        asked = [("group-id", resource.spec["id"])]
    else:
        asked = [("vpc-id", resource.spec["vpc"]), ("group-name", resource.spec["name"])]
    return Call(
        "ec2",
        "DescribeSecurityGroups",
        {"Filters": [{"Name": name, "Values": [value]} for name, value in asked]},
        paginate=True,
        merge=Merge(
            f"Filters.{len(asked) - 1}.Values",
            limit=FILTER_VALUES,
            items="SecurityGroups",
            keys=("GroupId" if resource.leftover else "GroupName",),
        ),
    )


def parse(answer: Document, resource: Resource) -> Observed | None:
    # A filter's value is a pattern, and `*` may stand in a name.
    key, wanted = ("GroupId", "id") if resource.leftover else ("GroupName", "name")
    for group in answer["SecurityGroups"]:
        if group[key] == resource.spec[wanted]:
            return observed(group, resource)
    return None


def observed(group: Document, resource: Resource) -> Observed:
    name, number = group["GroupName"], group["GroupId"]
    spec = {
        "name": name,
        "vpc": group.get("VpcId", ""),
        "description": group.get("Description", ""),
        "ingress": _rules.found(group.get("IpPermissions", ()), number, resource),
        "egress": _rules.found(group.get("IpPermissionsEgress", ()), number, resource),
    }
    return Observed(spec, {"id": number, "name": name}, tag_map(group.get("Tags")), number)


def desired(resource: Resource) -> Spec:
    rules = {
        name: None if resource.spec[name] is None else _rules.wished(resource.spec[name], resource)
        for name in ("ingress", "egress")
    }
    return {**resource.spec, **rules}


def create(resource: Resource, want: Spec) -> Effects:
    params = {
        "GroupName": want["name"],
        # AWS wants a description; one that nobody has written is not worth a replacement later.
        "Description": want["description"] or want["name"],
        "VpcId": want["vpc"],
        "TagSpecifications": [{"ResourceType": "security-group", "Tags": tag_list(resource.tags)}],
    }
    made = Call("ec2", "CreateSecurityGroup", params, yields={"id": "GroupId"})
    # In a VPC that has IPv6 the new-born may send everything there too; whether ours has it is not known here.
    if want["egress"] is None or _rules.EVERYTHING_OUT_IPV6 in want["egress"]:
        return (made,)
    return (made, revoke("Egress", [_rules.EVERYTHING_OUT_IPV6], resource.output("id")))


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "ingress": [], "egress": [_rules.EVERYTHING_OUT]}


def write_rules(direction: str, change: Change) -> Effects:
    """Allow, describe anew, revoke: nothing that is to stay is cut off in between."""
    field, group = direction.lower(), change.output("id")
    have = {_rules.identity(rule): rule for rule in change.have[field] or ()}
    want = {_rules.identity(rule): rule for rule in change.want[field] or ()}
    added = [rule for key, rule in want.items() if key not in have]
    described = [
        rule
        for key, rule in want.items()
        if key in have and rule.get("description", "") != have[key].get("description", "")
    ]
    removed = [rule for key, rule in have.items() if key not in want]
    return (
        *((allow(direction, added, group),) if added else ()),
        *((describe(direction, described, group),) if described else ()),
        *((revoke(direction, removed, group),) if removed else ()),
    )


def allow(direction: str, rules: list[Rule], group: str | Ref) -> Call:
    return Call("ec2", f"AuthorizeSecurityGroup{direction}", rules_of(rules, group), fine=ALLOWED_ALREADY)


def describe(direction: str, rules: list[Rule], group: str | Ref) -> Call:
    return Call("ec2", f"UpdateSecurityGroupRuleDescriptions{direction}", rules_of(rules, group))


def revoke(direction: str, rules: list[Rule], group: str | Ref) -> Call:
    bare = [{name: value for name, value in rule.items() if name != "description"} for rule in rules]
    return Call("ec2", f"RevokeSecurityGroup{direction}", rules_of(bare, group), fine=REVOKED_ALREADY)


def rules_of(rules: list[Rule], group: str | Ref) -> dict[str, Any]:
    return {"GroupId": group, "IpPermissions": [_rules.permission(rule, group) for rule in rules]}


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call("ec2", "CreateTags", {"Resources": [observed.physical_id], "Tags": tag_list(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("ec2", "DeleteTags", {"Resources": [observed.physical_id], "Tags": tag_list(tags)}),)


def delete(resource: Resource, observed: Observed) -> Effects:
    return (Call("ec2", "DeleteSecurityGroup", {"GroupId": observed.physical_id}, absent=MISSING),)


SENDS = Sends(
    reads=("ec2:DescribeSecurityGroups",),
    makes=("ec2:CreateSecurityGroup",),
    changes=(
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        "ec2:CreateTags",
    ),
    deletes=("ec2:DeleteSecurityGroup",),
    forgets=("ec2:DeleteTags",),
    on=("arn:${partition}:ec2:${region}:${account}:security-group/*",),
    tagged=True,
    beside={"ec2:CreateSecurityGroup": ("vpc",)},
)

DRIVER = Kind(
    kind="security_group",
    sends=SENDS,
    held=True,
    arn=r"arn:[^:]+:ec2:[^:]*:\d{12}:security-group/(?P<id>sg-[0-9a-f]+)",
    read=read,
    parse=parse,
    parts=(
        Part(("name", "vpc", "description")),
        Part(("ingress",), write=partial(write_rules, "Ingress")),
        Part(("egress",), write=partial(write_rules, "Egress")),
    ),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=born,
    delete=delete,
    desired=desired,
)
