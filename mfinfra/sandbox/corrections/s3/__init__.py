"""S3."""

from mfinfra.sandbox.corrections.s3 import birth, facets, lists, policy

__all__ = ["birth", "facets", "lists", "policy"]
