"""A part of a plan, carried out on the sandbox: it works, and what is left comes with the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stack import changed, done, environment, inventory, merged

from mfinfra.planning.gate import Allowed

pytestmark = pytest.mark.slow
CLUSTER = {
    "name": "blue", "type": "FARGATE", "max_vcpus": 4, "subnets": ["subnet-0000000000000000a"],
    "security_groups": ["security_group.batch"],
}  # fmt: skip
BATCH = {
    "security_group": {"batch": {"name": "batch", "vpc": "vpc-00000000000000001"}},
    "compute_environment": {"cpu": CLUSTER},
    "job_queue": {"line": {"name": "line", "priority": 1, "compute_environments": ["compute_environment.cpu"]}},
}
LOGS = {"log_group": {"main": {"name": "/metaflow/main", "protect": False}}}
WHOLE = merged(BATCH, LOGS)
FILE = environment(WHOLE)


def chosen(*addresses):
    return frozenset(addresses)


def test_a_target_is_made_with_what_it_needs_and_the_rest_afterwards(stack):
    events = stack.apply(FILE, target=chosen("compute_environment.cpu"))
    assert done(events) == ["security_group.batch", "compute_environment.cpu"]

    partial = stack.plan(FILE, target=chosen("compute_environment.cpu"))
    assert (changed(partial), partial.document["complete"]) == ({}, False)

    assert sorted(done(stack.apply(FILE))) == ["job_queue.line", "log_group.main"]
    assert changed(stack.plan(FILE)) == {}


def test_what_is_excluded_is_left_as_it_is(stack):
    stack.apply(FILE, exclude=chosen("compute_environment.cpu"))
    found = inventory(stack)

    assert (found["logs"], found["environments"], found["queues"]) == (["/metaflow/main"], [], [])
    assert stack.plan(FILE).document["complete"]


def test_a_replacement_takes_what_has_to_move_off_the_old_one_along(stack):
    stack.apply(FILE)
    green = environment(merged(WHOLE, {"compute_environment": {"cpu": {**CLUSTER, "name": "green"}}}))
    stack.apply(green, target=chosen("compute_environment.cpu"))

    assert inventory(stack)["environments"] == ["green"]
    assert changed(stack.plan(green)) == {}


def test_what_is_made_anew_is_another_one_and_as_wished(stack):
    stack.apply(FILE)
    logs = stack.client("logs")
    logs.create_log_stream(logGroupName="/metaflow/main", logStreamName="of the old one")
    reviewed = stack.plan(FILE, replace=chosen("log_group.main"))
    assert changed(reviewed).keys() == {"log_group.main"}
    stack.carry_out(replace(reviewed, plan=reviewed.plan.lifted(Allowed(replace=chosen("log_group.main")))))

    assert logs.describe_log_streams(logGroupName="/metaflow/main")["logStreams"] == []
    assert changed(stack.plan(FILE)) == {}


def test_a_part_of_an_environment_is_destroyed_with_what_stands_on_it(stack):
    stack.apply(FILE)
    stack.apply(FILE, destroy=True, target=chosen("compute_environment.cpu"))
    found = inventory(stack)

    assert (found["environments"], found["queues"], found["logs"]) == ([], [], ["/metaflow/main"])
    assert "batch" in found["groups"]


def test_a_leftover_that_is_excluded_stays_and_is_told(stack):
    stack.apply(FILE)
    less = environment(BATCH)
    kept = stack.plan(less, exclude=chosen("log_group.main"))
    assert (changed(kept), kept.document["complete"]) == ({}, False)

    stack.apply(less, target=chosen("log_group.main"), allow_destroy=chosen("log_group.main"), max_deletes=1)
    assert inventory(stack)["logs"] == []
