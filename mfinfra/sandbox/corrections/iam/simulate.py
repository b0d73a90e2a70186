"""The policy simulator, which moto has not: what the policies of a principal, or given ones, say of actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mfinfra.evaluate import Judgement, Request, UnjudgedError, judge
from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.iam import visibility
from mfinfra.sandbox.corrections.iam.roles import backend

API: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference"
PAGE: Final = 100
ACTION: Final = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
PRINCIPAL: Final = re.compile(r"arn:[^:]+:iam::[0-9]{12}:(role|user|group)/(?:.*/)?([^/]+)")
NOT_HERE: Final = ("PolicyExclusionList", "ResourcePolicy", "ResourceOwner", "CallerArn", "ResourceHandlingOption")
"""Parameters that this sandbox does not simulate; it says so."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy document, the name that a result calls it by, and its type."""

    name: str
    kind: str
    document: str


@correction(
    "iam",
    "SimulatePrincipalPolicy",
    restores="an operation that moto has not",
    aws=f"{API}/API_SimulatePrincipalPolicy.html",
)
def simulate_principal(call: Call, _forward: Forward) -> Answer:
    """Judge by all policies of a role, a user with its groups, or a group, as they are now."""
    entity, kind = _principal(call)
    boundary = _boundary(call, entity)
    return _simulated(call, [*_policies(call, entity, kind), *_given(call)], boundary)


@correction(
    "iam",
    "SimulateCustomPolicy",
    restores="an operation that moto has not",
    aws=f"{API}/API_SimulateCustomPolicy.html",
)
def simulate_custom(call: Call, _forward: Forward) -> Answer:
    """Judge by the policies of the request."""
    return _simulated(call, _given(call), None)


def _simulated(call: Call, policies: Sequence[Attached], boundary: str | None) -> Answer:
    for name in NOT_HERE:
        if name in call.params:
            raise ServiceError("InvalidInput", f"{name} is not simulated in this sandbox")
    given = call.params.get("PermissionsBoundaryPolicyInputList") or ()
    limit = given[0] if given else boundary
    try:
        results = [_result(call, action, policies, limit) for action in call.params["ActionNames"]]
    except UnjudgedError as error:
        raise ServiceError("PolicyEvaluation", str(error), 500) from error
    except ValueError as error:
        raise ServiceError("InvalidInput", str(error)) from error
    start = int(call.params.get("Marker") or 0)
    end = start + int(call.params.get("MaxItems") or PAGE)
    page = {"EvaluationResults": results[start:end], "IsTruncated": end < len(results)}
    return {**page, "Marker": str(end)} if page["IsTruncated"] else page


def _result(call: Call, action: str, policies: Sequence[Attached], boundary: str | None) -> Answer:
    """One action: a decision on everything, or one for each resource and the strictest of them.

    AWS names the template of the resource's ARN in the outer `EvalResourceName`; the sandbox knows no templates.
    """
    if not ACTION.fullmatch(action):
        raise ServiceError("InvalidInput", f"Invalid Action name: {action}")
    context = {item["ContextKeyName"]: item["ContextKeyValues"] for item in call.params.get("ContextEntries") or ()}
    resources = call.params.get("ResourceArns") or ["*"]
    documents = [policy.document for policy in policies]
    found = [judge(Request(action, name, context), documents, boundary=boundary) for name in resources]
    inner = [_facts(one, policies) for one in found]
    strictest = max(found, key=lambda one: ("allowed", "implicitDeny", "explicitDeny").index(one.decision))
    outer = {
        **_facts(strictest, policies),
        "MissingContextValues": list(dict.fromkeys(key for one in found for key in one.missing)),
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": strictest.decision.value,
    }
    if resources == ["*"]:
        return outer
    specific = [
        {**facts, "EvalResourceName": name, "EvalResourceDecision": one.decision.value}
        for facts, name, one in zip(inner, resources, found, strict=True)
    ]
    return {**outer, "ResourceSpecificResults": specific}


def _facts(one: Judgement, policies: Sequence[Attached]) -> Answer:
    denies = [item for item in one.matched if item.effect == "Deny"]
    used = dict.fromkeys(item.policy for item in denies or one.matched)
    facts: Answer = {
        "MatchedStatements": [
            {"SourcePolicyId": policies[number].name, "SourcePolicyType": policies[number].kind} for number in used
        ],
        "MissingContextValues": list(one.missing),
    }
    if one.bounded is not None:
        facts["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": one.bounded}
    return facts


def _given(call: Call) -> list[Attached]:
    texts = call.params.get("PolicyInputList") or ()
    return [Attached(f"PolicyInputList.{number}", "none", text) for number, text in enumerate(texts, 1)]


def _principal(call: Call) -> tuple[Any, str]:
    arn = call.params["PolicySourceArn"]
    found = PRINCIPAL.fullmatch(arn)
    if not found:
        raise ServiceError("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    kind, name = found[1], found[2]
    iam = backend(call)
    entities = {"role": iam.roles, "user": iam.users, "group": iam.groups}[kind]
    entity = next((one for one in entities.values() if one.arn == arn), None)
    young = kind == "role" and entity is not None and not visibility.seen(f"own role {name}", "iam")
    if entity is None or young:
        raise ServiceError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)
    return entity, kind


def _policies(call: Call, entity: Any, kind: str) -> Iterator[Attached]:
    for name, document in entity.policies.items():
        yield Attached(f"{kind}_{entity.name}_{name}", kind, document)
    for arn, policy in entity.managed_policies.items():
        theirs = ":iam::aws:policy/" in arn
        yield Attached(policy.name, "aws-managed" if theirs else "user-managed", _default(policy))
    if kind == "user":
        for group in backend(call).get_groups_for_user(entity.name):
            yield from _policies(call, group, "group")


def _boundary(call: Call, entity: Any) -> str | None:
    arn = getattr(entity, "permissions_boundary_arn", None)
    return _default(backend(call).get_policy(arn)) if arn else None


def _default(policy: Any) -> str:
    return next(str(one.document) for one in policy.versions if one.version_id == policy.default_version_id)
