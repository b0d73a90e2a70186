"""IAM."""

from mfinfra.sandbox.corrections.iam import accounts, delays, linked_roles, policies, profiles, roles, simulate

__all__ = ["accounts", "delays", "linked_roles", "policies", "profiles", "roles", "simulate"]
