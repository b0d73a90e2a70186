"""Policies: inline, managed, attached."""

from __future__ import annotations

from typing import Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, Params, ServiceError
from mfinfra.sandbox.corrections.documents import MalformedDocumentError, parsed, statements
from mfinfra.sandbox.corrections.iam.roles import backend

API: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference"
MOST_ATTACHED: Final = 10
MOST_INLINE: Final = 10240


@correction(
    "iam",
    "PutRolePolicy",
    "CreatePolicy",
    "CreatePolicyVersion",
    restores="identity policies checked: no principal, a resource in every statement",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
def identity_policy(call: Call, forward: Forward) -> Answer:
    """Refuse what is no identity policy."""
    try:
        _check(parsed(call.params["PolicyDocument"]))
    except MalformedDocumentError as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from error
    return forward()


@correction(
    "iam",
    "PutRolePolicy",
    restores="the limit on the text of a role's inline policies, without white space",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def inline_size(call: Call, forward: Forward) -> Answer:
    """Refuse more than 10,240 characters."""
    role = backend(call).roles.get(_role_id(call))
    inline = dict(role.policies) if role else {}
    inline[call.params["PolicyName"]] = call.params["PolicyDocument"]
    if sum(len("".join(text.split())) for text in inline.values()) > MOST_INLINE:
        text = f"Maximum policy size of {MOST_INLINE} bytes exceeded for role {call.params['RoleName']}"
        raise ServiceError("LimitExceeded", text, 409)
    return forward()


@correction(
    "iam",
    "AttachRolePolicy",
    restores="the limit of ten attached policies",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def attachments(call: Call, forward: Forward) -> Answer:
    """Refuse the eleventh; an attached one is attached again without more ado."""
    role = backend(call).roles.get(_role_id(call))
    attached = set(role.managed_policies) if role else set()
    if call.params["PolicyArn"] not in attached and len(attached) >= MOST_ATTACHED:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}", 409)
    if call.params["PolicyArn"] in attached:
        return {}
    return forward()


@correction(
    "iam",
    "CreatePolicy",
    restores="that a policy's name is taken once, whatever its case",
    aws=f"{API}/API_CreatePolicy.html",
)
def new_policy(call: Call, forward: Forward) -> Answer:
    """Refuse a second policy of the same name."""
    taken = {arn.rsplit("/", 1)[-1].lower() for arn in backend(call).managed_policies if f"::{call.account}:" in arn}
    name = call.params["PolicyName"]
    if name.lower() in taken:
        raise ServiceError("EntityAlreadyExists", f"A policy called {name} already exists.", 409)
    return forward()


@correction(
    "iam",
    "DeletePolicy",
    restores="that an attached policy, or one with other versions, is not deleted",
    aws=f"{API}/API_DeletePolicy.html",
)
def delete_policy(call: Call, forward: Forward) -> Answer:
    """Refuse while something depends on the policy."""
    arn, iam = call.params["PolicyArn"], backend(call)
    owners = [*iam.roles.values(), *iam.users.values(), *iam.groups.values()]
    if any(arn in owner.managed_policies for owner in owners):
        raise ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    policy = iam.managed_policies.get(arn)
    if policy is not None and len(policy.versions) > 1:
        text = "This policy has more than one version. Before you delete a policy, you must delete its other versions."
        raise ServiceError("DeleteConflict", text, 409)
    return forward()


def _check(document: Params) -> None:
    for statement in statements(document):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise MalformedDocumentError("Policy document should not specify a principal.")
        if "Resource" not in statement and "NotResource" not in statement:
            raise MalformedDocumentError("Policy statement must contain resources.")


def _role_id(call: Call) -> str | None:
    wanted = call.params["RoleName"]
    return next((key for key, role in backend(call).roles.items() if role.name == wanted), None)
