"""AWS Batch: compute environments, job queues, their tags and jobs are answered here; moto keeps the others."""

from mfinfra.sandbox.corrections.batch import environments, jobs, policies, queues, tags

__all__ = ["environments", "jobs", "policies", "queues", "tags"]
