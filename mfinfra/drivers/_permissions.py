"""What a role may do: inline policies and attached ones, changed together so that it never loses access in between.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mfinfra import policy
from mfinfra.compare import canonical
from mfinfra.drivers._parts import Change
from mfinfra.drivers._text import json_text
from mfinfra.model import Call, Effects, Resource, Scope, Spec
from mfinfra.schemas import Traits

MISSING = ("NoSuchEntity",)
# AWS's default quotas. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ATTACHMENTS = 10
INLINE_SIZE = 10_240


def arn_of(name: Any, scope: Scope) -> Any:
    """`AmazonS3FullAccess` is a policy of AWS's own; an ARN, and what is known later, stays."""
    if not isinstance(name, str) or name.startswith("arn:"):
        return name
    return scope.arn("iam", f"policy/{name}", region="", account="aws")


def keep(resource: Resource, want: Spec, have: Spec) -> Spec:
    """What a role that is not exclusive has beside what its file lists may stay."""
    if resource.spec["exclusive"]:
        return want
    return {
        **want,
        "policies": {**(have["policies"] or {}), **(want["policies"] or {})},
        "managed_policies": list(dict.fromkeys([*(have["managed_policies"] or ()), *(want["managed_policies"] or ())])),
    }


def write(traits: Traits, change: Change) -> Effects:
    """Give first, then take; the other way round only where AWS's quota has no room for both at once."""
    role, scope = change.want["name"], change.resource.scope
    have = change.have["policies"] or {}
    want = {name: document for name, document in (change.want["policies"] or {}).items() if document}
    fresh = {
        name: document
        for name, document in want.items()
        if canonical(document, traits, scope, ("policies", name))
        != canonical(have.get(name), traits, scope, ("policies", name))
    }
    attached, wished = change.have["managed_policies"] or (), change.want["managed_policies"] or ()
    given = (
        *(attach(role, arn) for arn in wished if arn not in attached),
        *(put(role, name, document) for name, document in fresh.items()),
    )
    taken = (
        *(detach(role, arn) for arn in attached if arn not in wished),
        *(drop(role, name) for name in have if name not in want),
    )
    crowded = (
        len({*map(str, attached), *map(str, wished)}) > ATTACHMENTS
        or _size(have[name] for name in have if name not in want) + _size(want.values()) > INLINE_SIZE
    )
    return (*taken, *given) if crowded else (*given, *taken)


def removal(role: str, spec: Spec) -> Effects:
    """Take everything away, as IAM demands before it deletes a role."""
    return (
        *(detach(role, arn) for arn in spec["managed_policies"]),
        *(drop(role, name) for name in spec["policies"]),
    )


def attach(role: str, arn: Any) -> Call:
    return Call("iam", "AttachRolePolicy", {"RoleName": role, "PolicyArn": arn})


def put(role: str, name: str, document: Any) -> Call:
    params = {"RoleName": role, "PolicyName": name, "PolicyDocument": json_text(document)}
    return Call("iam", "PutRolePolicy", params)


def detach(role: str, arn: Any) -> Call:
    return Call("iam", "DetachRolePolicy", {"RoleName": role, "PolicyArn": arn}, absent=MISSING)


def drop(role: str, name: str) -> Call:
    return Call("iam", "DeleteRolePolicy", {"RoleName": role, "PolicyName": name}, absent=MISSING)


def _size(documents: Iterable[Any]) -> int:
    return sum(policy.size(document) for document in documents)
