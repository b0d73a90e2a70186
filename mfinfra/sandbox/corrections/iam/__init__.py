"""IAM."""

from mfinfra.sandbox.corrections.iam import accounts, linked_roles, policies, profiles, roles

__all__ = ["accounts", "linked_roles", "policies", "profiles", "roles"]
