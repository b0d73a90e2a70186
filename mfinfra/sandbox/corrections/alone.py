"""One writer at a time: corrections, jobs and executions read, ask and write in several steps."""

from __future__ import annotations

from threading import RLock
from typing import Final

lock: Final = RLock()
"""Held by whoever changes what the sandbox holds. One for the process, as moto's state is one for the process."""
