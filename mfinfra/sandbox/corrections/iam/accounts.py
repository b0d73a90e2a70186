"""The whole account in one answer."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.iam import visibility
from mfinfra.sandbox.corrections.iam.roles import backend

PAGE: Final = 100


@correction(
    "iam",
    "GetAccountAuthorizationDetails",
    restores="roles complete with tags, boundary, inline documents, attachments and profiles, in pages",
    aws="https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html",
)
def authorization_details(call: Call, forward: Forward) -> Answer:
    """Tell roles from what is known here, and leave other kinds to moto."""
    if call.params.get("Filter") != ["Role"]:
        return forward()
    roles = sorted(backend(call).roles.values(), key=lambda role: str(role.name))
    start = int(call.params.get("Marker") or 0)
    end = start + int(call.params.get("MaxItems") or PAGE)
    page: Answer = {"RoleDetailList": [_role(call, role) for role in roles[start:end]], "IsTruncated": end < len(roles)}
    return page | ({"Marker": str(end)} if end < len(roles) else {})


def _role(call: Call, role: Any) -> dict[str, Any]:
    said = _head(call, role) | {
        "Tags": _tags(role),
        "RolePolicyList": [
            {"PolicyName": name, "PolicyDocument": quote(text)} for name, text in sorted(role.policies.items())
        ],
        "AttachedManagedPolicies": role.attached_managed_policies,
        "InstanceProfileList": [_profile(call, profile) for profile in role.instance_profile_list],
        "RoleLastUsed": {},
    }
    if role.permissions_boundary:
        said["PermissionsBoundary"] = role.permissions_boundary
    return said


def _head(call: Call, role: Any) -> dict[str, Any]:
    return {
        "RoleName": role.name,
        "RoleId": role.id,
        "Path": role.path,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": quote(visibility.as_shown(call, role.assume_role_policy_document)),
    }


def _profile(call: Call, profile: Any) -> dict[str, Any]:
    return {
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Path": profile.path,
        "Arn": profile.arn,
        "CreateDate": profile.create_date,
        "Roles": [_head(call, role) for role in profile.roles],
    }


def _tags(role: Any) -> list[dict[str, str]]:
    tags = role.tags
    return list(tags.values()) if isinstance(tags, dict) else list(tags or [])
