"""IAM."""

from mfinfra.sandbox.corrections.iam import accounts, delays, inline, linked_roles, policies, profiles, roles, simulate

__all__ = ["accounts", "delays", "inline", "linked_roles", "policies", "profiles", "roles", "simulate"]
