"""From what a resource goes by in AWS (an id, an ARN, a name) to the fields that its file would have it by."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Any

from mfinfra import catalogue, schemas
from mfinfra.importing.memory import Unfit
from mfinfra.model import Address, Answers, Call, Observed, Questions, Resource, Scope, Spec

PROFILE = "instance_profile"
"""Not a field: the name of an instance profile, which stands for the role inside it."""
ANCHORS: Mapping[str, tuple[str, ...]] = {
    "endpoint": ("vpc", "service", "type"),
    "security_group": ("vpc", "name"),
    "key": ("alias",),
}
"""The fields that a kind is found by; of the others it is the name."""
AWS_KEY = "alias/aws/"
AWS_OWN = "AWS manages it"
# https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
DEFAULT_GROUP = "default"
_PARTITION, _REGION, _ACCOUNT = 1, 3, 4
ARN_FIELDS = 6

Identifying = Generator[Questions, Answers, "Spec | Unfit | None"]


def anchors(kind: str) -> tuple[str, ...]:
    """The fields by which a resource of this kind is found."""
    return ANCHORS.get(kind, ("name",))


def located(arn: str) -> tuple[str, Spec] | None:
    """The kind of what has this ARN, and its identity; `None` if no kind stands for such a thing."""
    for kind in catalogue.kinds():
        if (identity := catalogue.driver(kind).locate(arn)) is not None:
            return kind, dict(identity)
    return None


def elsewhere(arn: str, scope: Scope) -> str:
    """Why what has this ARN is out of reach: another partition's, account's or region's; empty if it is not."""
    parts = arn.split(":", ARN_FIELDS - 1)
    if len(parts) < ARN_FIELDS or parts[0] != "arn":
        return ""
    if parts[_PARTITION] != scope.partition:
        return f"it is in the partition {parts[_PARTITION]}, and this is {scope.partition}"
    if parts[_ACCOUNT] not in ("", scope.account):
        return f"it is in account {parts[_ACCOUNT]}, and this is account {scope.account}"
    if parts[_REGION] not in ("", scope.region):
        return f"it is in {parts[_REGION]}, and this is {scope.region}"
    return ""


def sayable(kind: str, identity: Spec) -> bool:
    """Whether a file could say each of these fields: some names are refused before anybody is asked."""
    known = schemas.load(kind)["properties"]
    return all(_fits(known[name], str(value)) for name, value in identity.items() if name in known)


def identify(kind: str, identity: Spec, scope: Scope) -> Identifying:
    """Ask for the anchors of what goes by `identity`; `None` where there is no such thing."""
    if PROFILE in identity:
        return (yield from _in_profile(str(identity[PROFILE])))
    if kind == "security_group" and "name" in identity and "vpc" not in identity:
        return (yield from _group_named(identity["name"]))
    if "id" in identity:
        found = yield from _by_id(kind, identity, scope)
        if not isinstance(found, Observed):
            return found
        identity = {**found.spec, **identity}
    return _checked(kind, {name: identity[name] for name in anchors(kind)})


def _fits(node: Mapping[str, Any], text: str) -> bool:
    short, long = node.get("minLength", 0), node.get("maxLength", len(text))
    return short <= len(text) <= long and re.search(node.get("pattern", ""), text) is not None


def _checked(kind: str, identity: Spec) -> Spec | Unfit:
    if kind == "key" and not identity["alias"]:
        return Unfit("it has no alias, and a key goes by its alias")
    if kind == "key" and str(identity["alias"]).startswith(AWS_KEY):
        return Unfit(AWS_OWN)
    if kind == "security_group" and identity["name"] == DEFAULT_GROUP:
        return Unfit("it is its VPC's default group")
    return identity


def _by_id(kind: str, identity: Spec, scope: Scope) -> Generator[Questions, Answers, Observed | None]:
    spec = {**dict.fromkeys(schemas.traits(kind).fields), **identity}
    stub = Resource(Address(kind, "sought"), spec, scope, leftover=True)
    found: Observed | None = yield from catalogue.driver(kind).observe(stub)
    return found


def _in_profile(name: str) -> Identifying:
    question = Call("iam", "GetInstanceProfile", {"InstanceProfileName": name}, absent=("NoSuchEntity",))
    (answer,) = yield (question,)
    if answer is None:
        return None
    roles = [row["RoleName"] for row in answer["InstanceProfile"]["Roles"]]
    return {"name": roles[0]} if roles else Unfit("no role is in the instance profile")


def _group_named(name: str) -> Identifying:
    filters = [{"Name": "group-name", "Values": [name]}]
    (answer,) = yield (Call("ec2", "DescribeSecurityGroups", {"Filters": filters}, paginate=True),)
    # A filter's value is a pattern.
    rows = [row for row in (answer or {}).get("SecurityGroups", ()) if row["GroupName"] == name]
    if len(rows) > 1:
        return Unfit(f"there are {len(rows)} of this name: name one by its id, {' or '.join(sorted(_ids(rows)))}")
    return _checked("security_group", {"vpc": rows[0].get("VpcId", ""), "name": name}) if rows else None


def _ids(rows: list[Mapping[str, Any]]) -> list[str]:
    return [f"`{row['GroupId']}`" for row in rows]
