"""The whole way, for programs and for the command line: file → plan → apply."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfinfra import desired, history, observe, provenance, receipts, records
from mfinfra.apply import Run, refuse_blocked
from mfinfra.aws import session
from mfinfra.document import Reading
from mfinfra.errors import AwsError, Problem
from mfinfra.planning import disruption, document, forgetting
from mfinfra.planning.drift import Applies
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options, Plan, make

REMEMBERED = 100
"""How many receipts are looked through for what was forgotten before."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known beside the plan: where the run comes from, what earlier applies left, what could not be read."""

    origin: document.Provenance
    applies: Applies
    warnings: tuple[Problem, ...] = ()

    def document_of(self, plan: Plan) -> dict[str, Any]:
        """The plan's document."""
        return document.of(plan, self.origin, self.warnings, self.applies)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan, its document, and the way into AWS over which it was made."""

    aws: session.Aws
    reading: Reading
    plan: Plan
    seen: Seen
    document: dict[str, Any]

    def shown(self, allowed: Allowed) -> dict[str, Any]:
        """The document for a person who has lifted guards: what is `allowed` blocks nothing any more."""
        lifted = self.plan.lifted(allowed)
        return self.document if lifted.blocks == self.plan.blocks else self.seen.document_of(lifted)

    def apply(self, allowed: Allowed | None = None) -> Run:
        """The run that carries this plan out; raises `Refused` while a guard that is not `allowed` blocks it."""
        session.guard_endpoints(self.reading.environment.access)
        session.guard_destination(self.aws)
        lifted = self.plan.lifted(allowed or Allowed())
        refuse_blocked(lifted)
        return Run(self.aws, lifted)


def plan(path: str | Path, options: Options | None = None, *, parallelism: int = 16) -> Reviewed:
    """Read the file, observe AWS and compare; writes nothing."""
    return review(desired.read(path), options, parallelism=parallelism)


def review(
    reading: Reading, options: Options | None = None, *, parallelism: int = 16, writes: bool = False
) -> Reviewed:
    """Observe AWS and compare it with a file that was read already; writes nothing.

    `writes`: the plan is going to be carried out, so that a strange destination is refused before anything is read.
    """
    environment = reading.environment
    aws = session.connect(environment.access, environment.scope, parallelism=parallelism, writes=writes)
    return compare(aws, reading, options)


def compare(aws: session.Aws, reading: Reading, options: Options | None = None) -> Reviewed:
    """The same over a connection that stands."""
    survey = observe.survey(aws, reading.environment)
    made = make(reading.environment, survey, options, _given_up(aws, reading, survey, options))
    made = disruption.weighed(made, observe.work(aws, disruption.questions(made)))
    applies, unread = _applies(aws, made)
    origin = provenance.of(aws, reading.environment.source)
    seen = Seen(origin, applies, (*reading.warnings, *reading.suppressed, *unread))
    return Reviewed(aws, reading, made, seen, seen.document_of(made))


def _given_up(aws: session.Aws, reading: Reading, survey: observe.Survey, options: Options | None) -> frozenset[str]:
    """Of the addresses to forget that nothing else tells, those that the receipts say were forgotten before."""
    place = records.place(reading.environment)
    unknown = forgetting.unknown(reading.environment, survey, options.forget) if options and options.forget else ()
    if place is None or not unknown:
        return frozenset()
    return receipts.forgotten(history.newest(aws, place, REMEMBERED), unknown)


def _applies(aws: session.Aws, made: Plan) -> tuple[Applies, tuple[Problem, ...]]:
    """What the receipts say of earlier applies, where there is a change to explain and a bucket that may hold them."""
    place = records.place(made.environment)
    found = made.survey.observed.get(place.address) if place and place.address else None
    absent = place is not None and place.address is not None and found is None
    if place is None or absent or not made.changes:
        return Applies(), ()
    try:
        return history.last(aws, place), ()
    except AwsError as error:
        said = f"the receipts of earlier applies cannot be read, so who deleted what is not known: {error}"
        return Applies(), (Problem(said, code="MF2401", severity="warning", hint=error.hint),)
