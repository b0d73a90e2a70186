"""How services name the KMS key that they use: an ARN, an id, or an alias."""

from __future__ import annotations

from mfinfra.model import Scope


def key_arn(key: str, scope: Scope, service: str) -> str:
    """The ARN of a key that a service shows in any form; empty for the key that AWS manages for the service.

    An alias stays one: it may name another key tomorrow.
    """
    if not key or key.endswith(f"alias/aws/{service}"):
        return ""
    if key.startswith("arn:"):
        return key
    return scope.arn("kms", key if key.startswith("alias/") else f"key/{key}")
