"""KMS: what a key takes in which state, and keys by their ARNs.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError

STATES: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
ROTATING: Final = ("EnableKeyRotation", "DisableKeyRotation")
IN_USE: Final = (
    *("CreateAlias", "CreateGrant", "EnableKey", "DisableKey", *ROTATING),
    *("TagResource", "UntagResource", "UpdateKeyDescription", "ScheduleKeyDeletion"),
)
"""Operations that a key which is to be deleted does not take."""
BY_KEY: Final = (
    *("CancelKeyDeletion", "GetKeyPolicy", "PutKeyPolicy", "GetKeyRotationStatus", "ListResourceTags", "ListAliases"),
)
PENDING: Final = "PendingDeletion"


@correction(
    "kms",
    *IN_USE,
    restores="KMSInvalidStateException for a key that is to be deleted, DisabledException for a disabled one",
    aws=STATES,
)
def in_state(call: Call, forward: Forward) -> Answer:
    """Refuse what the key does not take in its state."""
    metadata = by_id(call, "TargetKeyId" if call.operation == "CreateAlias" else "KeyId")
    if metadata and metadata["KeyState"] == PENDING:
        raise ServiceError("KMSInvalidStateException", f"{metadata['Arn']} is pending deletion.")
    if metadata and metadata["KeyState"] == "Disabled" and call.operation in ROTATING:
        raise ServiceError("DisabledException", f"{metadata['Arn']} is disabled.")
    return forward()


@correction(
    "kms",
    *BY_KEY,
    restores="that a key goes by its ARN as by its id; that only what is to be deleted can be taken back",
    aws="https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html",
)
def by_arn(call: Call, forward: Forward) -> Answer:
    """Ask by the id."""
    metadata = by_id(call, "KeyId") if call.params.get("KeyId") else None
    state = metadata["KeyState"] if metadata else None
    if call.operation == "CancelKeyDeletion" and metadata and state != PENDING:
        raise ServiceError("KMSInvalidStateException", f"{metadata['Arn']} is not pending deletion.")
    answer = forward()
    if call.operation == "GetKeyRotationStatus" and state == PENDING:
        return answer | {"KeyRotationEnabled": False}
    return answer


@correction(
    "kms",
    "CreateKey",
    restores="the usage of a key that nobody gave one",
    aws="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
)
def usage(call: Call, forward: Forward) -> Answer:
    """Make a key to encrypt and decrypt with."""
    call.params.setdefault("KeyUsage", "ENCRYPT_DECRYPT")
    return forward()


def by_id(call: Call, name: str) -> Answer | None:
    """What KMS says of the key that the parameter `name` means, which from now on goes by its id; an alias stays."""
    given = str(call.params[name])
    said = described(call, given)
    if said and "alias/" not in given:
        call.params[name] = said["KeyId"]
    return said


def described(call: Call, key: Any) -> Answer | None:
    """What KMS says of a key, by id, ARN or alias; `None` for one that is not there."""
    said = call.asks("NotFound", "kms", "DescribeKey", KeyId=str(key))
    return None if said is None else said["KeyMetadata"]
