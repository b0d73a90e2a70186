"""What a run knows of time: credentials that expire half-way, and which roles are young."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from test_apply import CHAIN, GUARD, SCOPE, World, at, events_of, plan_of, planned, told, toy, toys

from mfinfra.apply import Run
from mfinfra.errors import AwsError
from mfinfra.model import Action, Address, Observed, Resource, Skipped, Step
from mfinfra.planning.plan import Planned

__all__ = ["toys"]
EXPIRED = AwsError("expired", service="toy", operation="Create", aws_code="ExpiredToken", code="MF3002")


def test_promise_12_with_expired_credentials_nothing_new_begins_and_what_runs_ends():
    world = World(parallelism=2)
    begun, failing = threading.Event(), threading.Event()
    steps = world.write

    def write(call, waiting, *more):
        if call.params["name"] == "a":
            assert begun.wait(GUARD)
            failing.set()
            raise EXPIRED
        begun.set()
        assert failing.wait(GUARD)
        return steps(call, waiting)

    world.write = write
    events = events_of(Run(world, planned(world, toy("a"), toy("b"), toy("c"), toy("d", "a"))))
    assert sorted(told(events)) == [("Done", "b"), ("Failed", "a"), ("Skipped", "c"), ("Skipped", "d")]
    because = {event.address.name: event.because for event in events if isinstance(event, Skipped)}
    assert because == {"c": "the credentials expired", "d": "`toy.a` was not finished"}
    assert not world.clock.stopped.is_set(), "what runs may still wait for AWS"


@pytest.mark.parametrize(("seconds", "young"), [(0, True), (170, True), (200, False), (None, False)])
def test_promise_11_a_role_is_young_for_three_minutes(seconds, young):
    moment = None if seconds is None else datetime.now(UTC) - timedelta(seconds=seconds)
    role = Resource(Address("role", "r"), {"name": "r"}, SCOPE)
    observed = Observed({}, {}, {}, "r", facts={"created": moment})
    run = Run(World(), plan_of([Planned(Step(role.address, Action.NOOP), role, observed, stands=True)]))
    list(run.events())
    assert run._young == ({role.address} if young else frozenset())


def test_what_a_step_needs_is_all_that_it_rests_on():
    run = Run(World(), planned(World(), *CHAIN, toy("x")))
    list(run.events())
    assert run._needs(at("c")) == {at("a"), at("b")}
    assert run._needs(at("x")) == frozenset()
