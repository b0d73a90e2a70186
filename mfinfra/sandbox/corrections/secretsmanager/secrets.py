"""Secrets Manager: names, changes without a value, and secrets that are to be deleted.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from moto.secretsmanager.models import secretsmanager_backends

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError

API: Final = "https://docs.aws.amazon.com/secretsmanager/latest/apireference"
NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
MANAGED: Final = "alias/aws/secretsmanager"
MARKED: Final = "You can't perform this operation on the secret because it was marked for deletion."
LATE: Final = ("DescribeSecret", "TagResource", "UpdateSecret")


@correction(
    "secretsmanager",
    "CreateSecret",
    restores="rules for names; InvalidRequestException for the name of a secret that is to be deleted",
    aws=f"{API}/API_CreateSecret.html",
)
def create(call: Call, forward: Forward) -> Answer:
    """Make a secret under a name that is free."""
    name = call.params["Name"]
    if not NAME.fullmatch(name):
        text = (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
        raise ServiceError("ValidationException", text)
    there = _secret(call, name)
    if there is not None and there.is_deleted():
        text = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise ServiceError("InvalidRequestException", text)
    answer = forward()
    for operation in LATE:
        propagation.begin(f"secretsmanager {operation}", call.region, name, looks=propagation.ONE)
    return answer


@correction(
    "secretsmanager",
    "UpdateSecret",
    restores="a change of description or key alone, which leaves the value, its versions and the tags as they are",
    aws=f"{API}/API_UpdateSecret.html",
)
def update(call: Call, forward: Forward) -> Answer:
    """Change what is named; a new value is moto's to take."""
    params, secret = call.params, _secret(call, call.params["SecretId"])
    if secret is None or secret.is_deleted() or {"SecretString", "SecretBinary"} & params.keys():
        return forward()
    if "Description" in params:
        secret.description = params["Description"]
    if "KmsKeyId" in params:
        secret.kms_key_id = params["KmsKeyId"] or MANAGED
    return {"ARN": secret.arn, "Name": secret.name}


@correction(
    "secretsmanager",
    "TagResource",
    "UntagResource",
    restores="InvalidRequestException for a secret that is to be deleted",
    aws=f"{API}/API_TagResource.html",
)
def tag(call: Call, forward: Forward) -> Answer:
    """Refuse a secret that is to be deleted."""
    secret = _secret(call, call.params["SecretId"])
    if secret is not None and secret.is_deleted():
        raise ServiceError("InvalidRequestException", MARKED)
    return forward()


@correction(
    "secretsmanager",
    *LATE,
    restores="ResourceNotFoundException soon after a create",
    aws=f"{API}/API_DescribeSecret.html",
    strict=True,
)
def unknown(call: Call, forward: Forward) -> Answer:
    """Refuse a secret that this operation does not know yet."""
    secret = _secret(call, call.params["SecretId"])
    if secret is not None and propagation.pending(f"secretsmanager {call.operation}", call.region, secret.name):
        raise ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return forward()


def _secret(call: Call, given: str) -> Any:
    """The record of a secret that moto keeps, by name or ARN; `None` for one that is not there."""
    return secretsmanager_backends[call.account][call.region].secrets.get(given)
