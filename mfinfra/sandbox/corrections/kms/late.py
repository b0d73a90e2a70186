"""A strict KMS: a new key is not known everywhere at once.

https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html
"""

from __future__ import annotations

from typing import Final

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError

PAGE: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html"
NAMED: Final = (
    *("EnableKeyRotation", "DisableKeyRotation", "PutKeyPolicy", "GetKeyPolicy", "GetKeyRotationStatus"),
    *("TagResource", "ListResourceTags", "UpdateKeyDescription"),
)


@correction("kms", "CreateKey", restores="that a key is not known everywhere at once", aws=PAGE, strict=True)
def new_key(_call: Call, forward: Forward) -> Answer:
    """Make it; each operation misses it once."""
    answer = forward()
    for operation in (*NAMED, "CreateAlias"):
        propagation.begin(f"kms {operation}", answer["KeyMetadata"]["KeyId"], looks=propagation.ONE)
    return answer


@correction("kms", *NAMED, "CreateAlias", restores="NotFoundException soon after a create", aws=PAGE, strict=True)
def unknown_key(call: Call, forward: Forward) -> Answer:
    """Refuse a key that this operation does not know yet."""
    given = str(call.params["TargetKeyId" if call.operation == "CreateAlias" else "KeyId"])
    number = given.rpartition(":key/")[2]
    if propagation.pending(f"kms {call.operation}", number):
        arn = call.arn(f"key/{number}", service="kms")
        raise ServiceError("NotFoundException", f"Key '{arn}' does not exist")
    return forward()
