"""One step's effects, in order: calls with their references filled, waits with their reasons, loops until empty."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

from mfinfra.aws import linked, reasons
from mfinfra.aws.retry import Patience
from mfinfra.aws.session import Aws
from mfinfra.errors import AwsError, UserError
from mfinfra.model import (
    RUN,
    Address,
    Call,
    Called,
    Document,
    Drain,
    Effects,
    Event,
    Outputs,
    Ref,
    Settle,
    Waiting,
    fill,
)

FIRST_PAUSE = 1.0
GROWTH = 1.3
DRAIN_LIMIT = 10_000
ROLE = "role"
FLICKERS = 10  # how often what was there may not be shown: reads come from servers that lag


@dataclass(slots=True)
class Carrier:
    """Carries out the effects of the step at `address`; `tell` is told what happens, `outputs` holds what is known.

    `needs` is all that the resource depends on. `written` are the addresses that this run has written to, shared by all
    its carriers, `young` those of roles that were made just before it. `reached` counts the effects that are done.
    """

    aws: Aws
    address: Address
    tell: Callable[[Event], None]
    outputs: dict[Address, Outputs]
    run_id: str = field(default_factory=lambda: secrets.token_hex(8))
    needs: frozenset[Address] = frozenset()
    written: set[Address] = field(default_factory=set)
    young: frozenset[Address] = frozenset()
    reached: int = 0

    def run(self, effects: Effects) -> None:
        """Carry out `effects` in order; the first failure ends it."""
        for number, effect in enumerate(effects):
            self.reached = number
            match effect:
                case Call():
                    self.call(effect)
                case Settle():
                    self.settle(effect)
                case Drain():
                    self.drain(effect)

    def call(self, call: Call) -> None:
        """Make a writing call, and keep what its answer yields."""
        ready = call.with_params(self._filled(call.params))
        answer = self.aws.write(ready, lambda why, seconds: self.tell(Waiting(self.address, why, seconds)), self._fresh)
        self.written.add(self.address)
        self.tell(Called(self.address, ready, answer.request_id))
        found = {name: jmespath.search(path, answer.document or {}) for name, path in call.yields.items()}
        if found:
            self.outputs[self.address] = {**self.outputs.get(self.address, {}), **found}

    def settle(self, settle: Settle) -> None:
        """Ask until the status is ready; raises `UserError` with AWS's reason for a bad one or when time is up."""
        question = settle.question.with_params(self._filled(settle.question.params))
        began = self.aws.clock.now()
        pause, patience = FIRST_PAUSE, settle.timeout
        seen, missing = False, 0
        mercy = Patience(self.aws.clock)
        while True:
            answer = self.aws.ask(question).document
            status = jmespath.search(settle.status, answer) if answer is not None else None
            if _reached(settle, status):
                return
            seen, missing = (True, 0) if status is not None else (seen, missing + 1)
            if status in settle.failed or (seen and missing > FLICKERS):
                self._forgive(settle, status, answer, mercy, began)
                continue
            if patience <= 0:
                raise UserError(
                    f"gave up after {settle.timeout:.0f} s: {settle.why} (status `{status}`)",
                    hint="nothing is lost: run the same command again, it goes on from here",
                    code="MF3101",
                )
            self.wait(settle.why, self.aws.clock.now() - began, pause)
            patience -= pause
            pause = min(pause * GROWTH, max(settle.interval, FIRST_PAUSE) * 5)

    def drain(self, drain: Drain) -> None:
        """Ask and hand over until nothing is found any more."""
        question = drain.question.with_params(self._filled(drain.question.params))
        for _ in range(DRAIN_LIMIT):
            answer = self.aws.ask(question).document
            rows = jmespath.search(drain.items, answer) if answer is not None else None
            if not rows:
                return
            if drain.each:
                ready = [drain.call.with_params({**drain.call.params, **row}) for row in rows]
            else:
                ready = [drain.call.with_params(_placed(drain.call.params, drain.into.split("."), rows))]
            for call in ready:
                self.call(call)
                if self.aws.clock.stopped.is_set():
                    raise _stopped(f"`{drain.call}` goes on as long as it finds something")
        raise UserError(f"`{drain.question}` still finds something after {DRAIN_LIMIT} rounds", code="MF3102")

    def wait(self, why: str, spent: float, seconds: float) -> None:
        """Pause, and say why; raises `UserError` when the run is stopped meanwhile."""
        self.tell(Waiting(self.address, why, spent))
        if self.aws.clock.sleep(seconds):
            raise _stopped(why)

    def ripen(self, moment: float) -> None:
        """Wait until `moment` on the clock: other services see a new role only after a while."""
        left = moment - self.aws.clock.now()
        if left > 0:
            self.wait("IAM is making the new role known to other services", 0.0, left / max(self.aws.clock.pace, 1e-9))

    def _forgive(self, settle: Settle, status: object, answer: Document | None, mercy: Patience, began: float) -> None:
        """Wait where a young role explains the bad status, and make AWS look again; raises with its words otherwise."""
        error = self._bad(settle, status, answer)
        roles = {address for address in self.needs if address.kind == ROLE}
        row = reasons.passing(error.service, error.operation, error.aws_code, error.message)
        pause = mercy.pause(row, row.window) if row and roles & (self.written | self.young) else None
        if row is None or pause is None:
            raise error
        self.wait(f"{row.why}: {error.message}", self.aws.clock.now() - began, pause)
        if settle.nudge is not None:
            self.call(settle.nudge)

    def _fresh(self) -> bool:
        """Whether this run has written to the resource, or to what it depends on."""
        return self.address in self.written or not self.written.isdisjoint(self.needs)

    def _filled(self, params: Mapping[str, Any]) -> Any:
        def lookup(ref: Ref) -> str | None:
            if ref.attribute == RUN:
                return self.run_id
            return self.outputs.get(ref.address, {}).get(ref.attribute)

        return fill(params, lookup)

    def _bad(self, settle: Settle, status: object, answer: Document | None) -> AwsError:
        reason = jmespath.search(settle.reason, answer) if settle.reason and answer else ""
        return AwsError(
            str(reason or ("it is gone" if status is None else "AWS gave no reason")),
            service=settle.question.service,
            operation=settle.question.operation,
            aws_code=str(status or "ABSENT"),
            hint=linked.hint(str(reason)) or f"while {settle.why}; mend the cause and run the same command again",
            code="MF3104",
        )


def _stopped(why: str) -> UserError:
    return UserError(f"stopped while {why}", hint="run the same command again, it goes on from here", code="MF3103")


def _reached(settle: Settle, status: object) -> bool:
    return (status is None or status == []) if settle.gone else status in settle.ready


def _placed(params: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    return {**params, head: _placed(params.get(head, {}), rest, value) if rest else value}
