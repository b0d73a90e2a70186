"""From a file and a survey to steps: what is made, adopted, changed, replaced, left alone and deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import Access, Action, Address, Environment, Observed, Ref, Resource, Scope, Source
from mfinfra.observe import Leftover, Survey
from mfinfra.planning.plan import Options, make

SCOPE = Scope("test", "123456789012", "us-east-1")
CLUSTER = {"type": "FARGATE", "subnets": ["subnet-1"], "max_vcpus": 4}


def at(text):
    return Address.parse(text)


def resource(address, *depends_on, **spec):
    where = at(address)
    complete = schemas.complete(where.kind, {"name": where.name, **spec})
    needs = frozenset(map(at, depends_on))
    return Resource(where, complete, SCOPE, ownership.tags(SCOPE, where), needs)


def cluster(address, **spec):
    return resource(f"compute_environment.{address}", **{**CLUSTER, **spec})


def queue(name, *clusters):
    """A queue over `clusters`, whose ARNs AWS gives."""
    needs = [f"compute_environment.{each}" for each in clusters]
    return resource(f"job_queue.{name}", *needs, compute_environments=[Ref(at(each), "arn") for each in needs])


def seen(resource, tags=None, leaving=False, **spec):
    """`resource` as AWS shows it once it is made, but for `spec`; references are to what is at their address."""
    wish = catalogue.driver(resource.kind).desired(resource)
    filled = {name: [arn(each.address.name) for each in value] if name == "compute_environments" else value
              for name, value in wish.items()}  # fmt: skip
    found, name = {**filled, **spec}, {**filled, **spec}["name"]
    tags = resource.tags if tags is None else tags
    return Observed(found, {"arn": arn(name), "name": name}, tags, arn(name), leaving=leaving)


def arn(name):
    return f"arn:aws:batch:us-east-1:123456789012:compute-environment/{name}"


def left(address, **spec):
    """A leftover that carries the tags of `address`."""
    was = resource(address, **spec)
    identity = {**dict.fromkeys(was.spec), "name": was.spec["name"]}
    return Leftover(replace(was, spec=identity, tags={}, depends_on=frozenset(), leftover=True), seen(was))


def planned(*pairs, disabled=(), leftovers=(), **options):
    """The plan of resources, each with what was observed of it; `None` is nothing."""
    pairs, disabled = dict(pairs), dict(disabled)
    environment = Environment(
        SCOPE, {each.address: each for each in pairs}, {each.address: each for each in disabled}, {}, Access(),
        Source("f", "0"),
    )  # fmt: skip
    observed = {each.address: found for each, found in [*pairs.items(), *disabled.items()]}
    return make(environment, Survey(observed, tuple(leftovers)), Options(**options))


def actions(plan):
    return [(str(step.address), step.action.value) for step in plan.steps]


def operations(effects):
    return [effect.operation for effect in effects if hasattr(effect, "operation")]


@pytest.fixture(autouse=True)
def hashable(monkeypatch):
    """Resources as keys of the tables below."""
    monkeypatch.setattr(Resource, "__hash__", lambda self: hash(self.address))


LOGS = resource("log_group.l")
C, D, Q = cluster("c"), cluster("d"), queue("q", "c")


def test_what_is_not_there_is_created_after_what_it_needs():
    plan = planned((Q, None), (C, None), (LOGS, None))

    assert actions(plan) == [("compute_environment.c", "create"), ("log_group.l", "create"), ("job_queue.q", "create")]
    assert plan.changes
    assert plan.blocks == ()


def test_promise_2_what_is_as_wished_needs_nothing():
    plan = planned((Q, seen(Q)), (C, seen(C)), (LOGS, seen(LOGS)))

    assert {action for _, action in actions(plan)} == {"no-op"}
    assert not plan.changes
    assert all(not step.effects for step in plan.steps)


def test_what_differs_is_changed_and_nothing_else():
    plan = planned((LOGS, seen(LOGS, retention_days=1)), (C, seen(C)))

    assert dict(actions(plan)) == {"log_group.l": "update", "compute_environment.c": "no-op"}


def order_of(plan, address="job_queue.q"):
    (step,) = [step for step in plan.steps if str(step.address) == address]
    return step.calls[0].params["computeEnvironmentOrder"][0]["computeEnvironment"]


def test_a_reference_to_what_is_there_is_filled():
    assert order_of(planned((Q, None), (C, seen(C)))) == arn("c")


@pytest.mark.parametrize("found", [None, seen(C, leaving=True), seen(C, tags={})], ids=["absent", "leaving", "adopted"])
def test_a_reference_to_what_a_step_is_known_to_bring_about_is_filled(found):
    assert order_of(planned((Q, None), (C, found), adopt=frozenset({"all"}))) == arn("c")


def test_a_reference_to_what_is_replaced_in_its_place_is_known_after_apply():
    group = resource("security_group.g", vpc="vpc-12345678")
    was = Observed({**group.spec, "vpc": "vpc-87654321"}, {"id": "sg-1"}, group.tags, "sg-1")
    user = replace(cluster("c", security_groups=[Ref(group.address, "id")]), depends_on=frozenset({group.address}))
    plan = planned((group, was), (user, None))

    assert actions(plan)[0] == ("security_group.g", "replace")
    assert plan.planned[1].resource.spec["security_groups"] == [Ref(group.address, "id")]


def test_what_is_there_without_tags_is_blocked_until_it_is_adopted():
    (step,) = planned((LOGS, seen(LOGS, tags={}))).steps

    assert (step.action, step.blocks[0].code) == (Action.ADOPT, "MF4101")
    assert "--adopt log_group.l" in step.blocks[0].hint


@pytest.mark.parametrize("how", ["file", "log_group.l", "all"])
@pytest.mark.parametrize(("days", "action"), [(30, Action.ADOPT), (1, Action.ADOPT_UPDATE)])
def test_an_adoption_by_the_file_or_the_command_line_puts_tags_on(how, days, action):
    wish = replace(LOGS, adopt=how == "file")
    (step,) = planned((wish, seen(LOGS, tags={"team": "x"}, retention_days=days)), adopt=frozenset({how})).steps

    assert (step.action, step.blocks) == (action, ())
    assert "TagResource" in operations(step.effects)


def test_what_has_left_the_file_is_deleted_after_all_changes_and_in_reverse():
    plan = planned(
        (LOGS, None), leftovers=[left("compute_environment.c", **CLUSTER), left("job_queue.q", compute_environments=[])]
    )

    assert actions(plan) == [("log_group.l", "create"), ("job_queue.q", "delete"), ("compute_environment.c", "delete")]
    assert {step.because for step in plan.steps[1:]} == {"it is not in the file"}


def test_another_name_is_one_step_that_makes_the_new_one_and_retires_the_old():
    wish = cluster("c", name="green")
    plan = planned((wish, None), (queue("q", "c"), seen(Q)), leftovers=[left("compute_environment.c", **CLUSTER)])
    step = plan.steps[0]

    assert actions(plan) == [("compute_environment.c", "replace"), ("job_queue.q", "update")]
    assert operations(step.effects) == ["CreateComputeEnvironment"]
    assert operations(step.retire)[-1] == "DeleteComputeEnvironment"
    assert step.retire[1].params["computeEnvironment"] == "c"
    assert [(change.path, change.before, change.after, change.replaces) for change in step.changes] == [
        (("name",), "c", "green", True)
    ]
    assert order_of(plan) == arn("green")


def test_promise_3_a_replacement_that_was_cut_short_goes_on_with_the_old_one_s_end():
    wish = cluster("c", name="green")
    moved = seen(Q, compute_environments=[arn("green")])
    plan = planned((wish, seen(wish)), (Q, moved), leftovers=[left("compute_environment.c", **CLUSTER)])

    assert actions(plan)[:2] == [("compute_environment.c", "no-op"), ("job_queue.q", "no-op")]
    old = plan.steps[2]
    assert (old.address.kind, old.action.value) == ("compute_environment", "delete")
    assert old.address != at("compute_environment.c")
    assert operations(old.effects)[-1] == "DeleteComputeEnvironment"
    assert old.because == "it carries the tags of `compute_environment.c`, which is another one now"


def test_what_is_disabled_is_deleted_if_it_is_ours():
    theirs = {**C.tags, ownership.ENVIRONMENT: "other"}
    for tags, expected in ((None, [("compute_environment.c", "delete")]), ({}, []), (theirs, [])):
        plan = planned(disabled=[(C, seen(C, tags=tags))])
        assert actions(plan) == expected
    assert planned(disabled=[(C, None)]).steps == ()


@pytest.mark.parametrize("destroy", [False, True])
def test_promise_5_what_is_wished_under_another_address_is_not_deleted_with_the_one_that_is_disabled(destroy):
    other = cluster("other", name=C.spec["name"])
    plan = planned((other, seen(C)), disabled=[(C, seen(C))], destroy=destroy)

    assert actions(plan) == [("compute_environment.other", "delete" if destroy else "update")]


def test_needing_what_is_disabled_keeps_nothing_from_being_made():
    plan = planned((Q, None), disabled=[(C, seen(C))])

    assert actions(plan) == [("job_queue.q", "create"), ("compute_environment.c", "delete")]


def test_destroying_deletes_all_that_is_ours_in_reverse_and_nothing_else():
    plan = planned(
        (C, seen(C)), (Q, seen(Q)), (cluster("e"), seen(cluster("e"), tags={})), (cluster("n"), None),
        disabled=[(D, seen(D))], leftovers=[left("job_queue.old", compute_environments=[])], destroy=True,
    )  # fmt: skip

    assert actions(plan) == [
        ("job_queue.old", "delete"), ("job_queue.q", "delete"),
        ("compute_environment.c", "delete"), ("compute_environment.d", "delete"),
    ]  # fmt: skip
    assert {step.because for step in plan.steps} == {"the environment is being destroyed"}


def deleted(plan):
    return sorted(step.calls[-1].params["computeEnvironment"] for step in plan.steps)


def renamed(name, old):
    return left(f"compute_environment.{name}", **{**CLUSTER, "name": old})


def test_promise_3_two_that_carry_one_address_are_both_destroyed():
    plan = planned((C, seen(C)), leftovers=[renamed("c", "old"), renamed("c", "older")], destroy=True)

    assert deleted(plan) == ["c", "old", "older"]
    assert len({step.address for step in plan.steps}) == 3


def test_promise_3_what_is_disabled_and_what_it_once_was_are_both_deleted():
    assert deleted(planned(disabled=[(C, seen(C))], leftovers=[renamed("c", "old")])) == ["c", "old"]


def test_promise_3_of_two_old_ones_one_is_retired_and_the_other_deleted():
    plan = planned((C, None), leftovers=[renamed("c", "old"), renamed("c", "older")])

    assert [step.action for step in plan.steps] == [Action.REPLACE, Action.DELETE]
    names = [
        operation.params["computeEnvironment"] for operation in (plan.steps[0].retire[-2], plan.steps[1].effects[-2])
    ]
    assert sorted(names) == ["old", "older"]
