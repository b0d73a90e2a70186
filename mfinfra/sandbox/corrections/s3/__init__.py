"""S3."""

from mfinfra.sandbox.corrections.s3 import birth, facets, lifecycle, lists, policy

__all__ = ["birth", "facets", "lifecycle", "lists", "policy"]
