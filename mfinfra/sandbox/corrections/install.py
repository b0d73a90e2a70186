"""Everything that is set in moto before it serves."""

from __future__ import annotations

from moto.core.config import default_user_config

from mfinfra.sandbox.corrections import corrections, reset


def install() -> None:
    """Load the corrections and set moto's own switches. Twice is once."""
    # A job of Batch ends well at once instead of looking for Docker.
    default_user_config["batch"]["use_docker"] = False
    reset.install()
    corrections()
