"""The way of `mfinfra apply`: what was approved, whether it still holds, and the run."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfinfra.cli import _addresses, _approval, _confirm, _run, _saved, _telling
from mfinfra.cli._run import Way
from mfinfra.cli._telling import Telling
from mfinfra.document import Reading
from mfinfra.errors import InvalidDocument, Stale, UserError
from mfinfra.planning import document, select
from mfinfra.planning.plan import Options
from mfinfra.reconcile import Reviewed
from mfinfra.render import console, inert, problems, streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says."""

    path: Path | None
    adopt: frozenset[str]
    yes: bool
    checksum: str | None
    max_age: float
    way: Way


def run(asked: Asked) -> int:
    """Apply; returns the exit code."""
    with _telling.of("apply", asked.path, json=asked.way.json, into=asked.way.json_into) as telling:
        return _run_told(asked, telling)


def _run_told(asked: Asked, telling: Telling) -> int:
    if asked.checksum is not None:
        _approval.check_checksum(asked.checksum)
    approved = _saved.chosen(asked.path, asked.max_age)
    reviewed = _of_file(asked) if approved is None else _of_plan(asked, approved)
    if _run.nothing_to_do(reviewed, telling):
        return 0
    _run.show(reviewed, asked.way.allowed)
    _run.refuse_blocked(reviewed, asked.way.allowed)
    asks = _asks(asked, approved)
    if asks and reviewed.plan.changes:
        _confirm.ask(reviewed.document["environment"], "Apply this plan to", "yes")
    binding = asks or approved is not None or asked.checksum is not None
    code = _run.carry_out(reviewed, asked.way, telling, binding=binding)
    if code == 0 and reviewed.document["metaflow_changes"]:
        console.write(problems.hint(_next(reviewed.document), 0), sys.stderr)
    return code


def _next(applied: dict[str, Any]) -> str:
    """What Metaflow's users do when its configuration has become another by an apply."""
    path = shlex.quote(inert.line(applied["source"]["path"]))
    if applied["environment"]["endpoint"] == "sandbox":
        return f"`mfinfra sandbox shell {path}` opens a shell in which flows run there"
    return f"`mfinfra config {path} --write` tells Metaflow what is new"


def _of_file(asked: Asked) -> Reviewed:
    assert asked.path is not None
    reading = _run.read(asked.path, "apply")
    options = Options(adopt=asked.adopt)
    _addresses.check(reading, options, asked.way.allowed)
    if _asks(asked, None):
        _confirm.require_person("`--yes`", json=asked.way.json)
    reviewed = _run.review(reading, options, asked.way.parallelism, writes=True)
    if asked.checksum is not None:
        _approval.of_checksum(asked.checksum, reviewed.document, work=reviewed.plan.work)
    return reviewed


def _of_plan(asked: Asked, approved: dict[str, Any]) -> Reviewed:
    """AWS read and compared again; raises `Stale` unless the plan is still what was approved."""
    _saved.refuse_planning({"--adopt": asked.adopt})
    if asked.checksum not in (None, approved["integrity"]["plan_sha256"]):
        raise UserError("`--checksum` is of another plan than this one", hint="pass the plan, or its hash alone")
    reading = _file_of(approved)
    _addresses.check(reading, Options(), asked.way.allowed)
    streams.put(
        f"applying the plan of {approved['created']}, {approved['integrity']['plan_sha256'][:12]}\n", sys.stderr
    )
    try:
        reviewed = _run.review(reading, document.options(approved), asked.way.parallelism, writes=True)
    except UserError as error:
        if error.code != select.UNFIT:
            raise
        raise Stale(f"{error.message}; {_approval.NOW}", hint="review a new plan", code="MF4207") from error
    _approval.of_plan(approved, reviewed.document, work=reviewed.plan.work)
    return reviewed


def _file_of(approved: dict[str, Any]) -> Reading:
    """The file of the plan; raises `Stale` or `Refused` unless it is as it was.

    One with problems is another than a plan was made of, and may be any file: nothing of what stands in it is shown.
    """
    path = _saved.source(approved)
    try:
        reading = _run.read(path, "apply")
    except InvalidDocument:
        raise _saved.other(approved) from None
    _saved.guard_file(approved, reading)
    return reading


def _asks(asked: Asked, approved: dict[str, Any] | None) -> bool:
    """Whether a person has to say yes: a plan, its hash or `--yes` has said it already."""
    return not (asked.yes or asked.checksum or approved is not None)
