"""Promise 3 of replacements: what an earlier run has begun is gone on with, made anew under a free name, or dropped."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from stack import changed, environment, inventory

from mfinfra.model import Failed

pytestmark = pytest.mark.slow
NOBODY = "arn:aws:iam::123456789012:instance-profile/nobody"
REPLACED = {"replace": frozenset({"compute_environment.cpu"})}
RESOURCES = {
    "role": {"instance": {"name": "instance", "preset": "ecs_instance"}},
    "compute_environment": {
        "cpu": {
            "name": "cpu",
            "type": "EC2",
            "instance_role": "role.instance",
            "subnets": ["subnet-0000000000000000a"],
            "security_groups": ["sg-00000000000000001"],
        }
    },
    "job_queue": {"line": {"name": "line", "compute_environments": ["compute_environment.cpu"]}},
}


def wished(strategy: str = "BEST_FIT_PROGRESSIVE", **change: Any) -> dict[str, Any]:
    resources: dict[str, Any] = copy.deepcopy(RESOURCES)
    resources["compute_environment"]["cpu"] |= {"allocation_strategy": strategy, **change}
    return environment(resources)


def order(stack) -> list[str]:
    (row,) = stack.client("batch").describe_job_queues()["jobQueues"]
    return [entry["computeEnvironment"].rpartition("/")[2] for entry in row["computeEnvironmentOrder"]]


@pytest.mark.parametrize("attempts", [1, 2])
def test_where_instances_can_be_changed_in_place_a_new_one_that_is_invalid_does_not_hold_the_name(stack, attempts):
    """Its name does not follow from what was wrong with it: the next one must not want the same."""
    stack.apply(wished("BEST_FIT"))
    for attempt in range(attempts):
        events = stack.plan(wished(instance_role=f"{NOBODY}-{attempt}")).apply().events()
        assert [event.error.aws_code for event in events if isinstance(event, Failed)] == ["INVALID"]

    stack.apply(wished(), max_deletes=attempts)
    (name,) = inventory(stack)["environments"]
    assert (name.startswith("cpu-"), order(stack)) == (True, [name])
    assert changed(stack.plan(wished())) == {}


@pytest.mark.parametrize("strategy", ["BEST_FIT", "BEST_FIT_PROGRESSIVE"])
@pytest.mark.parametrize("reached", ["compute_environment.cpu", "job_queue.line"])
def test_a_replacement_that_was_asked_for_and_cut_short_is_asked_for_again_and_goes_on(stack, strategy, reached):
    stack.apply(wished(strategy))
    run = stack.plan(wished(strategy), **REPLACED).apply()
    for event in run.events():
        if str(event.address) == reached:
            run.stop()
    blue, green = inventory(stack)["environments"]
    assert blue == "cpu"

    before = len(stack.writes())
    reviewed = stack.plan(wished(strategy), **REPLACED)
    assert next(step.because for step in reviewed.plan.steps if step.retire) == "asked for by `--replace`"
    stack.carry_out(reviewed)
    assert "batch.CreateComputeEnvironment" not in stack.writes()[before:]
    assert (inventory(stack)["environments"], order(stack)) == ([green], [green])
    assert changed(stack.plan(wished(strategy))) == {}


def test_a_replacement_that_was_asked_for_and_cut_short_is_undone_by_a_plain_apply(stack):
    stack.apply(wished())
    run = stack.plan(wished(), **REPLACED).apply()
    for event in run.events():
        if str(event.address) == "compute_environment.cpu":
            run.stop()

    stack.apply(wished())
    assert (inventory(stack)["environments"], order(stack)) == (["cpu"], ["cpu"])
    assert changed(stack.plan(wished())) == {}
