"""A plan carried out over its graph, against a world of toys in memory."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from mfinfra import catalogue, model
from mfinfra.apply import Run
from mfinfra.aws.calls import Answer
from mfinfra.aws.clock import Clock
from mfinfra.errors import AwsError, NotConverged, Refused
from mfinfra.model import Action, Address, Call, Done, Failed, Observed, Ref, Resource, Skipped, Step
from mfinfra.observe import Survey
from mfinfra.planning import order
from mfinfra.planning.plan import Plan, Planned

SCOPE = model.Scope("test", "123456789012", "us-east-1")
FIELDS = ("name", "size", "needs")
GUARD = 60.0  # seconds; only what hangs takes as long


@dataclass
class World:
    """An AWS that holds toys. A name in `failing` cannot be made; `holding` names wait for `release`."""

    toys: dict[str, dict] = field(default_factory=dict)
    failing: str = ""
    holding: str = ""
    lag: int = 0
    deaf: tuple[str, ...] = ()
    parallelism: int = 4
    clock: Clock = field(default_factory=lambda: Clock(pace=0))
    release: threading.Event = field(default_factory=threading.Event)
    sent: list[Call] = field(default_factory=list)
    busiest: int = 0
    _busy: int = 0

    @property
    def writes(self):
        return [(call.operation, call.params["name"]) for call in self.sent]

    def ask(self, call):
        toy = self.toys.get(call.params["name"])
        late, self.lag = bool(toy and self.lag), self.lag - bool(toy and self.lag)
        return Answer(None if toy is None or late else dict(toy))

    def write(self, call, waiting, *more):
        name = call.params["name"]
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            if name in self.holding:
                assert self.release.wait(GUARD), "nobody released it"
            if name in self.failing:
                raise AwsError("no", service="toy", operation=call.operation, aws_code="No", request_id="r-1")
        finally:
            self._busy -= 1
        self.sent.append(call)
        if call.operation == "Delete":
            self.toys.pop(name, None)
        else:
            kept = {key: value for key, value in call.params.items() if key not in self.deaf}
            self.toys[name] = {**self.toys.get(name, {"id": f"id-{name}"}), **kept}
        return Answer({"id": f"id-{name}"})


def seen_as(toy):
    return Observed({name: toy.get(name) for name in FIELDS}, {"id": toy["id"]}, {}, toy["id"])


class Toys:
    kind, census, whole = "toy", None, False

    def observe(self, resource):
        (row,) = yield (Call("toy", "Describe", {"name": resource.spec["name"]}, absent=("Missing",)),)
        return row and seen_as(row)

    def step(self, resource, observed):
        have = observed.spec if observed else {}
        changes = tuple(
            model.FieldChange((name,), have.get(name), resource.spec[name])
            for name in FIELDS
            if resource.spec[name] is not None and resource.spec[name] != have.get(name)
        )
        wish = {name: value for name, value in resource.spec.items() if value is not None}
        verb, action = ("Update", Action.UPDATE) if observed else ("Create", Action.CREATE)
        if not changes:
            return Step(resource.address, Action.NOOP)
        return Step(resource.address, action, changes, (Call("toy", verb, wish, yields={"id": "id"}),))

    def teardown(self, resource, observed):
        return Step(resource.address, Action.DELETE, (), (Call("toy", "Delete", {"name": resource.spec["name"]}),))


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(catalogue, "driver", lambda kind: Toys())
    monkeypatch.setattr(order, "kinds_needed", lambda kind: frozenset())


def at(name):
    return Address("toy", name)


def toy(name, *depends_on, **spec):
    needs = frozenset(map(at, depends_on))
    return Resource(at(name), {"name": name, "size": 1, "needs": None, **spec}, SCOPE, depends_on=needs)


def planned(world, *resources, **changed):
    """A plan that brings `resources` about, in this order; `changed` are other members of the step by name."""
    rows = []
    for resource in resources:
        seen = world.toys.get(resource.spec["name"])
        observed = seen and seen_as(seen)
        step = replace(Toys().step(resource, observed), **changed.get(resource.address.name, {}))
        rows.append(Planned(step, resource, observed, stands=bool(observed)))
    return plan_of(rows)


def plan_of(rows):
    resources = {row.step.address: row.resource for row in rows}
    environment = model.Environment(SCOPE, resources, {}, {}, model.Access(), model.Source("f", "0"))
    return Plan(environment, tuple(rows), Survey({}))


def going(world, *resources):
    return plan_of([Planned(Toys().teardown(each, None), each, None) for each in resources])


def events_of(run):
    """All events, or a failure of the test where the run hangs."""
    found = []
    work: Future[None] = Future()

    def consume():
        try:
            work.set_result(found.extend(run.events()))
        except Refused as refused:
            work.set_exception(refused)

    threading.Thread(target=consume, daemon=True).start()
    work.result(GUARD)
    return found


def told(events):
    """What the report says of each address."""
    return [
        (type(event).__name__, event.address.name) for event in events if isinstance(event, Done | Failed | Skipped)
    ]


CHAIN = (toy("a"), toy("b", "a"), toy("c", "b"))


def test_what_is_needed_is_done_before_what_needs_it():
    world = World()
    events = events_of(Run(world, planned(world, *CHAIN)))

    assert world.writes == [("Create", "a"), ("Create", "b"), ("Create", "c")]
    assert told(events) == [("Done", "a"), ("Done", "b"), ("Done", "c")]
    assert [event.address.name for event in events if isinstance(event, model.Started)] == ["a", "b", "c"]


def test_what_is_needed_is_deleted_after_what_needs_it():
    events_of(Run(world := World(toys={name: {"id": name} for name in "abc"}), going(world, *CHAIN)))

    assert world.writes == [("Delete", "c"), ("Delete", "b"), ("Delete", "a")]


def test_independent_steps_run_side_by_side_but_never_more_than_asked_for():
    world = World(parallelism=3, holding="abcde")
    threading.Timer(0.1, world.release.set).start()
    assert len(told(events_of(Run(world, planned(world, *map(toy, "abcde")))))) == 5
    assert world.busiest == 3


def test_promise_12_a_failure_skips_what_depends_on_it_and_nothing_else():
    world = World(failing="a")
    events = events_of(Run(world, planned(world, *CHAIN, toy("x"), toy("y", "x"))))

    assert sorted(told(events)) == [("Done", "x"), ("Done", "y"), ("Failed", "a"), ("Skipped", "b"), ("Skipped", "c")]
    because = {event.because for event in events if isinstance(event, Skipped)}
    assert because == {"`toy.a` was not finished", "`toy.b` was not finished"}
    failed = next(event for event in events if isinstance(event, Failed))
    assert (failed.error.operation, failed.error.aws_code, failed.error.request_id) == ("Create", "No", "r-1")


def test_a_bug_in_a_step_is_told_as_its_failure(monkeypatch):
    monkeypatch.setattr(Toys, "observe", lambda self, resource: 1 / 0)
    events = events_of(Run(World(), planned(World(), toy("a"))))

    assert isinstance(events[-1].error, ZeroDivisionError)


@pytest.mark.parametrize("there", [{}, {"a": {"id": "id-a", "name": "a", "size": 1}}], ids=["yielded", "observed"])
def test_references_are_filled_from_what_an_earlier_step_yields_or_from_what_stays_as_it_is(there):
    world = World(toys=dict(there))
    events = events_of(Run(world, planned(world, toy("a"), toy("b", "a", needs=Ref(at("a"), "id")))))

    assert world.sent[-1].params["needs"] == "id-a"
    assert told(events) == [("Done", name) for name in "ab" if name not in there], "what stays makes no noise"


def test_promise_2_a_change_that_aws_shows_late_is_waited_for():
    world = World(lag=3)
    events = events_of(Run(world, planned(world, toy("a"))))

    assert told(events) == [("Done", "a")]
    assert sum(1 for event in events if getattr(event, "why", "") == "AWS is making the change visible") == 3


@pytest.mark.parametrize(("postponed", "left"), [((), ("size", "needs")), (("size",), ("needs",))])
def test_promise_2_a_change_that_never_shows_fails_and_names_the_fields_but_for_postponed_ones(postponed, left):
    world = World(deaf=("size", "needs"))
    events = events_of(Run(world, planned(world, toy("a", needs="x"), a={"postponed": postponed})))

    assert isinstance(events[-1].error, NotConverged)
    assert events[-1].error.fields == left


def test_a_step_that_a_later_run_has_to_take_is_done_without_a_call():
    world = World(toys={"a": {"id": "a", "name": "a", "size": 2, "needs": None}})
    later = {"postponed": ("size",), "effects": ()}
    events = events_of(Run(world, planned(world, toy("a"), a=later)))

    assert told(events) == [("Done", "a")]
    assert world.sent == []


def test_a_deletion_that_aws_does_not_show_is_no_success(monkeypatch):
    world = World(toys={"a": {"id": "a"}})
    monkeypatch.setattr(world, "write", lambda call, waiting, fresh: Answer({}))
    error = events_of(Run(world, going(world, toy("a"))))[-1].error
    assert error.fields == ("existence",)
    assert error.message == "`toy.a` was deleted, but AWS still shows it"


def test_what_was_replaced_is_deleted_once_all_that_depends_on_it_has_moved():
    old = (Call("toy", "Delete", {"name": "old"}),)
    world = World(toys={"old": {"id": "old"}})
    plan = planned(world, *CHAIN, a={"retire": old, "action": Action.REPLACE})
    events = events_of(Run(world, plan))

    assert world.writes.index(("Delete", "old")) > world.writes.index(("Create", "b"))
    assert sorted(told(events)) == [("Done", "a"), ("Done", "b"), ("Done", "c")]
    assert told(events).index(("Done", "a")) > told(events).index(("Done", "b"))


@pytest.mark.parametrize("failing", ["a", "b"])
def test_promise_12_what_was_replaced_stays_when_something_did_not_move_and_the_report_says_so(failing):
    old = (Call("toy", "Delete", {"name": "old"}),)
    world = World(toys={"old": {"id": "old"}}, failing=failing)
    plan = planned(world, toy("a"), toy("b", "a"), a={"retire": old, "action": Action.REPLACE})
    events = events_of(Run(world, plan))

    assert ("Delete", "old") not in world.writes
    expected = {"a": [("Failed", "a"), ("Skipped", "b")], "b": [("Failed", "b"), ("Skipped", "a")]}
    assert told(events) == expected[failing]


@pytest.mark.parametrize("blocked", ["b", "bc"])
def test_a_blocked_plan_is_refused_before_the_first_write_with_every_block_named(blocked):
    world = World()
    blocks = {name: {"blocks": (model.Block(f"MF41{name}", f"message {name}", f"hint {name}"),)} for name in blocked}
    with pytest.raises(Refused) as caught:
        events_of(Run(world, planned(world, toy("a"), toy("b"), toy("c"), **blocks)))

    told = f"{caught.value.message} {caught.value.code} {caught.value.hint}"
    assert caught.value.exit_code == 3
    assert all(f"{text}{name}" in told for name in blocked for text in ("message ", "hint ", "MF41"))
    assert world.writes == []


def test_promise_12_stopping_finishes_the_calls_in_flight_and_begins_nothing_new():
    world = World(parallelism=1, holding="a")
    run = Run(world, planned(world, toy("a"), toy("b"), toy("c", "a")))
    world.release = SimpleNamespace(wait=lambda _: run.stop() or True)  # somebody stops it while `a` is being made
    events = events_of(run)
    assert world.writes == [("Create", "a")]
    assert sorted(told(events)) == [("Done", "a"), ("Skipped", "b"), ("Skipped", "c")]
    assert {event.because for event in events if isinstance(event, Skipped)} == {"the run was interrupted"}


def test_a_report_that_breaks_off_ends_the_waits_too():
    world = World(clock=Clock(pace=1))
    wait = model.Settle(Call("toy", "Describe", {"name": "a"}), "status", "waiting", ready=("ok",), timeout=GUARD * 9)
    events = Run(world, planned(world, toy("a"), a={"effects": (wait,)})).events()
    next(events)
    began = time.monotonic()
    events.close()
    assert time.monotonic() - began < GUARD * 3


@pytest.mark.parametrize(("between", "waits"), [((), 1), (("m",), 1)], ids=["directly", "through what stays as it is"])
def test_promise_11_what_needs_a_new_role_waits_until_others_see_it(between, waits, monkeypatch):
    slept = []
    monkeypatch.setattr(Clock, "sleep", lambda self, seconds: slept.append(seconds))
    world = World(clock=Clock(), toys={"m": {"id": "m", "name": "m", "size": 1}})
    chain = (toy("a"), toy("m", "a"), toy("b", *(between or ("a",))))
    events_of(Run(world, planned(world, *chain, toy("c"), a={"ripens": 10.0})))

    assert len(slept) == waits
    assert slept[0] == pytest.approx(10, abs=1)
