"""AWS Batch: compute environments, job queues and their tags are answered here; moto keeps jobs and definitions."""

from mfinfra.sandbox.corrections.batch import environments, queues, tags

__all__ = ["environments", "queues", "tags"]
