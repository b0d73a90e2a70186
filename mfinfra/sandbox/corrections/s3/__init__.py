"""S3."""

from mfinfra.sandbox.corrections.s3 import birth, facets, late, lifecycle, lists, policy

__all__ = ["birth", "facets", "late", "lifecycle", "lists", "policy"]
