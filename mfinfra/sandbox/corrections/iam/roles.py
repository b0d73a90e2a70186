"""Roles: names, trust, boundary, description, tags."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from moto.iam.models import iam_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, Params, ServiceError
from mfinfra.sandbox.corrections.documents import (
    VERSIONS,
    MalformedDocumentError,
    parsed,
    statements,
    with_canonical_principals,
)
from mfinfra.sandbox.corrections.iam import visibility

API: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference"
NAME: Final = re.compile(r"[\w+=,.@-]+", re.ASCII)
LONGEST: Final = {"RoleName": 64, "PolicyName": 128, "InstanceProfileName": 128}
DESCRIPTION: Final = 1000


@correction(
    "iam",
    "CreateRole",
    "CreatePolicy",
    "CreateInstanceProfile",
    "PutRolePolicy",
    restores="checks of names and their lengths",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
def names(call: Call, forward: Forward) -> Answer:
    """Refuse names that IAM refuses."""
    for key, most in LONGEST.items():
        name, member = call.params.get(key), key[0].lower() + key[1:]
        if name is not None and not NAME.fullmatch(name):
            rule = r"Member must satisfy regular expression pattern: [\w+=,.@-]+"
            raise invalid(f"Value at '{member}' failed to satisfy constraint: {rule}")
        if name is not None and len(name) > most:
            rule = f"Member must have length less than or equal to {most}"
            raise invalid(f"Value '{name}' at '{member}' failed to satisfy constraint: {rule}")
    if len(call.params.get("Description") or "") > DESCRIPTION:
        raise invalid("Value at 'description' failed to satisfy constraint: Member must have length <= 1000")
    return forward()


@correction(
    "iam",
    "CreateRole",
    restores="role names unique whatever their case, and a permissions boundary that exists",
    aws=f"{API}/API_CreateRole.html",
)
def new_role(call: Call, forward: Forward) -> Answer:
    """Refuse a second role of the same name, and a boundary that is not there."""
    name = call.params["RoleName"]
    taken = {known.name.lower() for known in backend(call).roles.values()}
    if name.lower() in taken:
        raise ServiceError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    if call.params.get("Path", "/").startswith("/aws-service-role/"):
        raise invalid("Path cannot begin with /aws-service-role/")
    _check_boundary(call)
    return forward()


@correction(
    "iam",
    "PutRolePermissionsBoundary",
    restores="a permissions boundary that exists",
    aws=f"{API}/API_PutRolePermissionsBoundary.html",
)
def boundary(call: Call, forward: Forward) -> Answer:
    """Refuse a boundary that is not there."""
    _check_boundary(call)
    return forward()


@correction(
    "iam",
    "CreateRole",
    "UpdateAssumeRolePolicy",
    restores="trust policies checked, of both versions, and accounts written as root ARNs",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html",
)
def trust(call: Call, forward: Forward) -> Answer:
    """Refuse what is no trust policy."""
    key = "AssumeRolePolicyDocument" if call.operation == "CreateRole" else "PolicyDocument"
    text = call.params[key]
    try:
        document = parsed(text)
        _check_trust(document)
        call.params[key] = visibility.as_stored(call, with_canonical_principals(call, text, document))
    except MalformedDocumentError as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from error
    if call.operation == "CreateRole" or document.get("Version") == VERSIONS[0]:
        return forward()
    # moto updates to the younger version only.
    text, call.params[key] = call.params[key], json.dumps({**document, "Version": VERSIONS[0]})
    answer = forward()
    backend(call).get_role(call.params["RoleName"]).assume_role_policy_document = text
    return answer


@correction(
    "iam",
    "UpdateRole",
    restores="what is left out is kept",
    aws=f"{API}/API_UpdateRole.html",
)
def sparse_update(call: Call, forward: Forward) -> Answer:
    """Send the members that moto would drop."""
    role = call.ask("iam", "GetRole", RoleName=call.params["RoleName"])["Role"]
    for key in ("Description", "MaxSessionDuration"):
        if key not in call.params and key in role:
            call.params[key] = role[key]
    return forward()


@correction(
    "iam",
    "CreateRole",
    "TagRole",
    "CreatePolicy",
    "TagPolicy",
    "CreateInstanceProfile",
    restores="no tag key in AWS's own name space",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules",
)
def own_tag_keys(call: Call, forward: Forward) -> Answer:
    """Refuse keys that begin with `aws:`."""
    check_tag_keys(call.params.get("Tags") or [])
    return forward()


@correction(
    "iam",
    "TagRole",
    "UntagRole",
    restores="tag keys that differ in case only are one key",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating",
)
def tag_key_case(call: Call, forward: Forward) -> Answer:
    """Write keys as they are written in the role's tags already."""
    name = call.params["RoleName"]
    known = {tag["Key"].lower(): tag["Key"] for tag in call.ask("iam", "ListRoleTags", RoleName=name)["Tags"]}
    if call.operation == "UntagRole":
        call.params["TagKeys"] = [known.get(key.lower(), key) for key in call.params["TagKeys"]]
        return forward()
    for tag in call.params["Tags"]:
        before = known.get(tag["Key"].lower())
        if before not in (None, tag["Key"]):
            call.ask("iam", "UntagRole", RoleName=name, TagKeys=[before])
    return forward()


def check_tag_keys(tags: list[dict[str, str]]) -> None:
    """Keys that begin with `aws:` are AWS's."""
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        raise ServiceError("InvalidInput", "Tag keys starting with 'aws:' are reserved for system use")


def invalid(what: str) -> ServiceError:
    """What IAM says of a member that is out of form."""
    return ServiceError("ValidationError", f"1 validation error detected: {what}")


def backend(call: Call) -> Any:
    """Moto's IAM of the caller's account."""
    return iam_backends[call.account][call.partition]


def _check_trust(document: Params) -> None:
    for statement in statements(document):
        if "Resource" in statement or "NotResource" in statement:
            raise MalformedDocumentError("Has prohibited field Resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedDocumentError("Missing required field Principal")


def _check_boundary(call: Call) -> None:
    arn = call.params.get("PermissionsBoundary")
    if arn and call.asks("NoSuchEntity", "iam", "GetPolicy", PolicyArn=arn) is None:
        raise ServiceError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)
