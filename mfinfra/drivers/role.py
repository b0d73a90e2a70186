"""IAM roles: trust, permissions, and the instance profile where EC2 is to use the role.

All roles of an account arrive in one paged answer, complete but for description and session; those are in another.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mfinfra import policy, schemas
from mfinfra.drivers import _instance_profile as profile
from mfinfra.drivers import _permissions as permissions
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._role_sends import SENDS
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.drivers._text import json_text
from mfinfra.errors import UserError
from mfinfra.model import Answers, Call, Census, Document, Effects, Observed, Questions, Resource, Settle, Spec, Step

MISSING = ("NoSuchEntity",)
HOLDERS = "profiles"
CREATED = "created"
SUMMARY = ("description", "max_session_seconds")
PAGE = 1000
# The most AWS gives at a time: an account with hundreds of roles is then one request, not ten.
DETAILS = Call("iam", "GetAccountAuthorizationDetails", {"Filter": ["Role"], "MaxItems": PAGE}, paginate=True)
# One that its role has been taken out of is told by no role.
PROFILES = Call("iam", "ListInstanceProfiles", {"MaxItems": PAGE}, paginate=True)
SUMMARIES = Call("iam", "ListRoles", {"MaxItems": PAGE}, paginate=True)
# Roles that AWS makes for its own services are none of ours, whatever their tags say.
ARN = r"arn:[^:]+:iam::\d{12}:role/(?!aws-service-role/|aws-reserved/)(?:[^:]*/)?(?P<name>[^/:]+)"


class Role(Kind):
    """A kind that looks at an instance profile only where there shall be one, or where one of the role's name is."""

    def observe(self, resource: Resource) -> Generator[Questions, Answers, Observed | None]:
        """Ask for all roles at once, and for the profile in the same round where that is known to be needed.

        Where none shall be, a list tells whether there is one of the role's name: a run may have been cut short.
        """
        name, told = resource.spec["name"], any(resource.spec[field] is not None for field in SUMMARY)
        sure = resource.leftover or bool(profile.wanted(resource))
        asked = (*((SUMMARIES,) if told else ()), profile.question(name) if sure else PROFILES)
        details, *rest = yield (self.read(resource), *asked)
        found = self.parse(details or {}, resource)
        if found is None:
            return None
        if told:
            summary = named((rest[0] or {})["Roles"], name) or {}
            found = replace(found, spec={**found.spec, **summarised(summary)})
        if sure:
            return profile.joined(found, rest[-1], resource)
        if profile.listed(rest[-1], name):
            (answer,) = yield (profile.question(name),)
            return profile.joined(found, answer, resource)
        return found

    def tagged(self, observed: Observed) -> tuple[Mapping[str, str], ...]:
        """The role's tags, and those of the profile where one concerns us."""
        return profile.both(observed)

    def forgetting(self, resource: Resource, observed: Observed, off: Sequence[Mapping[str, str]]) -> Step:
        """Take tags off the profile, then off the role."""
        step = Kind.forgetting(self, resource, observed, off)
        return profile.forgetting(step, observed.spec["name"], off)


def read(resource: Resource) -> Call:
    return DETAILS


def parse(answer: Document, resource: Resource) -> Observed | None:
    row = named(answer["RoleDetailList"], resource.spec["name"])
    return None if row is None else observed(row, resource)


def named(rows: Sequence[Document], name: str) -> Document | None:
    """The row of a role; IAM tells names apart whatever their case."""
    return next((row for row in rows if row["RoleName"].casefold() == name.casefold()), None)


def observed(row: Document, resource: Resource) -> Observed:
    name = row["RoleName"]
    holders = [item["InstanceProfileName"] for item in row.get("InstanceProfileList", ())]
    spec = {
        "name": name,
        "path": row["Path"],
        "trust": policy.parse(row.get("AssumeRolePolicyDocument")),
        "policies": {
            item["PolicyName"]: policy.parse(item["PolicyDocument"]) for item in row.get("RolePolicyList", ())
        },
        "managed_policies": [item["PolicyArn"] for item in row.get("AttachedManagedPolicies", ())],
        "permissions_boundary": row.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        "instance_profile": name if name in holders else "",
    }
    outputs = {
        "arn": row["Arn"],
        "name": name,
        "instance_profile_arn": resource.scope.arn("iam", f"instance-profile/{name}", region=""),
    }
    return Observed(
        spec,
        outputs,
        tag_map(row.get("Tags")),
        row["Arn"],
        facts={HOLDERS: tuple(holders), CREATED: row.get("CreateDate")},
    )


def summarised(row: Document) -> Spec:
    return {"description": row.get("Description", ""), "max_session_seconds": row.get("MaxSessionDuration")}


def desired(resource: Resource) -> Spec:
    spec, scope = resource.spec, resource.scope
    managed, wanted = spec["managed_policies"], profile.wanted(resource)
    return {
        **spec,
        "trust": trusted(spec["trust"], resource),
        "managed_policies": None if managed is None else [permissions.arn_of(item, scope) for item in managed],
        "instance_profile": None if wanted is None else spec["name"] if wanted else "",
    }


def trusted(trust: Any, resource: Resource) -> Any:
    """The trust policy as a document, also where the file only names services and accounts."""
    if isinstance(trust, Mapping) and trust and trust.keys() <= {"services", "accounts"}:
        services, accounts = trust.get("services") or (), trust.get("accounts") or ()
        return policy.trust(services, accounts, partition=resource.scope.partition) if services or accounts else {}
    return trust


def create(resource: Resource, want: Spec) -> Effects:
    if not want["trust"]:
        raise UserError(
            f"{resource.address}: a new role needs to know who may assume it, and `trust` names nobody",
            hint="write `trust`, or a `preset` and no `trust: null`; a role that is there already keeps its own",
        )
    params: dict[str, Any] = {
        "RoleName": want["name"],
        "AssumeRolePolicyDocument": json_text(want["trust"]),
        "Tags": tag_list(resource.tags),
    }
    optional = {
        "Path": want["path"],
        "Description": want["description"],
        "MaxSessionDuration": want["max_session_seconds"],
        "PermissionsBoundary": want["permissions_boundary"],
    }
    params |= {member: value for member, value in optional.items() if value}
    arn = resource.scope.arn("iam", f"role{want['path'] or '/'}{want['name']}", region="")
    question = Call("iam", "GetRole", {"RoleName": want["name"]}, absent=MISSING)
    return (
        Call("iam", "CreateRole", params),
        # For some seconds IAM may not know the role, or know it by a unique id only.
        Settle(question, "Role.Arn", "IAM is making the role known", ready=(arn,), timeout=120.0),
    )


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "policies": {}, "managed_policies": [], "instance_profile": ""}


def write_trust(change: Change) -> Effects:
    params = {"RoleName": change.want["name"], "PolicyDocument": json_text(change.want["trust"])}
    return (Call("iam", "UpdateAssumeRolePolicy", params),)


def write_summary(change: Change) -> Effects:
    params: dict[str, Any] = {"RoleName": change.want["name"]}
    if change.want["description"] is not None:
        params["Description"] = change.want["description"]
    if change.want["max_session_seconds"] is not None:
        params["MaxSessionDuration"] = change.want["max_session_seconds"]
    return (Call("iam", "UpdateRole", params),)


def write_boundary(change: Change) -> Effects:
    role, boundary = {"RoleName": change.want["name"]}, change.want["permissions_boundary"]
    if not boundary:
        return (Call("iam", "DeleteRolePermissionsBoundary", role, absent=MISSING),)
    return (Call("iam", "PutRolePermissionsBoundary", {**role, "PermissionsBoundary": boundary}),)


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    name = observed.spec["name"]
    both = profile.wanted(resource) and profile.THERE in observed.facts
    return (
        Call("iam", "TagRole", {"RoleName": name, "Tags": tag_list(tags)}),
        *((profile.put_tags(name, tags),) if both else ()),
    )


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("iam", "UntagRole", {"RoleName": observed.spec["name"], "TagKeys": sorted(tags)}),)


def delete(resource: Resource, observed: Observed) -> Effects:
    """Empty it, then delete it: the role goes last, so that a run that is cut short finds the rest again.

    IAM deletes no role that an instance profile holds, so it leaves every one; those that are not ours stay, empty.
    """
    name, inside = observed.spec["name"], observed.spec["instance_profile"]
    own = profile.THERE in observed.facts
    strangers = (holder for holder in observed.facts.get(HOLDERS, ()) if not (own and holder == name))
    return (
        *(profile.remove(holder, name) for holder in strangers),
        *((profile.remove(name, inside),) if own and inside else ()),
        *((profile.delete(name),) if own else ()),
        *permissions.removal(name, observed.spec),
        Call("iam", "DeleteRole", {"RoleName": name}, absent=MISSING),
    )


def arns(answer: Document, key: str, value: str) -> tuple[str, ...]:
    rows = answer.get("RoleDetailList", ())
    return tuple(row["Arn"] for row in rows if tag_map(row.get("Tags")).get(key) == value)


DRIVER = Role(
    kind="role",
    sends=SENDS,
    arn=ARN,
    read=read,
    parse=parse,
    parts=(
        Part(("name", "path")),
        Part(("trust",), write=write_trust),
        Part(SUMMARY, write=write_summary),
        Part(("permissions_boundary",), write=write_boundary),
        Part(("policies", "managed_policies"), write=partial(permissions.write, schemas.traits("role"))),
        Part(("instance_profile",), write=profile.write),
    ),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=born,
    delete=delete,
    desired=desired,
    keep=permissions.keep,
    local=("preset", "exclusive"),
    ripens=10.0,
    # The tagging service lists no roles.
    census=Census(DETAILS, arns),
)
