"""`mfinfra sandbox shell`: the sandbox made ready for one environment, and a process put into it."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.text import Text

from mfinfra import configure, desired, operation, profile, reconcile
from mfinfra.cli import _failure, _saved
from mfinfra.document import Reading
from mfinfra.errors import Problem, UserError
from mfinfra.metaflow import configuration, configuration_warnings
from mfinfra.model import Action, Environment, Failed
from mfinfra.planning.plan import Plan
from mfinfra.plural import counted
from mfinfra.render import console, inert, problems, progress, streams
from mfinfra.sandbox import lifecycle, shell
from mfinfra.sandbox.shell import Python

HERE = Path("environments/sandbox.yaml")
FOLDER = "metaflow"
"""In the sandbox's own folder: profiles of Metaflow, and its production tokens."""
NOT_FOUND = 127
"""What every shell ends with for a command that is not there."""
PYTHON = "MFINFRA_SANDBOX_PYTHON"


def run(file: Path | None, words: tuple[str, ...]) -> int:
    """Become the user's shell, or the command of `words`; returns only where neither can be started."""
    if not (words or sys.stdin.isatty()):
        raise UserError(
            "there is no terminal to open a shell on",
            hint="`mfinfra sandbox shell -- COMMAND` runs a command; `-- sh SCRIPT` a script",
            code="MF5043",
        )
    reading = _read(file)
    environ, found, ahead = _python(os.environ)
    if PYTHON not in os.environ and found is not None and found.metaflow:
        os.environ[PYTHON] = found.path  # a sandbox that is started now runs its jobs in the same one
    endpoint = _ready(reading)
    environment = reading.environment
    name, home = str(environment.metaflow.get("profile", "")), _folder()
    region = environment.scope.region
    environ = shell.variables(environ, shell.Place(endpoint, region, home, name, _user()))
    warnings = _write(environment, environ, name)
    for one in warnings:
        console.write(problems.problem(one), sys.stderr)
    _tell(reading, endpoint, found)
    if words:
        return _become(words, environ)
    chosen = os.environ.get("SHELL") or "/bin/sh"
    streams.put("  leave it with `exit`\n", sys.stderr)
    argv, environ = shell.interactive(chosen, environ, home, ahead)
    return _become(tuple(argv), environ)


def _read(file: Path | None) -> Reading:
    """The environment file: the one that is named, that of this folder, or the one that is shipped."""
    path = file or (HERE if HERE.is_file() else shell.example())
    _saved.refuse(path, "sandbox shell")
    reading = desired.read(path)
    if reading.environment.access.endpoint != "sandbox":
        raise UserError(
            f"`{path}` does not lead to the sandbox",
            hint="a file with `aws: {endpoint: sandbox}` does",
            code="MF5041",
        )
    if not reading.environment.metaflow:
        raise UserError(f"`{path}` has no `metaflow` block, from which the configuration follows", code="MF5014")
    return reading


def _python(environ: Mapping[str, str]) -> tuple[dict[str, str], Python | None, str]:
    """The variables with which `python` has Metaflow, if it can be had: that of the shell, else mfinfra's own.

    The third is the folder that this puts before all others.
    """
    found = shell.python(environ)
    if found is not None and found.metaflow:
        return dict(environ), found, ""
    own = shell.own_python(environ)
    folder = str(Path(sys.executable).parent)
    if own.metaflow and (Path(folder) / "python").exists():
        return shell.before(folder, environ), own, folder
    return dict(environ), found, ""


def _ready(reading: Reading) -> str:
    """Start the sandbox if none runs, and apply the file where nothing of it is there; returns the endpoint."""
    with progress.doing("starting the sandbox", sys.stderr):
        endpoint = lifecycle.ensure().endpoint
    with progress.doing("looking into the sandbox", sys.stderr):
        reviewed = reconcile.review(reading, writes=True)
    plan, path = reviewed.plan, inert.line(reading.environment.source.path)
    if not plan.changes:
        return endpoint
    if not _fresh(plan):
        count = sum(step.action is not Action.NOOP for step in plan.steps)
        said = f"the sandbox differs from `{path}` in {counted(count, 'resource')}"
        console.write(problems.warning(said, f"`mfinfra apply {path}` makes it so, in the shell too"), sys.stderr)
        return endpoint
    made = operation.Operation(reviewed, binding=False)
    with progress.doing(f"applying {path} to the sandbox, where nothing of it is yet", sys.stderr):
        failed = [event for event in made.events() if isinstance(event, Failed)]
    if failed:
        said = f"`{path}` could not be applied: `{failed[0].address}`: {problems.message(failed[0].error)}"
        raise UserError(said, hint=f"`mfinfra apply {path}` tells more", code="MF5042")
    streams.put(f"applied {path}: {counted(len(plan.steps), 'resource')}\n", sys.stderr)
    return endpoint


def _fresh(plan: Plan) -> bool:
    """Whether nothing of the environment is there, so that an apply changes nothing of anybody's."""
    return not plan.blocks and all(step.action is Action.CREATE for step in plan.steps)


def _folder() -> Path:
    folder = lifecycle.state_dir() / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write(environment: Environment, environ: Mapping[str, str], name: str) -> list[Problem]:
    """Write the profile; returns what makes Metaflow read something else here.

    The metadata service stays out of it, and so does every secret: neither is in the sandbox.
    """
    produced, kinds = configure.without_service(configure.produce(environment)), configure.kinds()
    live = profile.read(profile.path(name, environ))
    rows = configuration.compare(produced, live.values, kinds, prune=True)
    if any(row.writes for row in rows):
        profile.write(live, configuration.document(configuration.merged(live.values, rows, produced.values)))
    project = profile.project(Path.cwd())
    where, values = (str(project[0]), project[1]) if project else ("", {})
    around = configuration_warnings.Surroundings(environ, name, str(live.path), live.values, where, values)
    return configuration_warnings.of_project(environment, produced, around, kinds)


def _tell(reading: Reading, endpoint: str, found: Python | None) -> None:
    """Where one is, and with which Metaflow."""
    if found is None or found.metaflow is None:
        path = found.path if found else "python3"
        said = f"`{path}` has no Metaflow" if found else "there is no `python` in this shell"
        hint = f"{path} -m pip install metaflow boto3"
        console.write(problems.problem(Problem(said, hint=hint, code="MF5040", severity="warning")), sys.stderr)
        with_ = "without Metaflow"
    else:
        with_ = f"Metaflow {inert.line(found.metaflow)} of {inert.line(found.path)}"
    path = inert.line(reading.environment.source.path)
    console.write([Text(f"the sandbox at {endpoint}, as {path} has it; {with_}")], sys.stderr)


def _become(words: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """Put the command in the place of this process, so that its exit code and its terminal are its own."""
    program = shell.command(words, environ)
    if program is None:
        _failure.report(UserError(f"there is no command `{words[0]}`", hint="what stands behind `--` is run"))
        return NOT_FOUND
    for stream in (sys.stdout, sys.stderr):
        streams.put("", stream)
    try:
        os.execve(program, list(words), dict(environ))  # noqa: S606 - the command of the user
    except OSError as error:
        raise UserError(f"`{program}` cannot be run: {(error.strerror or '').lower()}") from error


def _user() -> str:
    """Who runs flows; Metaflow takes no `root` (`get_username()` in its `util.py`, 2.19.39)."""
    try:
        found = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        found = "root"
    return "sandbox" if found == "root" else found
