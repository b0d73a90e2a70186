"""Key policies: none that locks the account out is taken, and a service uses a key only where its policy says so."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.documents import (
    MalformedDocumentError,
    many,
    parsed,
    statements,
    with_canonical_principals,
)
from mfinfra.sandbox.corrections.kms.keys import described

PAGE: Final = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"
LOCKOUT: Final = "The new key policy will not allow you to update the key policy in the future."
CONTEXT: Final = "kms:EncryptionContext:"


@correction(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    restores="MalformedPolicyDocumentException for a policy that is none, names nobody known, or locks its author out",
    aws=PAGE,
)
def take_policy(call: Call, forward: Forward) -> Answer:
    """Take a policy that lets its author change it again."""
    if text := call.params.get("Policy"):
        try:
            document = parsed(text)
            call.params["Policy"] = with_canonical_principals(call, text, document)
        except MalformedDocumentError as error:
            told = (
                "Policy contains a statement with one or more invalid principals." if "principal" in str(error) else ""
            )
            raise malformed(told or str(error)) from error
        if not call.params.get("BypassPolicyLockoutSafetyCheck") and not _open(call, document):
            raise malformed(LOCKOUT)
    return forward()


def malformed(text: str) -> ServiceError:
    """What KMS says of a policy that it does not take."""
    return ServiceError("MalformedPolicyDocumentException", text)


def lets(call: Call, key: str, service: str, actions: tuple[str, ...], context: dict[str, str]) -> bool:
    """Whether the policy of a key that can be used allows a service these actions in an encryption context."""
    said = described(call, key)
    if said is None or said["KeyState"] != "Enabled":
        return False
    text = call.ask("kms", "GetKeyPolicy", KeyId=said["KeyId"], PolicyName="default")["Policy"]
    rows = [row for row in statements(json.loads(text)) if _names(row, "Service", {service}) and _holds(row, context)]
    return all(_decided(rows, action) for action in actions)


def _open(call: Call, document: dict[str, Any]) -> bool:
    root = f"arn:{call.partition}:iam::{call.account}:root"
    rows = [row for row in statements(document) if _names(row, "AWS", {root, call.account}) and _holds(row, {})]
    return _decided(rows, "kms:PutKeyPolicy")


def _decided(rows: list[dict[str, Any]], action: str) -> bool:
    effects = {
        row["Effect"]
        for row in rows
        if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in many(row.get("Action", [])))
    }
    return effects == {"Allow"}


def _names(row: dict[str, Any], kind: str, names: set[str]) -> bool:
    principal = row.get("Principal", {})
    return principal == "*" or bool({"*", *names} & set(many(principal.get(kind, []))))


def _holds(row: dict[str, Any], context: dict[str, str]) -> bool:
    """Whether the conditions of a statement hold; of those on anything but the context nothing is known here."""
    return all(
        key.startswith(CONTEXT)
        and any(fnmatchcase(context.get(key.removeprefix(CONTEXT), ""), wanted) for wanted in many(values))
        for tests in row.get("Condition", {}).values()
        for key, values in tests.items()
    )
