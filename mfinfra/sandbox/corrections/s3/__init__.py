"""S3."""

from mfinfra.sandbox.corrections.s3 import aws_tags, birth, facets, late, lifecycle, lists, policy

__all__ = ["aws_tags", "birth", "facets", "late", "lifecycle", "lists", "policy"]
