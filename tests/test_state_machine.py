"""Promises 2, 3, 11 and 12 together: whatever happens in whatever order, mfinfra run again ends in what the file says.

Edits of the file, changes behind mfinfra's back, faults of AWS and of the network, and kills, mixed over dozens of
steps. `EXPLORE=50` runs that many new ones; a failure is told as the program that leads to it.
"""

from __future__ import annotations

import copy
import os
import sys
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import generated_batch
import generated_kinds
import generated_network
import meddling
import pytest
from botocore.retries.quota import RetryQuota
from dying import Killed, dying_after
from generated import BODIES, FIXED, Skeleton, named
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from stack import Stack
from standing import settled, tags_of
from test_generated import file_of

from mfinfra import ownership
from mfinfra.errors import InvalidDocument, MfinfraError
from mfinfra.model import Failed
from mfinfra.planning.gate import Allowed
from mfinfra.sandbox.faults import BROKEN, CUT, DENIED, HALF, LOST, THROTTLED, UNAVAILABLE, Chance, Script

pytestmark = pytest.mark.slow
DRAWN = (generated_batch, generated_kinds, generated_network)  # each says how its kinds are drawn
EXPLORE = int(os.environ.get("EXPLORE", "0"))
SANDBOXES = {
    "kind": {"transition_polls": 0},
    "slow": {"transition_polls": 2},
    "strict": {"transition_polls": 2, "late_by": 2},
}
TROUBLES = (THROTTLED, BROKEN, UNAVAILABLE, CUT, LOST, HALF, DENIED)
MOST_APPLIES = 3
"""What AWS lets no single run change takes another one, and what is seen late a third."""
MOST_RESOURCES = 9


class Growing(Skeleton):
    """A skeleton from which resources go too: no name is given twice."""

    count = 0

    def add(self, kind: str, **fields: Any) -> str:
        self.count += 1
        self.fixed.setdefault(kind, {})[f"r{self.count}"] = fields
        return f"{kind}.r{self.count}"


class Life(RuleBasedStateMachine):
    """An environment under one file, edited, disturbed and repaired."""

    stack: Stack
    key: str

    @initialize(data=some.data(), sandbox=some.sampled_from(sorted(SANDBOXES)))
    def begin(self, data, sandbox):
        self.stack.server.reset(**SANDBOXES[sandbox])
        self.late = SANDBOXES[sandbox].get("late_by", 0)
        self.key = self.stack.make_key()
        self.before = settled(self.stack)
        self.skeleton, self.resources = Growing(), {}
        for kind in ("job_queue", *data.draw(some.lists(some.sampled_from(sorted(FIXED)), max_size=3))):
            self.grow(data, kind)

    # The file is edited; what no file may say is not written.

    @precondition(lambda self: self.count < MOST_RESOURCES)
    @rule(data=some.data(), kind=some.sampled_from(sorted(FIXED)))
    def grow(self, data, kind):
        skeleton = copy.deepcopy(self.skeleton)
        FIXED[kind](data.draw, skeleton)
        self.edit(skeleton, data)

    @precondition(lambda self: self.count)
    @rule(data=some.data())
    def redress(self, data):
        kind, name = self.some_resource(data)
        self.edit(self.skeleton, data, {(kind, name)})

    @precondition(lambda self: self.count)
    @rule(data=some.data())
    def rename(self, data):
        kind, name = self.some_resource(data)
        skeleton = copy.deepcopy(self.skeleton)
        if "name" not in skeleton.fixed[kind][name]:
            return
        skeleton.count += 1
        counting = SimpleNamespace(fixed={kind: range(skeleton.count)})
        skeleton.fixed[kind][name] |= named(data.draw, counting, kind)
        self.edit(skeleton, data)

    @precondition(lambda self: self.skeleton.fixed.get("compute_environment"))
    @rule(data=some.data())
    def replace_environment(self, data):
        """Another type, role or strategy: what AWS changes in no environment."""
        name = data.draw(some.sampled_from(sorted(self.skeleton.fixed["compute_environment"])))
        skeleton = copy.deepcopy(self.skeleton)
        was = skeleton.fixed["compute_environment"].pop(name)
        FIXED["compute_environment"](data.draw, skeleton)
        _, fields = skeleton.fixed["compute_environment"].popitem()
        skeleton.fixed["compute_environment"][name] = {**fields, "name": was["name"]}
        queues = {("job_queue", queue) for queue in skeleton.fixed.get("job_queue", {})}
        self.edit(skeleton, data, {("compute_environment", name), *queues})

    @precondition(lambda self: self.count > 2)
    @rule(data=some.data())
    def shrink(self, data):
        kind, name = self.some_resource(data)
        skeleton = copy.deepcopy(self.skeleton)
        del skeleton.fixed[kind][name]
        self.edit(skeleton, data)

    @precondition(lambda self: self.count)
    @rule(data=some.data(), enabled=some.booleans())
    def switch(self, data, enabled):
        kind, name = self.some_resource(data)
        skeleton = copy.deepcopy(self.skeleton)
        skeleton.fixed[kind][name]["enabled"] = enabled
        self.edit(skeleton, data)

    # Somebody changes what stands.

    @rule(data=some.data())
    def meddle(self, data):
        standing = self.plan().plan.survey
        there = [
            *((address, observed) for address, observed in standing.observed.items() if observed),
            *((left.resource.address, left.observed) for left in standing.leftovers if left.resource.kind != "role"),
        ]
        if not there:
            return
        address, observed = there[data.draw(some.integers(0, len(there) - 1))]
        service, by, acts = meddling.BY_KIND[address.kind]
        act = data.draw(some.sampled_from(sorted(acts)), label=f"to {address} {observed.physical_id}")
        meddling.attempt(acts[act], self.stack.client(service), observed.outputs[by])
        if address.kind == "role":
            # Batch deletes no environment without its role: one that is lost to AWS and to the file is lost for both.
            self.converge()

    # It is planned and applied, well or badly.

    @rule()
    def apply(self):
        self.converge()

    @rule(seed=some.integers(0, 1000), rate=some.sampled_from([0.05, 0.15, 0.4]))
    def apply_in_trouble(self, seed, rate):
        self.stack.server.faults = Script(Chance(rate, TROUBLES, seed))
        before = self.stack.writes()
        try:
            run = self.one_by_one(self.plan())
        except MfinfraError:
            assert self.stack.writes() == before
        else:
            self.told(run, MfinfraError)
        finally:
            self.stack.server.faults = None

    @rule(fatal=some.integers(1, 12))
    def apply_and_die(self, fatal):
        run = self.one_by_one(self.plan())
        run.aws = dying_after(run.aws, fatal)
        self.told(run, Killed)

    def teardown(self):
        if sys.exception() is None and hasattr(self, "before"):
            self.converge()
            self.nothing_is_orphaned()
            self.destroy()

    # What the rules are made of.

    @property
    def count(self):
        return sum(map(len, self.skeleton.fixed.values()))

    def some_resource(self, data):
        return data.draw(
            some.sampled_from([(kind, name) for kind, named in self.skeleton.fixed.items() for name in named])
        )

    def edit(self, skeleton, data, redressed=frozenset()):
        """Write the file anew; where it says what no file may say or what nobody can do, it stays as it was."""
        resources = {}
        for kind, named_ in skeleton.fixed.items():
            for name, fields in named_.items():
                old = self.resources.get(kind, {}).get(name)
                kept = old is not None and (kind, name) not in redressed
                body = old if kept else BODIES[kind](data.draw, skeleton, name, fields)
                resources.setdefault(kind, {})[name] = {**body, **fields}
        for spec in resources.get("compute_environment", {}).values():
            if spec.get("allocation_strategy", "") is None:
                del spec["allocation_strategy"]  # what nobody manages may not fit another type
        was, self.resources = self.resources, resources
        try:
            possible = not self.plan().plan.blocks
        except InvalidDocument:
            possible = False
        if possible:
            self.skeleton = skeleton
        else:
            self.resources = was

    def plan(self, **options):
        """The plan, with every guard lifted that a person may lift."""
        adopt = frozenset() if options.get("destroy") else frozenset({"all"})
        reviewed = self.stack.plan(file_of(self.resources, self.key), adopt=adopt, **options)
        lifted: dict[str, set[str]] = {}
        for _, block in reviewed.plan.blocks:
            lifted.setdefault(block.flag, set()).add(block.argument)
        allowed = Allowed(
            destroy=frozenset(lifted.get("--allow-destroy", ())),
            replace=frozenset(lifted.get("--allow-replace", ())),
            disruption=True,
            max_deletes=1000,
        )
        return replace(reviewed, plan=reviewed.plan.lifted(allowed))

    @staticmethod
    def one_by_one(reviewed):
        """The run over a plan, one step at a time: so that the same happens when it is tried again."""
        run = reviewed.apply()
        run.aws = replace(run.aws, parallelism=1)
        return run

    @staticmethod
    def told(run, expected):
        """Carry out; what goes wrong is of the expected kind."""
        for event in run.events():
            if isinstance(event, Failed) and not isinstance(event.error, expected):
                raise event.error

    def converge(self):
        """Apply until there is nothing to do, and go on looking as long as something may not be seen yet."""
        applies, quiet = 0, 0
        while quiet <= self.late:
            reviewed = self.plan()
            work = reviewed.plan.work
            quiet, applies = (0, applies + 1) if work else (quiet + 1, applies)
            assert applies <= MOST_APPLIES, [step for step in reviewed.plan.steps if step.effects]
            before = self.stack.writes()
            self.stack.carry_out(reviewed)
            assert work or self.stack.writes() == before

    def nothing_is_orphaned(self):
        """Everything of ours is in the file, and once."""
        found = Counter()
        for kind, named_ in settled(self.stack).items():
            found.update((kind, tags_of(shown).get(ownership.ADDRESS)) for shown in named_.values())
        ours = {address: number for (_, address), number in found.items() if address}
        in_file = {f"{kind}.{name}" for kind, named_ in self.resources.items() for name in named_}
        assert ours.keys() <= in_file
        assert set(ours.values()) <= {1}

    def destroy(self):
        self.stack.carry_out(self.plan(destroy=True))
        assert settled(self.stack) == self.before


@pytest.fixture
def hurried(monkeypatch):
    """botocore repeats at once and as often as it is let: its pauses are real seconds."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr(RetryQuota, "acquire", lambda self, amount: True)


def test_whatever_happens_in_whatever_order_the_end_is_what_the_file_says(embedded, tmp_path, hurried):
    class Here(Life):
        stack = Stack(embedded, tmp_path)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXPLORE or 4,
            stateful_step_count=30,
            deadline=None,
            derandomize=not EXPLORE,
            database=None,
            print_blob=True,
            phases=(Phase.generate,),  # what takes seconds a time takes hours to be made smaller
            suppress_health_check=list(HealthCheck),
        ),
    )
