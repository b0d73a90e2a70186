"""KMS."""

from mfinfra.sandbox.corrections.kms import keys, late, policies

__all__ = ["keys", "late", "policies"]
