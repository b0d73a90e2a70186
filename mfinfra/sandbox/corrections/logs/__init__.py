"""CloudWatch Logs."""

from mfinfra.sandbox.corrections.logs import groups, late

__all__ = ["groups", "late"]
