"""The way of `mfinfra destroy`: the environment's own name is the confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mfinfra.cli import _addresses, _confirm, _run, _telling
from mfinfra.cli._run import Way
from mfinfra.cli._telling import Telling
from mfinfra.errors import UserError
from mfinfra.planning.plan import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says."""

    file: Path
    confirm: str | None
    yes: bool
    way: Way


def run(asked: Asked) -> int:
    """Destroy; returns the exit code."""
    with _telling.of("destroy", asked.file, json=asked.way.json, into=asked.way.json_into) as telling:
        return _run_told(asked, telling)


def _run_told(asked: Asked, telling: Telling) -> int:
    reading = _run.read(asked.file, "destroy")
    options = Options(destroy=True)
    _addresses.check(reading, options, asked.way.allowed)
    name = reading.environment.scope.environment
    if asked.confirm not in (None, name):
        raise UserError(f"`--confirm {asked.confirm}` is not this environment's name", hint=f"the file is of `{name}`")
    asks = asked.confirm is None and not asked.yes
    if asks:
        _confirm.require_person(f"`--confirm {name}` or `--yes`", json=asked.way.json)
    reviewed = _run.review(reading, options, asked.way.parallelism, writes=True)
    if _run.nothing_to_do(reviewed, telling):
        return 0
    _run.show(reviewed, asked.way.allowed)
    _run.refuse_blocked(reviewed, asked.way.allowed)
    if asks:
        _confirm.ask(reviewed.document["environment"], "Destroy all of", name)
    return _run.carry_out(reviewed, asked.way, telling, binding=asks)
