"""One attempt of a job: its process, what it writes, how it ends."""

from __future__ import annotations

import logging
import math
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Final

from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.batch import keeper, surroundings
from mfinfra.sandbox.corrections.batch.container import Container, Unavailable, secret_values
from mfinfra.sandbox.corrections.batch.surroundings import Place
from mfinfra.sandbox.corrections.call import Call

GROUP: Final = "/aws/batch/job"
GRACE_SECONDS: Final = 30.0
"""Between SIGTERM and SIGKILL. https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html"""
LOOK_SECONDS: Final = 1.0
END_SECONDS: Final = 10.0
"""How long the end of what was killed may take; it takes milliseconds."""
CHUNK: Final = 8192
"""Bytes read at once: never more lines than one PutLogEvents takes."""
LONGEST: Final = 16384
"""Bytes after which a line is cut, as Docker's log driver does."""
EXITED: Final = "Essential container in task exited"
NOT_STARTED: Final = "Task failed to start"
TIMED_OUT: Final = "Job attempt duration exceeded timeout"
NO_SUCH_COMMAND: Final = (
    "CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim "
    'task: OCI runtime create failed: runc create failed: unable to start container process: exec: "{command}": '
    "executable file not found in $PATH: unknown"
)
FIRST_LINE: Final = "mfinfra sandbox: this is a process of the machine itself; the image {image} is not used"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `exit_code` is `None` where nothing ran; a `final` one is not tried again."""

    exit_code: int | None
    status_reason: str = EXITED
    reason: str = ""
    final: bool = False


class Attempt(Thread):
    """A thread that runs one process; `begun` and `over` are called under the lock, unless it is abandoned."""

    def __init__(
        self,
        container: Container,
        place: Place,
        call: Call,
        begun: Callable[[Attempt], None],
        over: Callable[[Attempt, Outcome], None],
    ) -> None:
        super().__init__(name=f"job {place.job} {place.attempt}", daemon=True)
        self.place = place
        self._container, self._call = container, call
        self._begun, self._over = begun, over
        self._process: subprocess.Popen[bytes] | None = None
        self._abandoned = self._killed = self._timed_out = False
        self._ends = self._dies = math.inf

    def run(self) -> None:
        """Run the process to its end."""
        try:
            outcome = self._carried_out()
        except Exception as error:
            log.exception("job %s", self.place.job)
            with lock:
                self.kill()
            outcome = Outcome(None, NOT_STARTED, f"the sandbox failed: {error}; its log says how")
        with lock:
            if not self._abandoned:
                self._over(self, outcome)

    def terminate(self) -> None:
        """End it softly, and after `GRACE_SECONDS` at once."""
        self._dies = min(self._dies, time.monotonic() + GRACE_SECONDS)
        self._tell(b"T")

    def kill(self) -> None:
        """End it at once."""
        self._killed = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def abandon(self) -> None:
        """End it at once, wait until it has ended, and let nobody be told. The lock is held."""
        self._abandoned = True
        self.kill()
        if self._process is not None:
            self._process.wait(END_SECONDS)

    def _tell(self, order: bytes) -> None:
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            self._process.stdin.write(order)
        except BrokenPipeError:
            log.debug("job %s has ended already", self.place.job)

    def _carried_out(self) -> Outcome:
        try:
            secrets = secret_values(self._call, self._container.secrets)
        except Unavailable as missing:
            return Outcome(None, NOT_STARTED, str(missing))
        folder = Path(tempfile.mkdtemp(prefix="mfinfra-job-"))
        try:
            refusal = self._begin(folder, secrets)
        except BaseException:
            shutil.rmtree(folder)
            raise
        if refusal is not None:
            shutil.rmtree(folder)
            return refusal
        return self._watched()

    def _begin(self, folder: Path, secrets: dict[str, str]) -> Outcome | None:
        """Start the process in `folder`, which it removes at its end; or say why it does not start."""
        surroundings.prepare(folder)
        variables = surroundings.variables(self.place, folder, {**self._container.environment, **secrets})
        command = surroundings.command(self._container.command, folder)
        if not command or shutil.which(command[0], path=variables["PATH"]) is None:
            return Outcome(None, NOT_STARTED, NO_SUCH_COMMAND.format(command=next(iter(command), "")))
        with lock:
            if self._killed:  # before there was a process
                return Outcome(None, NOT_STARTED)
            self._start(folder, command, variables)
        return None

    def _start(self, folder: Path, command: list[str], variables: dict[str, str]) -> None:
        ours = [sys.executable, "-I", "-S", keeper.__file__, str(folder)]
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module; the command is the user's job
            [*ours, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=variables,
            cwd=folder,
            bufsize=0,
            start_new_session=True,
        )
        if self._container.seconds is not None:
            self._ends = time.monotonic() + self._container.seconds
        self._begun(self)

    def _watched(self) -> Outcome:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        self._open_stream()
        with process.stdout:
            self._follow(process, process.stdout)
        code = process.wait()
        if code < 0:  # somebody killed the keeper
            code = keeper.BY_SIGNAL - code
        with lock:
            self.kill()
        return Outcome(code, TIMED_OUT, final=True) if self._timed_out else Outcome(code)

    def _follow(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        """Write what it writes to its log, and end it when its time is over."""
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while True:
                self._check_time()
                if selector.select(min(LOOK_SECONDS, max(0.0, min(self._ends, self._dies) - time.monotonic()))):
                    part = os.read(output.fileno(), CHUNK)
                    *lines, rest = (rest + part).split(b"\n")
                    whole = not part or len(rest) >= LONGEST
                    self._write([*lines, rest] if whole else lines)
                    rest = b"" if whole else rest
                    if not part:
                        return
                elif process.poll() is not None:  # a process that left the session holds its output open
                    self._write([rest])
                    return

    def _check_time(self) -> None:
        now = time.monotonic()
        if now >= self._ends:
            self._ends, self._timed_out = math.inf, True
            with lock:
                self.terminate()
        if now >= self._dies:
            self._dies = math.inf
            with lock:
                self.kill()

    def _open_stream(self) -> None:
        """Make the group, as Batch does, and the stream of this attempt."""
        with lock:
            if self._abandoned:
                return
            self._make_stream()

    def _make_stream(self) -> None:
        for operation, more in (("CreateLogGroup", {}), ("CreateLogStream", {"logStreamName": self.place.stream})):
            self._call.asks("Resource", "logs", operation, logGroupName=GROUP, **more)
        self._write([FIRST_LINE.format(image=self._container.image).encode()])

    def _write(self, lines: list[bytes]) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line.decode("utf-8", "replace")} for line in lines if line.strip()]
        with lock:
            if events and not self._abandoned:
                stream = {"logGroupName": GROUP, "logStreamName": self.place.stream}
                # A job goes on where somebody has deleted its log.
                self._call.asks("ResourceNotFound", "logs", "PutLogEvents", **stream, logEvents=events)
