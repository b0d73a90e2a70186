"""The rules of `lint` for permissions: more than anything of Metaflow needs, and more people than anybody meant.

Judged is what the file writes out. Presets hold least permissions, and a condition narrows in ways of its own.
https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from mfinfra.document.tree import shown
from mfinfra.model import Environment, Resource

# Actions of a service that AWS lets be scoped, and the resources that are no scope.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
SCOPED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "s3": (("GetObject", "PutObject", "DeleteObject", "ListBucket"), r"arn:[^:]+:s3:::\*(/\*)?"),
    "dynamodb": (
        ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        r"arn:[^:]+:dynamodb:.*:table/\*",
    ),
    "secretsmanager": (("GetSecretValue",), r"arn:[^:]+:secretsmanager:.*:secret:\*"),
    "states": (("StartExecution",), r"arn:[^:]+:states:.*:stateMachine:\*"),
    "batch": (("SubmitJob",), r"arn:[^:]+:batch:.*:job-queue/\*"),
    "events": (("PutRule", "PutTargets", "DescribeRule"), r"arn:[^:]+:events:.*:rule/\*"),
    "iam": (("PassRole",), r"arn:[^:]+:iam:.*:role/\*"),
    "sts": (("AssumeRole",), r"arn:[^:]+:(sts|iam):.*:role/\*"),
    "kms": (("Decrypt", "Encrypt", "GenerateDataKey"), r"arn:[^:]+:kms:.*:key/\*"),
}
_MANAGED = re.compile(r"(?:arn:[^:]+:iam::aws:policy/)?(?:[^:]*/)?([A-Za-z0-9_+=,.@-]+)")
_TOO_MUCH = re.compile("AdministratorAccess|PowerUserAccess|.*FullAccess(_v[0-9]+)?")

Path = tuple[str | int, ...]
Finding = tuple[Path, str, str, str | None]


def role(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """What a role is allowed without a limit, and who may be it."""
    policies = resource.spec.get("policies")
    for name, document in policies.items() if isinstance(policies, Mapping) else ():
        for path, statement in _allowing(document):
            yield from _wildcards(("policies", name, *path), statement)
    for index, name in enumerate(resource.spec.get("managed_policies") or ()):
        found = _MANAGED.fullmatch(name) if isinstance(name, str) else None
        if found and _TOO_MUCH.fullmatch(found[1]):
            message = f"`{shown(found[1])}` allows far more than anything of Metaflow does"
            hint = "a `preset` holds what Metaflow needs; write other permissions out under `policies`"
            yield ("managed_policies", index), "MF2125", message, hint
    yield from _everybody(("trust",), resource.spec.get("trust"), "be this role")


def bucket(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Whom a bucket lets in: everybody, or a service that never comes."""
    yield from _everybody(("policy",), resource.spec.get("policy"), "use this bucket")
    for path, statement in _allowing(resource.spec.get("policy")):
        principal = statement.get("Principal")
        services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else []
        if any(isinstance(name, str) and name.startswith("batch.amazonaws.com") for name in services):
            message = "Batch itself never reads a bucket: jobs do, with the role that they run as"
            hint = "remove the statement: `metaflow.batch.job_role` is what needs the permission"
            yield ("policy", *path, "Principal"), "MF2132", message, hint


def repository(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Whom a repository lets in."""
    yield from _everybody(("policy",), resource.spec.get("policy"), "use this repository")


def _everybody(place: Path, document: Any, what: str) -> Iterator[Finding]:
    for path, statement in _allowing(document):
        principal = statement.get("Principal")
        names = _listed(principal.get("AWS")) if isinstance(principal, Mapping) else _listed(principal)
        if "*" in names:
            message = f"`Principal` is everybody: without a condition, every AWS account may {what}"
            yield (*place, *path, "Principal"), "MF2123", message, "name accounts, roles or services"


def _wildcards(path: Path, statement: Mapping[str, Any]) -> Iterator[Finding]:
    actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
    if "NotAction" in statement and "*" in resources:
        yield (*path, "NotAction"), "MF2124", "this allows everything but what is listed", "list what is allowed"
    if "*" in actions or "*:*" in actions:
        yield (*path, "Action"), "MF2124", "this allows every action there is", "list what is allowed"
        return
    for resource in resources:
        found = next((action for action in actions if _unscoped(action, resource)), None)
        if found:
            message = f"`{shown(found)}` on `{shown(resource)}` reaches everything of that kind in the account"
            hint = "name what it is for, as in `${bucket.NAME.arn}/*`; a `preset` does that by itself"
            yield (*path, "Resource"), "MF2124", message, hint
            return


def _unscoped(action: Any, resource: Any) -> bool:
    """Whether an action that could be scoped is not."""
    if not isinstance(action, str) or not isinstance(resource, str):
        return False
    service, _, operation = action.lower().partition(":")
    operations, everything = SCOPED.get(service, ((), ""))
    meant = any(fnmatchcase(name.lower(), operation) for name in operations)
    return meant and (resource == "*" or re.fullmatch(everything, resource) is not None)


def _allowing(document: Any) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The statements of a policy document that allow something without a condition, each with its place."""
    found = document.get("Statement") if isinstance(document, Mapping) else None
    for index, statement in enumerate(_listed(found)):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow" and not statement.get("Condition"):
            yield ("Statement", *((index,) if isinstance(found, list) else ())), statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
