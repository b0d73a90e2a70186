"""Amazon EventBridge: what rules and targets may be, and schedules that are kept; moto keeps the rules."""

from mfinfra.sandbox.corrections.events import rules

__all__ = ["rules"]
