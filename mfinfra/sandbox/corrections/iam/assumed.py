"""What a service may do with a role that it was handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from mfinfra.evaluate import Caller, Decision, Request, decide, trusts
from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.iam import visibility

Context = Mapping[str, Sequence[str]]


def assumable(call: Call, arn: str, services: Iterable[str], source: str) -> bool:
    """Whether the role `arn` is there and lets one of `services` assume it for the resource `source`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    name = arn.rsplit("/", 1)[-1]
    role = _role(call, arn)
    if role is None or not visibility.visible(call, arn):
        return False
    document = unquote(visibility.trusted(call, name, role["AssumeRolePolicyDocument"]))
    context = {"aws:SourceAccount": (call.account,), "aws:SourceArn": (source,)}
    return any(trusts(document, Caller("Service", service), context) for service in services)


def may(call: Call, arn: str, action: str, resources: Iterable[str] = ("*",), context: Context | None = None) -> bool:
    """Whether the role `arn` is there and its policies allow `action` on each of `resources`."""
    role = _role(call, arn)
    if role is None:
        return False
    policies = _policies(call, role["RoleName"])
    limit = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    boundary = None if limit is None else _managed(call, limit)
    return all(
        decide(Request(action, resource, context or {}), policies, boundary=boundary) is Decision.ALLOWED
        for resource in resources
    )


def _role(call: Call, arn: str) -> dict[str, Any] | None:
    found = call.asks("NoSuchEntity", "iam", "GetRole", RoleName=arn.rsplit("/", 1)[-1])
    return None if found is None or found["Role"]["Arn"] != arn else found["Role"]


def _policies(call: Call, name: str) -> list[str]:
    own = [
        unquote(call.ask("iam", "GetRolePolicy", RoleName=name, PolicyName=policy)["PolicyDocument"])
        for policy in call.ask("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]
    ]
    attached = call.ask("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]
    return own + [_managed(call, policy["PolicyArn"]) for policy in attached]


def _managed(call: Call, arn: str) -> str:
    version = call.ask("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = call.ask("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return unquote(answer["PolicyVersion"]["Document"])
