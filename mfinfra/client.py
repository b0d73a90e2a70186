"""Runs programs for checks, first of all Metaflow's client: with a way into AWS, and nothing else of the user's."""

from __future__ import annotations

import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mfinfra.aws import sanitise
from mfinfra.aws.session import Aws
from mfinfra.errors import UserError
from mfinfra.metaflow.verify import Client
from mfinfra.model import Command, Document

POLL = 0.1  # seconds
GRACE = 5.0  # seconds that a program has to end
PATIENCE = 30.0  # seconds that a Python has to tell what is installed
# How AWS is reached through whatever network there is, and what a program cannot start without.
PASSED = (
    "PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
# The Python itself too: what is on a path may be a script that finds it in the user's home.
VERSION = "import sys, importlib.metadata as found; print(found.version('metaflow')); print(sys.executable)"


def find(python: str | None = None, environ: Mapping[str, str] = os.environ) -> Client | None:
    """The first Python that has Metaflow: `python`, that of the `metaflow` on the path, the path's own, ours.

    Raises `UserError` if `python` is given and has none.
    """
    for path in [python] if python else _candidates(environ):
        found = _client(path)
        if found:
            return found
    if python:
        raise UserError(
            f"`{python}` has no Metaflow", hint=f"`{python} -m pip install metaflow` installs it", code="MF5180"
        )
    return None


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    script = shutil.which("metaflow", path=environ.get("PATH"))
    seen = set[str]()
    beside = [str(Path(script).resolve().with_name(name)) for name in ("python3", "python")] if script else []
    found = [shutil.which(name, path=environ.get("PATH")) for name in ("python3", "python")]
    for path in (*beside, *found, sys.executable):
        if path and path not in seen and Path(path).exists():
            seen.add(path)
            yield path


def _client(python: str) -> Client | None:
    """The Python behind a path, with its Metaflow; `None` if it has none, or is no Python."""
    try:
        done = subprocess.run(  # noqa: S603 - a Python that the user has, or named
            [python, "-c", VERSION],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, _, executable = done.stdout.strip().partition("\n")
    return Client(executable, sanitise.text(version)) if done.returncode == 0 and executable else None


def environment(aws: Aws, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables by which a program reaches the account that `aws` reaches, with the same credentials."""
    keys = aws.session.get_credentials().get_frozen_credentials()
    found = {name: environ[name] for name in PASSED if environ.get(name)}
    return {
        **found,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        **({"AWS_SESSION_TOKEN": keys.token} if keys.token else {}),
        "AWS_DEFAULT_REGION": aws.scope.region,
        "AWS_REGION": aws.scope.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONUSERBASE": environ.get("PYTHONUSERBASE") or site.getuserbase(),
        **({"AWS_ENDPOINT_URL": aws.endpoint} if aws.endpoint else {}),
    }


class Runner:
    """Runs commands one by one or side by side, each in a new folder that is gone afterwards."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def __call__(self, command: Command, stopped: threading.Event) -> Document:
        """Run `command` to its end, its limit, or until the run is stopped."""
        with tempfile.TemporaryDirectory(prefix="mfinfra-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            for file, text in command.files.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(text, "utf-8")
            own = {key: value.replace("{folder}", name) for key, value in command.environment.items()}
            variables = {**environment(self.aws), "HOME": name, "PYTHONDONTWRITEBYTECODE": "1", **own}
            return _run(command, name, variables, stopped)


def _run(command: Command, folder: str, variables: Mapping[str, str], stopped: threading.Event) -> Document:
    try:
        process = _started(command.arguments, folder, variables)
    except OSError as error:
        said = f"`{command.arguments[0]}` cannot be run: {(error.strerror or str(error)).lower()}"
        raise UserError(said, hint="name a Python with `--python`", code="MF5180") from error
    until, ended = time.monotonic() + command.limit, False
    while True:
        try:
            out, err = process.communicate(timeout=POLL)
        except subprocess.TimeoutExpired:
            if time.monotonic() < until and (command.finishes or not stopped.is_set()):
                continue
            ended = True
            out, err = _ended(process)
        return {
            "code": None if ended else process.returncode,
            "stdout": sanitise.redacted(sanitise.text(out)),
            "stderr": sanitise.redacted(sanitise.text(err)),
        }


def _started(arguments: Sequence[str], folder: str, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    """In a session of its own: Ctrl-C is for us alone, and all that it starts can be ended together."""
    return subprocess.Popen(  # noqa: S603 - what a check of ours wrote
        arguments,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def _ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """End a program and all that it started: politely first, and whoever stays is not asked twice."""
    said = "", ""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            said = process.communicate(timeout=GRACE)
    process.wait()
    return said
