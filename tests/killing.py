"""Runs that are killed with SIGKILL right after their k-th writing call took effect, its answer undelivered.

The sandbox does it: it carries the call out, kills, and answers nobody. What the dead process had on its way besides is
not carried out any more, so that exactly k calls took effect.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Lock, Thread
from typing import Any

from zygote import Job

from mfinfra.sandbox.embedded import EmbeddedServer
from mfinfra.sandbox.faults import Fault, Faulty, Rule, Script
from mfinfra.sandbox.listener import Hangup, Listener

TESTS = Path(__file__).parent
PATIENCE = 60.0
REFUSED = 400


class Port(Listener):
    """A way into the sandbox that knows when nobody is connected any more."""

    def __init__(self, application: Any) -> None:
        self._left = Condition()
        super().__init__(0, application)

    def closed(self, connection: Any) -> None:
        super().closed(connection)
        with self._left:
            self._left.notify_all()

    def wait_until_left(self) -> None:
        """Until every connection has ended: what still comes over one was sent by who is dead."""
        with self._left:
            assert self._left.wait_for(lambda: not self._connections, PATIENCE)


@dataclass(slots=True)
class Mortality:
    """Lets `fatal` writing calls take effect, one after the other, and kills; without a number none is the last."""

    fatal: int | None
    pid: Future[int] = field(default_factory=Future)
    written: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, request: Any, carry_out: Any) -> Any:
        with self._lock:
            if len(self.written) == self.fatal:
                raise Hangup
            reply = carry_out()
            if reply.status >= REFUSED:
                return reply
            self.written.append(request.name)
            if len(self.written) == self.fatal:
                os.kill(self.pid.result(PATIENCE), signal.SIGKILL)
                raise Hangup
            return reply


@dataclass(slots=True)
class Runs:
    """A zygote, and a way into the sandbox through which nobody else goes."""

    faulty: Faulty
    port: Port
    process: subprocess.Popen[bytes]

    def lived(self, job: Job) -> list[str]:
        """Run a job to its end; the writing calls that took effect, by name."""
        return self._run(job, Mortality(None), 0)

    def killed(self, job: Job, fatal: int) -> list[str]:
        """Run a job and kill it when `fatal` writing calls have taken effect."""
        return self._run(job, Mortality(fatal), -signal.SIGKILL)

    def _run(self, job: Job, mortality: Mortality, end: int) -> list[str]:
        self.faulty.script = Script(Rule("writes", Fault("mortality", mortality), times=None))
        assert self.process.stdin
        assert self.process.stdout
        pickle.dump(job, self.process.stdin)
        self.process.stdin.flush()
        mortality.pid.set_result(pickle.load(self.process.stdout))
        ended = pickle.load(self.process.stdout)
        self.port.wait_until_left()
        assert ended == end, f"it ended with {ended} after {mortality.written}"
        return mortality.written


@contextmanager
def runs(server: EmbeddedServer, folder: Path) -> Iterator[Runs]:
    """Runs against `server` that can be killed."""
    faulty = Faulty(server._gateway)
    port = Port(faulty)
    thread = Thread(target=port.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    argv = [sys.executable, "-m", "zygote", port.endpoint, str(folder)]
    process = subprocess.Popen(argv, env=environ, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        with process:
            yield Runs(faulty, port, process)
    finally:
        port.shutdown()
        thread.join()
        port.server_close()
