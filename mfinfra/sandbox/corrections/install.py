"""Everything that is set in moto before it serves."""

from __future__ import annotations

from moto.backends import get_backend
from moto.core.config import default_user_config
from moto.core.routing import get_service_router

from mfinfra.sandbox.corrections import corrections, lookups, reset


def install() -> None:
    """Load the corrections and set moto's own switches. Twice is once."""
    # A job of Batch ends well at once instead of looking for Docker.
    default_user_config["batch"]["use_docker"] = False
    lookups.install()
    reset.install()
    corrections()


def warm_up() -> None:
    """Import what the first calls would wait for, most wanted first."""
    for service in ("sts", "s3", "iam", "ec2", "batch", "dynamodb", "logs", "ecr", "resourcegroupstaggingapi", "kms"):
        get_service_router(service)
        get_backend(service)
