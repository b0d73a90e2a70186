"""What IAM does late: new roles and profiles are not found at first, and what was taken from a role still holds it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role.go (the waits of two minutes)
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, unquote

from mfinfra.sandbox.corrections import correction, lag
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.iam import visibility
from mfinfra.sandbox.corrections.iam.roles import backend
from mfinfra.sandbox.corrections.shelves import shelf

CONSISTENCY: Final = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"
)
PRINCIPALS: Final = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles"
)
DELETE_ROLE: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html"
LETTING_GO: Final = {
    "DetachRolePolicy": "Cannot delete entity, must detach all policies first.",
    "DeleteRolePolicy": "Cannot delete entity, must delete policies first.",
    "RemoveRoleFromInstanceProfile": "Cannot delete entity, must remove roles from instance profile first.",
}
LISTS: Final = {"ListRoles": "Roles", "GetAccountAuthorizationDetails": "RoleDetailList"}


@correction(
    "iam",
    "GetRole",
    "GetInstanceProfile",
    "ListAttachedRolePolicies",
    "ListRolePolicies",
    "ListRoleTags",
    "ListInstanceProfilesForRole",
    restores="that a read right after a creation may not find what was created",
    aws=CONSISTENCY,
    strict=True,
)
def read_early(call: Call, forward: Forward) -> Answer:
    """Answer once that a new role or profile is not there."""
    answer, role = forward(), call.params.get("RoleName")
    name = role or call.params["InstanceProfileName"]
    if not visibility.seen(f"own {'role' if role else 'profile'} {name}", "iam"):
        text = f"The role with name {name} cannot be found." if role else f"Instance Profile {name} cannot be found."
        raise ServiceError("NoSuchEntity", text, 404)
    return answer


@correction(
    "iam",
    *LISTS,
    restores="that a list right after a creation may not show what was created",
    aws=CONSISTENCY,
    strict=True,
)
def list_early(call: Call, forward: Forward) -> Answer:
    """Leave a new role out of one list."""
    answer, key = forward(), LISTS[call.operation]
    if key in answer:
        answer[key] = [row for row in answer[key] if visibility.seen(f"own role {row['RoleName']}", "iam")]
    return answer


@correction(
    "iam",
    "ListAttachedRolePolicies",
    "GetAccountAuthorizationDetails",
    restores="that a list right after an attachment may not show it",
    aws=CONSISTENCY,
    strict=True,
)
def attachments_early(call: Call, forward: Forward) -> Answer:
    """Leave a new attachment out of one list.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role_policy_attachment.go
    """
    answer, key = forward(), "AttachedManagedPolicies"
    rows = [(row["RoleName"], row, key) for row in answer.get("RoleDetailList", ())]
    rows += [(call.params["RoleName"], answer, "AttachedPolicies")] if "RoleName" in call.params else []
    for name, row, policies in rows:
        seen = [it for it in row[policies] if visibility.seen(f"own policy {name} {it['PolicyArn']}", "iam")]
        row[policies] = seen
    return answer


@correction(
    "iam",
    "CreateRole",
    "CreateInstanceProfile",
    "AttachRolePolicy",
    "PutRolePolicy",
    "UpdateAssumeRolePolicy",
    restores="that the services see a change of IAM after a while",
    aws=CONSISTENCY,
    strict=True,
)
def told_late(call: Call, forward: Forward) -> Answer:
    """Note what the other services do not see yet."""
    before = _role(call)
    policies = {*before.managed_policies, *before.policies} if before else set()
    trust = before.assume_role_policy_document if before else ""
    answer = forward()
    if call.operation == "CreateInstanceProfile":
        visibility.born("profile", call.params["InstanceProfileName"])
        return answer
    name = call.params["RoleName"]
    if call.operation == "CreateRole":
        visibility.born("role", name)
    elif call.operation == "UpdateAssumeRolePolicy":
        shelf("trust before")[name] = trust
        visibility.changed(f"trust {name} ")
    elif (policy := call.params.get("PolicyArn") or call.params["PolicyName"]) not in policies:
        visibility.changed(f"policy {name} {policy}")
        visibility.changed(f"own policy {name} {policy}", visibility.OWN_LOOKS)
    return answer


@correction(
    "iam",
    "AddRoleToInstanceProfile",
    restores="NoSuchEntity for a young role, and a profile whose role the services see after a while",
    aws=CONSISTENCY,
    strict=True,
)
def add_early(call: Call, forward: Forward) -> Answer:
    """Refuse a role that the instance profiles do not see yet. Terraform tries again for two minutes."""
    name = call.params["RoleName"]
    if _role(call) is not None and not visibility.seen(f"role {name}", "instance profiles"):
        raise ServiceError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    answer = forward()
    visibility.changed(f"profile {call.params['InstanceProfileName']}")
    return answer


@correction(
    "iam",
    *LETTING_GO,
    restores="that a role is held for a while by what was taken from it",
    aws=DELETE_ROLE,
    strict=True,
)
def let_go_late(call: Call, forward: Forward) -> Answer:
    """Note that the role, and the profile, cannot be deleted yet."""
    answer = forward()
    owners = [("role", "RoleName"), ("profile", "InstanceProfileName")]
    for held in [f"{kind} {call.params[key]}" for kind, key in owners if key in call.params]:
        shelf("held in iam")[held] = (lag.Lag(), LETTING_GO[call.operation])
    return answer


@correction(
    "iam",
    "DeleteRole",
    "DeleteInstanceProfile",
    restores="DeleteConflict for a while after the last policy was detached or the role removed",
    aws=DELETE_ROLE,
    strict=True,
)
def delete_early(call: Call, forward: Forward) -> Answer:
    """Refuse what is held still."""
    role = call.params.get("RoleName")
    what = f"role {role}" if role else f"profile {call.params['InstanceProfileName']}"
    held = shelf("held in iam")
    if what in held and not held[what][0].passed():
        raise ServiceError("DeleteConflict", held[what][1], 409)
    answer = forward()
    held.pop(what, None)
    return answer


@correction(
    "iam",
    "CreateRole",
    "GetRole",
    "ListRoles",
    "GetInstanceProfile",
    "ListInstanceProfiles",
    "ListInstanceProfilesForRole",
    restores="the unique id of a role that is gone in the trust policies that named it",
    aws=PRINCIPALS,
    strict=True,
)
def principals(call: Call, forward: Forward) -> Answer:
    """Show trust policies as IAM does."""
    return dict(_shown(call, forward()))


def _shown(call: Call, said: Any) -> Any:
    if isinstance(said, list):
        return [_shown(call, each) for each in said]
    if not isinstance(said, dict):
        return said
    key = "AssumeRolePolicyDocument"
    shown = {name: _shown(call, value) for name, value in said.items()}
    return shown | ({key: quote(visibility.as_shown(call, unquote(said[key])))} if key in said else {})


def _role(call: Call) -> Any:
    name = call.params.get("RoleName")
    return next((role for role in backend(call).roles.values() if role.name == name), None)
