"""Where the lines of a stream go: a stream of ours, a file, a pipe, a descriptor that the caller opened.

What a run does is more important than that somebody reads of it: a full disk, a reader that has gone and one that no
longer reads end the stream, and not the run.
"""

from __future__ import annotations

import errno
import os
import re
import select
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mfinfra.errors import MfinfraError, UserError
from mfinfra.render import inert, streams

PATIENCE = 10.0  # seconds that a pipe has for somebody to open it, or to read on
POLL = 0.05
BEGINNING = b'{"@level":'
"""What every stream begins with: see `render.events`."""
DESCRIPTOR = re.compile(r"/(?:dev/fd|proc/self/fd)/(\d+)")
STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}


@dataclass(slots=True)
class Sink:
    """Takes lines until one cannot be written; then `complain` is told so, once, and the rest goes nowhere."""

    name: str
    put: Callable[[str], None]
    complain: Callable[[str], None]
    lost: bool = False

    def write(self, text: str) -> None:
        """Write `text`; raises nothing that has to do with the place it goes to."""
        if self.lost:
            return
        try:
            self.put(text)
        except (OSError, MfinfraError) as error:
            self.lost = True
            self.complain(f"no more events go to {inert.line(self.name)}, the run goes on: {_reason(error)}")


def standard(stream: TextIO, complain: Callable[[str], None]) -> Sink:
    """A sink on a stream of this process."""
    return Sink("stdout", lambda text: streams.put(text, stream), complain)


@contextmanager
def into(path: Path, complain: Callable[[str], None]) -> Iterator[Sink]:
    """A sink on `path`: a file of its user's own (0600), a pipe or a descriptor (`/dev/fd/3`).

    Raises `UserError` where it cannot be opened, where nobody opens the other end of a pipe, and for a file that holds
    anything else than events: the plan or the environment file themselves may be named by mistake.
    """
    if _holds_else(path):
        raise UserError(f"`{path}` is there, and no stream of events", hint="name another file, or remove this one")
    try:
        descriptor = _opened(str(path))
    except OSError as error:
        raise UserError(
            f"`{path}` cannot be written: {_reason(error)}", hint="`--json-into` takes a file, a pipe or `/dev/fd/N`"
        ) from error
    try:
        yield Sink(f"`{path}`", _writer(descriptor), complain)
    finally:
        os.close(descriptor)


def _holds_else(path: Path) -> bool:
    if str(path) in STANDARD or DESCRIPTOR.fullmatch(str(path)):
        return False  # whatever the caller opened is added to
    try:
        with path.open("rb") if path.is_file() and not path.is_symlink() else nullcontext() as file:
            head = file.read(len(BEGINNING)) if file else b""
    except OSError:
        return False  # who may write there and not read may go on
    return head not in (b"", BEGINNING)


def _opened(path: str) -> int:
    known = DESCRIPTOR.fullmatch(path)
    if known or path in STANDARD:
        return os.dup(int(known[1]) if known else STANDARD[path])
    descriptor = _patiently(path)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
            os.ftruncate(descriptor, 0)
        os.set_blocking(descriptor, True)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _patiently(path: str) -> int:
    """Open `path`; a pipe that nobody reads yet is tried again for a while, where opening it would wait for ever."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return os.open(path, flags, 0o600)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() >= until:
                raise
        time.sleep(POLL)


def _writer(descriptor: int) -> Callable[[str], None]:
    """Writes to `descriptor`; into a pipe only what fits without waiting, once there is room."""
    mode = os.fstat(descriptor).st_mode
    piped = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    room = select.poll()
    room.register(descriptor, select.POLLOUT)

    def put(text: str) -> None:
        rest = text.encode()
        while rest:
            if piped and not room.poll(PATIENCE * 1000):
                raise TimeoutError(errno.ETIMEDOUT, "nobody reads it")
            rest = rest[os.write(descriptor, rest[: select.PIPE_BUF] if piped else rest) :]

    return put


def _reason(error: OSError | MfinfraError) -> str:
    if isinstance(error, MfinfraError):
        return error.message
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    if error.errno == errno.ENXIO:
        return "nobody reads it"
    return (error.strerror or str(error)).lower()
