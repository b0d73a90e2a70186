"""The way of `mfinfra forget`: what is given up is shown, confirmed and carried out like any plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mfinfra.cli import _addresses, _confirm, _run, _telling
from mfinfra.cli._run import Way
from mfinfra.cli._telling import Telling
from mfinfra.planning.plan import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says; `chosen` are addresses, or `all`."""

    file: Path
    chosen: frozenset[str]
    yes: bool
    way: Way


def run(asked: Asked) -> int:
    """Forget; returns the exit code."""
    with _telling.of("forget", asked.file, json=asked.way.json, into=asked.way.json_into) as telling:
        return _run_told(asked, telling)


def _run_told(asked: Asked, telling: Telling) -> int:
    reading = _run.read(asked.file, "forget")
    if not asked.yes:
        _confirm.require_person("`--yes`", json=asked.way.json)
    options = Options(forget=asked.chosen)
    _addresses.check(reading, options)
    reviewed = _run.review(reading, options, asked.way.parallelism, writes=True)
    if _run.nothing_to_do(reviewed, telling):
        return 0
    _run.show(reviewed, asked.way.allowed)
    _run.refuse_blocked(reviewed, asked.way.allowed)
    if not asked.yes:
        _confirm.ask(reviewed.document["environment"], "Give this up in", "yes")
    return _run.carry_out(reviewed, asked.way, telling, binding=not asked.yes)
