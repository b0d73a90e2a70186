"""Policy documents, checked and rewritten as AWS does when it takes them in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Call

VERSIONS: Final = ("2012-10-17", "2008-10-17")
ACCOUNT: Final = re.compile(r"\d{12}")
IDENTITY: Final = re.compile(r"arn:[^:]+:iam::(?P<account>\d{12}):(?P<kind>role|user)/(?:.*/)?(?P<name>[^/]+)")
SERVICE: Final = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal)")
ACTION: Final = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")


class MalformedDocumentError(Exception):
    """The document is not what AWS takes; the message says what is wrong."""


def parsed(text: str) -> dict[str, Any]:
    """The document, if it is one: JSON, a known version, statements with an effect and actions."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise MalformedDocumentError("This policy contains invalid Json") from error
    if not isinstance(document, dict) or not document.get("Statement"):
        raise MalformedDocumentError("Syntax errors in policy.")
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise MalformedDocumentError("The policy must contain a valid version string")
    for statement in statements(document):
        _check(statement)
    return document


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements, also where there is but one and no list."""
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def many(value: Any) -> list[Any]:
    """A list, also of one."""
    return value if isinstance(value, list) else [value]


def with_canonical_principals(call: Call, text: str, document: dict[str, Any]) -> str:
    """The document with accounts written as root ARNs. Principals that do not exist are refused."""
    changed = False
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal = statement.get(key)
            if isinstance(principal, dict):
                changed |= _canonical(call, principal)
            elif principal not in (None, "*"):
                raise MalformedDocumentError("Invalid principal in policy")
    return json.dumps(document) if changed else text


def _check(statement: Any) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedDocumentError("Syntax errors in policy.")
    actions = statement.get("Action", statement.get("NotAction"))
    if not actions:
        raise MalformedDocumentError("Policy statement must contain actions.")
    for action in many(actions):
        if not isinstance(action, str) or not ACTION.fullmatch(action):
            raise MalformedDocumentError("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")


def _canonical(call: Call, principal: dict[str, Any]) -> bool:
    for kind in principal:
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise MalformedDocumentError(f'Invalid principal in policy: "{kind.upper()}"')
    for name in many(principal.get("Service", [])):
        if not SERVICE.fullmatch(name):
            raise MalformedDocumentError(f'Invalid principal in policy: "SERVICE":"{name}"')
    if "AWS" not in principal:
        return False
    before = many(principal["AWS"])
    after = [_identity(call, name) for name in before]
    principal["AWS"] = after if isinstance(principal["AWS"], list) else after[0]
    return after != before


def _identity(call: Call, name: str) -> str:
    if name == "*" or re.fullmatch(r"arn:[^:]+:iam::\d{12}:root", name):
        return name
    if ACCOUNT.fullmatch(name):
        return f"arn:{call.partition}:iam::{name}:root"
    found = IDENTITY.fullmatch(name)
    if not found and not re.fullmatch(r"arn:[^:]+:sts::\d{12}:assumed-role/.+", name):
        raise MalformedDocumentError(f'Invalid principal in policy: "AWS":"{name}"')
    if found and found["account"] == call.account:
        operation, key = ("GetRole", "RoleName") if found["kind"] == "role" else ("GetUser", "UserName")
        if call.asks("NoSuchEntity", "iam", operation, **{key: found["name"]}) is None:
            raise MalformedDocumentError(f'Invalid principal in policy: "AWS":"{name}"')
    return name
