"""Start, find and stop the sandbox: a process of the user in the background, known by a file.

The file tells a port and a nonce; that the sandbox lives is proven by asking it, so neither a process that took over
the number of a dead one nor a stranger on the port is taken for it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib.util
import json
import os
import secrets
import shlex
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from mfinfra.errors import UserError
from mfinfra.sandbox import settings
from mfinfra.sandbox.behaviour import Behaviour, asked_for

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.05
ASK_SECONDS: Final = 5.0
SILENT_POLLS: Final = 40
SHOWN: Final = 500
LONGEST: Final = 65536
HIGHEST_PORT: Final = 65535
END: Final = "`mfinfra sandbox stop` ends it"
SILENT: Final = "the machine may be busy: run the same command again; if it stays like this, end the process"

# A proxy of the environment is no way to the loopback interface.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Record:
    """What the state file tells."""

    pid: int
    port: int
    nonce: str
    version: str
    started: float
    behaviour: Behaviour = field(default_factory=Behaviour)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that answered."""

    endpoint: str
    pid: int
    port: int
    version: str
    started: float
    """Seconds since 1970."""
    log: Path
    behaviour: Behaviour = field(default_factory=Behaviour)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which any AWS client speaks to this sandbox and to nothing else."""
        return settings.client_environment(self.endpoint)


def state_dir() -> Path:
    """Where the sandbox keeps its files: `MFINFRA_SANDBOX_DIR`, else the user's state directory."""
    if chosen := os.environ.get("MFINFRA_SANDBOX_DIR"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "mfinfra"


def find() -> Sandbox | None:
    """The sandbox that is running; `None` if there is none. Raises `UserError` for one that gives no answer.

    That a machine is short of time is no reason to take all that is in a sandbox for gone, and to begin another.
    """
    record = _read_record(state_dir())
    if record is None:
        return None
    try:
        said = _ask("GET", record.port, "health")
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone, or its number is another user's
            os.kill(record.pid, 0)
            silence = f"the sandbox at http://{HOST}:{record.port} (process {record.pid}) gives no answer"
            raise UserError(silence, hint=SILENT) from None
        return None
    if said is None or said.get("nonce") != record.nonce or said.get("pid") != record.pid:
        return None
    endpoint = f"http://{HOST}:{record.port}"
    log = _log(state_dir())
    return Sandbox(endpoint, record.pid, record.port, record.version, record.started, log, record.behaviour)


def start(port: int = 0, behaviour: Behaviour | None = None) -> Sandbox:
    """Start a sandbox on `port`, or on a free one. Refused while one is running."""
    behaviour = behaviour or Behaviour()
    with _locked():
        if running := find():
            _check(running, behaviour)
            raise UserError(f"a sandbox is running already at {running.endpoint}", hint=END)
        return _start(port, behaviour)


def ensure() -> Sandbox:
    """The sandbox that is running, or a new one. Of two processes that ask at once, one starts it.

    One that behaves in another way than the environment asks for (`MFINFRA_SANDBOX_STRICT`) is refused.
    """
    asked = asked_for(os.environ)
    running = find()
    if running is None:
        with _locked():
            running = find() or _start(0, Behaviour.chosen(**asked))
    _check(running, replace(running.behaviour, **asked))
    return running


def stop() -> bool:
    """End the sandbox, and all that is in it. `False` if none was running."""
    with _locked():
        running = find()
        if running is None:
            (state_dir() / "sandbox.json").unlink(missing_ok=True)
            return False
        os.kill(running.pid, signal.SIGTERM)
        if not _ended(running):
            os.kill(running.pid, signal.SIGKILL)
            _ended(running)
        (state_dir() / "sandbox.json").unlink(missing_ok=True)
        return True


def reset() -> None:
    """Drop all that is in the sandbox; the network is there again."""
    running = find()
    try:
        done = None if running is None else _ask("POST", running.port, "reset")
    except TimeoutError:
        raise UserError("the sandbox gives no answer", hint=SILENT) from None
    if done is None:
        raise UserError("no sandbox is running", hint="`mfinfra sandbox start` starts one")


def write_record(directory: Path, record: Record) -> None:
    """Tell where the sandbox is; readable by its user only."""
    path = directory / "sandbox.json"
    fresh = path.with_suffix(f".{record.pid}")
    with os.fdopen(_opened(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
        json.dump(asdict(record), file)
    fresh.replace(path)


def _check(running: Sandbox, asked: Behaviour) -> None:
    if running.behaviour != asked:
        raise UserError(
            f"the sandbox that is running at {running.endpoint} is `{running.behaviour}`, and `{asked}` was asked for",
            hint=f"{END}, with all that is in it; the next one is as it is asked for",
        )


def _start(port: int, behaviour: Behaviour) -> Sandbox:
    if importlib.util.find_spec("moto") is None:
        # The `pip` of the shell may be another Python's.
        hint = f"{shlex.quote(sys.executable)} -m pip install 'mfinfra[sandbox]'"
        raise UserError("the sandbox is not installed", hint=hint)
    directory, nonce = state_dir(), secrets.token_hex(16)
    # The process inherits no credentials, and no endpoint or profile that could lead it elsewhere.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    # It finds the very package that starts it, wherever it is run, and keeps nobody's directory in use.
    paths = [str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    command = [sys.executable, "-P", "-m", "mfinfra.sandbox.server", "--nonce", nonce]
    command += ["--port", str(port), "--state-dir", str(directory)]
    command += ["--faults", str(behaviour.rate), "--seed", str(behaviour.seed)]
    command += ["--strict"] if behaviour.strict else []
    with os.fdopen(_opened(_log(directory), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(UserError):  # as long as it begins, it may be slow
            if (running := find()) and running.pid == process.pid:
                # It outlives us: the warning of a child that was not waited for would be wrong.
                process.returncode = 0
                return running
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    said = _log(directory).read_text(errors="replace").strip()[-SHOWN:]
    raise UserError("the sandbox did not start", hint=f"{_log(directory)} says: {said}" if said else None)


def _ended(running: Sandbox) -> bool:
    deadline, silent = time.monotonic() + STOP_SECONDS, 0
    while time.monotonic() < deadline:
        try:
            os.kill(running.pid, 0)
            os.waitpid(running.pid, os.WNOHANG)  # a child of ours that ends slowly is no dead one
        except ProcessLookupError:
            return True
        except ChildProcessError:
            # A dead child that its parent has not waited for keeps its number, and answers no more.
            with contextlib.suppress(TimeoutError):
                silent = silent + 1 if _ask("GET", running.port, "health") is None else 0
        if silent > SILENT_POLLS:
            return True
        time.sleep(POLL_SECONDS)
    return False


def _ask(method: str, port: int, route: str) -> dict[str, Any] | None:
    """What is said on `port`; `None` for what no sandbox says. Raises `TimeoutError` where nothing is said."""
    asked = urllib.request.Request(f"http://{HOST}:{port}/_mfinfra/{route}", method=method)
    try:
        with _opener.open(asked, timeout=ASK_SECONDS) as answer:
            said = json.loads(answer.read(LONGEST))
    except (OSError, ValueError, RecursionError, HTTPException) as error:
        if "timed out" in str(error):  # to connect or to answer
            raise TimeoutError from None
        return None
    return said if isinstance(said, dict) else None


def _read_record(directory: Path) -> Record | None:
    try:
        with os.fdopen(_opened(directory / "sandbox.json", os.O_RDONLY)) as file:
            said = json.loads(file.read(LONGEST))
        record = Record(
            int(said["pid"]),
            int(said["port"]),
            str(said["nonce"]),
            str(said["version"]),
            float(said["started"]),
            Behaviour.read(said.get("behaviour", {})),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    # A signal to 0 or to a number below would go to every process of the user.
    return record if record.pid > 0 and 0 < record.port <= HIGHEST_PORT else None


def _opened(path: Path, flags: int) -> int:
    """A file of the user's own, readable by nobody else; raises `OSError` for a link and for what is no file.

    Through a link somebody else's file would be emptied, a pipe would wait for ever, and a record by another user could
    lead a client to any port and a signal to any process.
    """
    descriptor = os.open(path, flags & ~os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "not a regular file of this user", str(path))
    if flags & os.O_TRUNC:
        os.ftruncate(descriptor, 0)
    return descriptor


def _log(directory: Path) -> Path:
    return directory / "sandbox.log"


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One process at a time starts or stops; the lock goes with the process that holds it."""
    directory = state_dir()
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        said = f"`{directory}` is not a folder"
        raise UserError(said, hint="the sandbox keeps its files where `MFINFRA_SANDBOX_DIR` says") from error
    descriptor = _opened(directory / "sandbox.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
