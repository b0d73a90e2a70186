"""Secrets Manager."""

from mfinfra.sandbox.corrections.secretsmanager import secrets

__all__ = ["secrets"]
