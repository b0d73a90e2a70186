"""The command in forks of one process that has imported it: to start Python for each run takes ten times as long.

A run has the streams, the variables, the folder and the terminal that a process of its own would have. What the start
of Python itself does is tested elsewhere, with real processes.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import os
import pickle
import pkgutil
import signal
import socket
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

ROOT = Path(__file__).parents[1]
LONGEST = 1 << 20
"""Bytes of the largest request."""
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True, slots=True)
class Request:
    """One run. `streams` names those that are handed over, in their order; what is not named is closed."""

    argv: tuple[str, ...]
    environ: dict[str, str]
    folder: str
    streams: tuple[str, ...]
    terminal: str = ""
    """The stream whose terminal is the run's own."""


@dataclass(frozen=True, slots=True)
class Forge:
    """The process that forks."""

    way: socket.socket

    def run(self, request: Request, files: list[int], patience: float) -> int:
        """The exit code of a run with `files` as its streams; `TimeoutError` where it does not end, and it is killed.

        A signal that ended it is told as `subprocess` tells it.
        """
        socket.send_fds(self.way, [pickle.dumps(request)], files)
        pid: int = pickle.loads(self.way.recv(LONGEST))
        self.way.settimeout(patience)
        try:
            code: int = pickle.loads(self.way.recv(LONGEST))
        except TimeoutError:
            self.way.settimeout(None)
            os.kill(pid, signal.SIGKILL)
            self.way.recv(LONGEST)
            raise
        return code


@contextmanager
def forge() -> Iterator[Forge]:
    """A process that forks runs until this ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    argv = [sys.executable, "-m", "forked", str(theirs.fileno())]
    with ours, Popen(argv, env={**os.environ, "PYTHONPATH": paths}, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        try:
            yield Forge(ours)
        finally:
            ours.close()
            process.wait()


def main(number: str) -> None:
    """Fork for each request that comes until nobody can ask any more."""
    from mfinfra.__main__ import main as program

    _import_all()
    with socket.socket(fileno=int(number)) as way:
        while True:
            text, files, _, _ = socket.recv_fds(way, LONGEST, len(STREAMS))
            if not text:
                return
            pid = os.fork()
            if not pid:
                way.close()
                _become(pickle.loads(text), files)
                code = program()
                os._exit(code)
            for file in files:
                os.close(file)
            way.send(pickle.dumps(pid))
            way.send(pickle.dumps(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))


def _import_all() -> None:
    """What some command would import: all but the sandbox, which is a process of its own."""
    import mfinfra

    for module in pkgutil.walk_packages(mfinfra.__path__, "mfinfra."):
        if not module.name.startswith("mfinfra.sandbox."):
            importlib.import_module(module.name)
    gc.freeze()  # the memory that a fork looks through for garbage it takes a copy of


def _become(request: Request, files: list[int]) -> None:
    """Be the process that `request` describes."""
    os.setsid()
    if request.terminal:
        fcntl.ioctl(files[request.streams.index(request.terminal)], termios.TIOCSCTTY, 0)
    given = dict(zip(request.streams, files, strict=True))
    for number, name in enumerate(STREAMS):
        stream: Any = None
        if name in given:
            os.dup2(given[name], number)
            errors = "backslashreplace" if name == "stderr" else "strict"
            stream = open(number, "w" if number else "r", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115 - until the process ends
        else:
            os.close(number)
        setattr(sys, name, stream)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(request.environ)
    os.chdir(request.folder)
    sys.argv = ["mfinfra", *request.argv]


if __name__ == "__main__":
    from forked import main as known  # requests are pickled under the module's own name

    known(*sys.argv[1:])
