"""Where a run is running: the machine and the process, and whether such a process is there still.

A number of a process means something on one boot of one machine, and inside one namespace of numbers: two containers
of one machine both have a process 7.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
STATE, STARTED = 0, 19
"""Places in `/proc/PID/stat` behind the name of the program, which may hold spaces and brackets (proc_pid_stat(5))."""
DEAD = frozenset({"Z", "X", "x"})
SECONDS = 5


@dataclass(frozen=True, slots=True)
class Process:
    """A process and where it runs; what is not known is `None`. `started` tells it from a later one of its number."""

    host: str
    pid: int
    boot: str | None = None
    started: str | None = None
    namespace: str | None = None


def this() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(socket.gethostname(), pid, _boot(), _alive_since(pid), _namespace())


def gone(process: Process) -> bool:
    """Whether `process` ran where we run, and has ended; false where anything about it is not known for sure."""
    here = this()
    known = None not in (process.boot, process.started, process.namespace)
    same = (process.host, process.boot, process.namespace) == (here.host, here.boot, here.namespace)
    if not (known and same and process.pid > 0):
        return False
    try:
        os.kill(process.pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass  # somebody else's process, and there
    since = _alive_since(process.pid)
    return since is not None and since != process.started


def user() -> str:
    """`name@host` of who runs this."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def run_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """The page of the CI run that this is: GitHub's, GitLab's or Jenkins's."""
    parts = [environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    if all(parts):
        return "{}/{}/actions/runs/{}".format(*parts)
    return environ.get("CI_JOB_URL") or environ.get("BUILD_URL") or None


@cache
def _boot() -> str | None:
    if sys.platform == "darwin":
        return _said("sysctl", "-n", "kern.boottime")
    return _text(PROC / "sys/kernel/random/boot_id")


def _namespace() -> str | None:
    if sys.platform == "darwin":
        return "none"  # macOS has one namespace of processes
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return None


def _alive_since(pid: int) -> str | None:
    """What tells this process from others of its number: `""` for one that has ended, `None` where nothing is known."""
    if sys.platform == "darwin":
        return _said("ps", "-o", "lstart=", "-p", str(pid))
    fields = re.sub(r"^.*\)", "", _text(PROC / str(pid) / "stat") or "", flags=re.DOTALL).split()
    if len(fields) <= STARTED:
        return None
    return "" if fields[STATE] in DEAD else fields[STARTED]


def _text(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace").strip() or None
    except OSError:
        return None


def _said(*command: str) -> str | None:
    """What a command of the system prints, `None` where it fails; in one form, whoever runs it."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands and a number, no shell
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
