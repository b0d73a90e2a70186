"""Whether jobs run as processes of this machine, and under which address these find the sandbox.

A test that counts looks says how long a job runs; a sandbox of a user runs the job's own command.
"""

from __future__ import annotations

import os
from typing import Final

SLOTS: Final = max(2, os.cpu_count() or 1)
"""How many jobs run at once, however many vCPUs their environments have: this machine has no more."""

_endpoint = ""


def run_at(endpoint: str) -> None:
    """Let jobs run from now on as processes that reach the sandbox at `endpoint`; where it is empty, looks count."""
    global _endpoint  # noqa: PLW0603  one setting of one process, as moto's state is
    _endpoint = endpoint


def endpoint() -> str:
    """The URL of the sandbox for its jobs; empty where none runs."""
    return _endpoint


def on() -> bool:
    """Whether jobs run."""
    return bool(_endpoint)
