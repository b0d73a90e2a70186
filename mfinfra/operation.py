"""An apply, a destroy or the giving up of resources, from what was approved to its receipt.

The lock is taken, AWS is read and compared again under it, and only what was approved is carried out. On a first apply
the bucket that holds the lock is made before it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mfinfra import history, lock, preflight, reconcile, records, saved
from mfinfra.apply import Run
from mfinfra.errors import Incomplete, MfinfraError, Refused, Stale, UserError
from mfinfra.grants import needed
from mfinfra.model import Action, Address, Event, Failed, Skipped
from mfinfra.planning import disruption, staleness
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Plan, make

REMEMBERED = 100
"""How many receipts are looked through for a plan that was carried out before."""
NO_LOCK = "no lock, as `--no-lock` wants it: nothing else may write to this environment meanwhile"
GONE = "no lock: the bucket that it was in is destroyed already"
NO_PLACE = "no lock and no receipt: the file names no bucket to keep them in (`lock:`)"


@dataclass(frozen=True, slots=True)
class Locking:
    """How the lock is taken: `expiry` and `timeout` in seconds; `wanted` is false for a run without any."""

    wanted: bool = True
    expiry: float = 300.0
    timeout: float = 0.0


def _nobody(said: str) -> None:
    """Tell nobody."""


def _unheard(reviewed: reconcile.Reviewed) -> None:
    """Show nobody."""


@dataclass(slots=True)
class Operation:
    """One run over a reviewed plan. `events()` is consumed once; `stop()` begins nothing new.

    `tell` is told what is no event: that a lock was taken over, that there is none; `waits` whom the run waits for.
    `preflight`: IAM is asked before the first write whether it allows all of them, but in a sandbox, where nobody's
    policies count. Receipts that the bucket does not take go into `folder`. Where nobody has approved this very plan
    (`binding` is false), what AWS asks for once the lock is held is carried out, and `replanned` hears of it first.
    """

    reviewed: reconcile.Reviewed
    allowed: Allowed = field(default_factory=Allowed)
    locking: Locking = field(default_factory=Locking)
    name: str = "apply"
    tell: Callable[[str], None] = _nobody
    waits: Callable[[str], None] = _nobody
    folder: Path = saved.FOLDER
    binding: bool = True
    replanned: Callable[[reconcile.Reviewed], None] = _unheard
    preflight: bool = True
    _before: list[Event] = field(default_factory=list)

    def stop(self) -> None:
        """End every pause and begin no further step."""
        self.reviewed.aws.clock.stopped.set()

    def events(self) -> Iterator[Event]:
        """Carry the plan out; raises `Refused`, `Locked` or `Stale` while nothing was changed."""
        reviewed = self.reviewed
        run = reviewed.apply(self.allowed)
        self._ask_iam()
        place = standing(records.place(reviewed.reading.environment), reviewed.plan)
        if place is None:
            if reviewed.plan.options.replace:
                raise Refused(
                    "a plan with `--replace` takes a place for its receipt: nothing else shows that it was carried out",
                    hint="name a bucket as `lock:`",
                    code="MF4210",
                )
            self.tell(NO_PLACE)
            yield from run.events()
            return
        if gone(reviewed.plan, place.address):
            yield from self._remaining(run)
            return
        first = bucket_first(reviewed.plan, place.address)
        self._refuse_twice(place)
        if first is None:
            yield from self._locked(place, None)
        elif (yield from self._made(first)):
            try:
                yield from self._locked(place, first)
            except MfinfraError as error:  # whatever refuses here does so before the next write
                yield from self._left(first, str(error))
                hint = "; ".join(filter(None, ("the bucket for the lock was made, nothing else", error.hint)))
                raise Incomplete(str(error), hint=hint, code=error.code) from error

    def _ask_iam(self) -> None:
        """Raise `Refused` where IAM says that it would deny a write of this plan."""
        aws = self.reviewed.aws
        if self.preflight and not aws.sandbox and self.reviewed.plan.work:
            statements = needed.to_write(self.reviewed.reading.environment, self.reviewed.document)
            found = preflight.check(aws, statements)
            if found.unsure:
                self.tell(f"the permissions were not all checked beforehand: {found.unsure}")
            preflight.refuse(found, aws.caller)

    def _locked(self, place: records.Place, first: Plan | None) -> Iterator[Event]:
        reviewed = self.reviewed
        if not self.locking.wanted:
            self.tell(NO_LOCK)
            yield from self._recorded(self._again(first), place, None)
            return
        with lock.held(
            reviewed.aws,
            place,
            lock.Request(self.name, reviewed.document["integrity"]["plan_sha256"], reviewed.document["source"]["path"]),
            expiry=self.locking.expiry,
            timeout=self.locking.timeout,
            tell=self.tell,
            waits=self.waits,
            fresh=first is not None,
        ) as held:
            held.stop = self.stop
            again = self._again(first)
            held.leaving = leaves(again.plan, place.address)
            yield from self._recorded(again, place, held)

    def _remaining(self, run: Run) -> Iterator[Event]:
        """Carry out what is left without the bucket: nothing can be written where it was."""
        self.tell(GONE)
        earlier = self.reviewed.seen.applies.made
        recorder = history.Recorder.of(self.reviewed.document, self.name, run.run_id, locked=False, earlier=earlier)
        try:
            for event in run.events():
                recorder.take(event)
                yield event
        finally:
            stopped = self.reviewed.aws.clock.stopped.is_set()
            self._keep(recorder.finish(interrupted=stopped), "the receipt of this run")

    def _made(self, first: Plan) -> Generator[Event, None, bool]:
        """Make what the lock needs; where that fails, the rest is skipped."""
        for event in Run(self.reviewed.aws, first.lifted(self.allowed)).events():
            self._before.append(event)
            yield event
        if not any(isinstance(event, Failed | Skipped) for event in self._before):
            return True
        yield from self._left(first, "the bucket for the lock was not made")
        return False

    def _left(self, first: Plan, because: str) -> Iterator[Event]:
        """Say of everything beyond `first` that it is skipped."""
        begun = {step.address for step in first.steps}
        for step in self.reviewed.plan.steps:
            if step.address not in begun and step.action is not Action.NOOP:
                yield Skipped(step.address, step.action, because)

    def _again(self, first: Plan | None) -> reconcile.Reviewed:
        """AWS read and compared again; raises `Stale` where something was approved and the plan is another one now."""
        old = self.reviewed
        new = reconcile.compare(old.aws, old.reading, old.plan.options)
        begun = frozenset(str(step.address) for step in first.steps) if first else frozenset()
        approved = old.document if first is None else _as_made(old, new, first)
        found = staleness.differences(approved, new.document, begun)
        if not found:
            return new
        if not self.binding:
            self.replanned(new)
            self.reviewed = new
            return new
        named = ", ".join(dict.fromkeys(f"`{one.address or one.subject}`" for one in found))
        said = f"AWS changed while this plan was being approved: {named}"
        raise Stale(said if first else f"{said}; nothing was changed", hint="plan again", code="MF4207")

    def _refuse_twice(self, place: records.Place) -> None:
        """Raise `Stale` if this very plan was carried out before and the world does not show it.

        What is made anew for its own sake looks as it did before: only the receipts tell that it was done.
        """
        reviewed = self.reviewed
        if not reviewed.plan.options.replace:
            return
        approved = reviewed.document["integrity"]["plan_sha256"]
        for receipt in history.newest(reviewed.aws, place, REMEMBERED):
            if receipt.get("plan_sha256") == approved:
                raise Stale(
                    f"this plan was begun at {receipt['began']} already; nothing was changed",
                    hint="what `--replace` makes anew is made anew once for each plan; plan again to do it again",
                    code="MF4208",
                )

    def _recorded(self, again: reconcile.Reviewed, place: records.Place, held: lock.Held | None) -> Iterator[Event]:
        """Carry out, with a receipt from the first moment to the last."""
        self._refuse_twice(place)
        run = again.apply(self.allowed)
        id_ = held.id if held else run.run_id
        recorder = history.Recorder.of(
            self.reviewed.document, self.name, id_, locked=held is not None, earlier=again.seen.applies.made
        )
        recorder.begin(again.aws, place)
        for event in self._before:
            recorder.take(event)
        try:
            for event in run.events():
                recorder.take(event)
                yield event
        finally:
            stopped, lost = again.aws.clock.stopped.is_set(), held is not None and held.lost is not None
            leaving = leaves(again.plan, place.address)
            tell = _nobody if leaving else self.tell
            if not recorder.end(again.aws, place, interrupted=stopped, lost=lost, tell=tell):
                self._keep(recorder.receipt, "the receipts went with their bucket; this run's" if leaving else "it")

    def _keep(self, receipt: history.Receipt, what: str) -> None:
        try:
            saved.prepare(self.folder)
            self.tell(f"{what} is in `{history.keep(receipt, self.folder)}`")
        except UserError as error:  # what was done is told all the same
            self.tell(str(error))


def _as_made(old: reconcile.Reviewed, new: reconcile.Reviewed, first: Plan) -> dict[str, Any]:
    """The document of what was reviewed, now that `first` of it stands: the ids that AWS has invented are known."""
    made = {step.address: new.plan.survey.observed.get(step.address) for step in first.steps}
    survey = replace(old.plan.survey, observed={**old.plan.survey.observed, **made})
    whole = make(old.plan.environment, survey, old.plan.options)
    work = {one.step.address: one.work for one in old.plan.planned if one.work is not None}
    return old.seen.document_of(disruption.weighed(whole, work))


def bucket_first(plan: Plan, bucket: Address | None) -> Plan | None:
    """The part of the plan that makes the bucket for the lock; `None` where it stands already, or is not the file's."""
    there = {planned.step.address: planned for planned in plan.planned}
    planned = there.get(bucket) if bucket else None
    if bucket is None or planned is None or planned.step.action is not Action.CREATE:
        return None
    needed, pending = set(), [bucket]
    while pending:
        address = pending.pop()
        if address in there and address not in needed:
            needed.add(address)
            pending += there[address].resource.depends_on
    return replace(plan, planned=tuple(item for item in plan.planned if item.step.address in needed), guards=())


def standing(place: records.Place | None, plan: Plan) -> records.Place | None:
    """The place as it is now: where the plan moves to another bucket, others still look into the old one."""
    if place is None:
        return None
    for planned in plan.planned:
        if planned.step.address == place.address and planned.retired is not None:
            return replace(place, bucket=planned.retired.observed.spec["name"])
    return place


def leaves(plan: Plan, bucket: Address | None) -> bool:
    """Whether the plan deletes the bucket that the lock is in."""
    return any(step.address == bucket and step.action in {Action.DELETE, Action.REPLACE} for step in plan.steps)


def gone(plan: Plan, bucket: Address | None) -> bool:
    """Whether the bucket is not there, and nothing in the plan makes it: an earlier destroy took it, or somebody."""
    seen = plan.survey.observed
    makes_none = plan.options.destroy or bool(plan.options.forget)
    return makes_none and bucket is not None and bucket in seen and seen[bucket] is None
