"""Carry a plan out over its graph: a worker pool in, events out.

A step begins when all it depends on is done. References are filled from the outputs known by then. After a step its
resource is observed again and must need nothing more. Where one fails, independent branches go on and dependents are
skipped.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue

from mfinfra import again, verify
from mfinfra.aws import reasons
from mfinfra.aws.session import Aws
from mfinfra.carry import ROLE, Carrier
from mfinfra.errors import MfinfraError, Refused
from mfinfra.model import (
    Action,
    Address,
    Done,
    Event,
    Failed,
    Outputs,
    Resource,
    Skipped,
    Started,
)
from mfinfra.planning.order import Node, graph
from mfinfra.planning.plan import Plan, Planned

LAPSED = frozenset({"MF3002", "MF3003"})
"""The codes of errors that say: without other credentials nothing more can be done."""
CREATED = "created"


@dataclass(slots=True)
class Run:
    """One apply. `events()` is consumed once; `stop()` lets the calls in flight finish and begins nothing new."""

    aws: Aws
    plan: Plan
    outputs: dict[Address, Outputs] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: secrets.token_hex(8))
    _events: SimpleQueue[Event | None] = field(default_factory=SimpleQueue)
    _ripe_at: dict[Address, float] = field(default_factory=dict)
    _written: set[Address] = field(default_factory=set)
    _depends_on: Mapping[Address, frozenset[Address]] = field(default_factory=dict)
    _young: frozenset[Address] = frozenset()
    _lapsed: bool = False

    def stop(self) -> None:
        """End every pause and begin no further step."""
        self.aws.clock.stopped.set()

    def events(self) -> Iterator[Event]:
        """Carry the plan out; raises `Refused` before the first write if a guard blocks any step."""
        refuse_blocked(self.plan)
        for planned in self.plan.planned:
            shown = planned.observed.outputs if planned.observed and planned.stands else {}
            self.outputs[planned.step.address] = {**shown, **planned.step.outputs}
        self._depends_on = {item.step.address: item.resource.depends_on for item in self.plan.planned}
        self._young = _young(self.plan)
        pending = graph(self.plan.steps, self._depends_on)
        by_address = {item.step.address: item for item in self.plan.planned}
        finished: dict[Node, bool] = {}
        running: set[Node] = set()
        done: SimpleQueue[tuple[Node, bool]] = SimpleQueue()
        with ThreadPoolExecutor(max_workers=self.aws.parallelism) as pool:
            try:
                while pending or running:
                    for node in [node for node, needs in pending.items() if needs <= finished.keys()]:
                        failed = sorted(str(need.address) for need in pending[node] if not finished[need])
                        planned = by_address[node.address]
                        if failed or self._lapsed or self.aws.clock.stopped.is_set():
                            del pending[node]
                            yield from self._skip(node, planned, failed, finished)
                            finished[node] = False
                        elif len(running) < self.aws.parallelism:  # what waits in the pool could not be stopped
                            del pending[node]
                            running.add(node)
                            pool.submit(self._work, node, planned, done)
                    yield from self._drain(running, finished, done)
            except BaseException:
                self.stop()  # nobody listens any more: the pool's end waits for what runs
                raise

    def _drain(
        self, running: set[Node], finished: dict[Node, bool], done: SimpleQueue[tuple[Node, bool]]
    ) -> Iterator[Event]:
        """Pass events on until one piece of work has ended."""
        while running and (event := self._events.get()) is not None:
            yield event
        if running:
            node, succeeded = done.get()
            running.discard(node)
            finished[node] = succeeded

    def _skip(self, node: Node, planned: Planned, failed: list[str], finished: Mapping[Node, bool]) -> Iterator[Event]:
        """One word on each step: where its own effects were not carried out, that was said already."""
        step = planned.step
        said = node.retire and not finished[Node(node.address)]
        if step.action is not Action.NOOP and not said:
            ended = "the credentials expired" if self._lapsed else "the run was interrupted"
            because = f"`{failed[0]}` was not finished" if failed else ended
            yield Skipped(node.address, step.action, because)

    def _work(self, node: Node, planned: Planned, done: SimpleQueue[tuple[Node, bool]]) -> None:
        succeeded = False
        began = time.monotonic()
        step = planned.step
        quiet = step.action is Action.NOOP and not step.effects
        try:
            if not quiet and not node.retire:
                self._events.put(Started(node.address, step.action))
            if quiet:
                self._ripe_at[node.address] = self._ripe(planned.resource)
            else:
                self._carry_out(node, planned)
            succeeded = True
            if not quiet and (node.retire or not step.retire):
                self._events.put(Done(node.address, step.action, time.monotonic() - began))
        except Exception as error:  # noqa: BLE001 - a worker reports whatever happened; the report decides what it was
            self._lapsed = self._lapsed or (isinstance(error, MfinfraError) and error.code in LAPSED)
            self._events.put(Failed(node.address, step.action, error))
        finally:
            done.put((node, succeeded))
            self._events.put(None)

    def _carry_out(self, node: Node, planned: Planned) -> None:
        step, resource = planned.step, planned.resource
        carrier = self._carrier(node.address)
        if node.retire:
            retiring = again.Retiring(planned, carrier)
            again.carried_out(step.retire, carrier, retiring)
            if planned.retired:
                verify.gone(planned.retired.resource, carrier, lambda: again.repeated(carrier, retiring))
            return
        carrier.ripen(self._ripe(resource))
        bringing = again.Bringing(planned, carrier)
        again.carried_out(again.by_now(planned, carrier), carrier, bringing)
        if step.action is Action.DELETE:
            verify.gone(resource, carrier, lambda: again.repeated(carrier, bringing))
        elif step.action is Action.FORGET:
            verify.forgotten(resource, carrier)
        else:
            verify.made(planned, carrier)
        if step.ripens:
            self._ripe_at[node.address] = self.aws.clock.now() + step.ripens * self.aws.clock.pace

    def _carrier(self, address: Address) -> Carrier:
        return Carrier(
            self.aws,
            address,
            self._events.put,
            self.outputs,
            self.run_id,
            needs=self._needs(address),
            written=self._written,
            young=self._young,
        )

    def _needs(self, address: Address) -> frozenset[Address]:
        """All that the resource at `address` depends on, directly or through others."""
        found: set[Address] = set()
        pending = [address]
        while pending:
            needed = self._depends_on.get(pending.pop(), frozenset()) - found
            found |= needed
            pending.extend(needed)
        return frozenset(found)

    def _ripe(self, resource: Resource) -> float:
        """The moment from which on other services see all that `resource` needs."""
        return max((self._ripe_at.get(address, 0.0) for address in resource.depends_on), default=0.0)


def _young(plan: Plan) -> frozenset[Address]:
    """The roles that are there and were made so short a time ago that other services may not see them yet."""
    now = datetime.now(UTC)
    made = {
        planned.step.address: planned.observed.facts.get(CREATED)
        for planned in plan.planned
        if planned.observed and planned.step.address.kind == ROLE
    }
    return frozenset(
        address
        for address, moment in made.items()
        if isinstance(moment, datetime) and (now - moment).total_seconds() < reasons.YOUNG
    )


def refuse_blocked(plan: Plan) -> None:
    """Raise `Refused` naming every step that a guard blocks, and what lifts each guard."""
    blocks = plan.blocks
    if not blocks:
        return
    if len(blocks) == 1:
        _, block = blocks[0]
        raise Refused(block.message, hint=block.hint, code=block.code)
    lines = [f"{address or 'the plan'}: {block.message} [{block.code}]\n    {block.hint}" for address, block in blocks]
    raise Refused(f"{len(blocks)} guards refuse this plan", hint="\n  ".join(lines), code="MF4100")
