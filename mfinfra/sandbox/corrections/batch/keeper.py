"""Runs one command in a session of its own, and ends it with whoever holds the other end of standard input.

`python -I -S keeper.py FOLDER COMMAND …`, in FOLDER. A `T` on standard input ends the command softly, its end at once:
so nothing goes on where the sandbox was killed. When the command has ended, all that it has started ends too, as in a
container, and FOLDER is removed; on Linux also what has left the session. The exit code is the command's, or 128 and
the number of the signal that ended it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

REMOVALS: Final = 50
PAUSE: Final = 0.02
BY_SIGNAL: Final = 128
CHILD_SUBREAPER: Final = 36
"""`PR_SET_CHILD_SUBREAPER`: what loses its parent becomes a child of this process, wherever it has gone."""
PARENT: Final = 1
"""Where the parent stands in `/proc/PID/stat`, after the name."""


def main(folder: str, command: list[str]) -> int:
    """Run the command to its end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  the user's job
    Thread(target=_obey, args=(child.pid,), daemon=True).start()
    if hasattr(os, "waitid"):  # macOS has none
        # Not reaped yet, so that its number is nobody else's when the rest of its session is ended.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    else:
        child.wait()
    _signal(child.pid, signal.SIGKILL)
    code = child.wait()
    _end_the_rest()
    _remove(Path(folder))
    return code if code >= 0 else BY_SIGNAL - code


def _obey(session: int) -> None:
    while os.read(0, 1):
        _signal(session, signal.SIGTERM)
    _signal(session, signal.SIGKILL)


def _signal(session: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # gone; macOS says the latter of those that are not reaped
        os.killpg(session, number)


def _end_the_rest() -> None:
    """End what has left the session, generation after generation."""
    while rest := _children():
        for pid in rest:
            os.kill(pid, signal.SIGKILL)
        for pid in rest:
            os.waitpid(pid, 0)


def _children() -> list[int]:
    """The children of this process, dead ones among them; none where there is no `/proc`."""
    mine, found = str(os.getpid()), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            told = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            found += [int(process.name)] if told[PARENT] == mine else []
    return found


def _remove(folder: Path) -> None:
    """Remove the folder, in which what was killed may still write for a moment."""
    os.chdir("/")
    for _ in range(REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(PAUSE)
    sys.stderr.write(f"{folder} is left\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
