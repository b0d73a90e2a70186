"""What runs beside the requests: one thread with a loop for all executions and schedules, until the next reset."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.call import Answer, Call
from mfinfra.sandbox.corrections.inside import ask
from mfinfra.sandbox.corrections.shelves import at_clear, shelf

log = logging.getLogger(__name__)


class Work:
    """Something that runs on an engine; `after` is called on its thread when it has ended, however it did."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None], after: Callable[[], None]
    ) -> None:
        self._loop, self._work, self._after = loop, work, after
        self._task: asyncio.Task[None] | None = None
        loop.call_soon_threadsafe(self._begin)

    def cancel(self) -> None:
        """Stop it, from any thread."""
        self._loop.call_soon_threadsafe(self._cancel)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._work)
        self._task.add_done_callback(self._ended)

    def _cancel(self) -> None:
        assert self._task is not None, "what is begun first is begun by now"
        self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", self._work, exc_info=error)
        self._after()


class Engine:
    """A loop on a thread. What it runs asks AWS through `ask`, which ends it where the sandbox was reset meanwhile."""

    def __init__(self) -> None:
        self.closed = False
        self.waiting = 0  # how many jobs are waited for; only the loop's thread counts
        self._loop = asyncio.new_event_loop()
        self.thread = Thread(target=self._run, name="mfinfra-executions", daemon=True)
        self.thread.start()

    def begin(self, work: Coroutine[Any, Any, None], after: Callable[[], None] = lambda: None) -> Work:
        """Run `work`, from any thread."""
        return Work(self._loop, work, after)

    def ask(self, call: Call, service: str, operation: str, /, **params: Any) -> Answer:
        """Ask as the sandbox's own service. Raises `ServiceError`, and `CancelledError` after a reset."""
        with lock:
            if self.closed:
                raise asyncio.CancelledError
            return ask(call, service, operation, **params)

    def close(self) -> None:
        """Stop everything. The lock is held, so that nothing is asked any more; the thread ends a moment later."""
        self.closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(_end_all())
        self._loop.close()


def engine() -> Engine:
    """The engine of the sandbox, begun when it is first needed."""
    kept = shelf("engine")
    if "it" not in kept:
        kept["it"] = Engine()
        at_clear(kept["it"].close)
    running: Engine = kept["it"]
    return running


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
