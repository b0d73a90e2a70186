"""A receipt written again while its run goes on, beside it: what is told must not wait for S3."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra.errors import MfinfraError

EVERY = 30.0
"""Seconds between two writings; an apply that is over before then writes none in between."""


@dataclass(slots=True)
class Renewal:
    """Writes the receipt now and then with `put`.

    Where that fails the next one is to do it; whether the last one does, the run is told.
    """

    put: Callable[[dict[str, Any]], None]
    _written: float = field(default_factory=time.monotonic)
    _thread: threading.Thread | None = None

    def due(self, receipt: Mapping[str, Any]) -> None:
        """Begin to write the receipt as it is now, if the last writing is long ago and over."""
        under_way = self._thread is not None and self._thread.is_alive()
        if under_way or time.monotonic() - self._written < EVERY:
            return
        self._written = time.monotonic()
        said = copy.deepcopy(dict(receipt))
        self._thread = threading.Thread(target=self._write, args=(said,), name="mfinfra-receipt", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Return when nothing is being written any more: the last word must come last."""
        if self._thread is not None:
            self._thread.join()

    def _write(self, receipt: dict[str, Any]) -> None:
        try:
            self.put(receipt)
        except MfinfraError:
            return
