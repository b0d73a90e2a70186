"""Promise 3 of replacements: what an earlier run has begun is gone on with, made anew under a free name, or dropped."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from stack import Stack, changed, environment, inventory

from mfinfra.model import Action, Failed

pytestmark = pytest.mark.slow
NOBODY = "arn:aws:iam::123456789012:instance-profile/nobody"
SUBNETS = ["subnet-0000000000000000a"]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
REPLACED = {"replace": frozenset({"compute_environment.cpu"})}
RESOURCES = {
    "role": {"instance": {"name": "instance", "preset": "ecs_instance"}},
    "compute_environment": {
        "cpu": {
            "name": "cpu",
            "type": "EC2",
            "instance_role": "role.instance",
            "subnets": SUBNETS,
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

    stack.apply(wished())
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


def test_promise_8_the_end_of_a_replacement_that_was_cut_short_takes_no_word_however_small_the_environment(stack):
    def small(strategy: str) -> dict[str, Any]:
        file = wished(strategy, instance_role="instance")
        file["resources"].pop("role")
        return file

    iam = stack.client("iam")
    iam.create_role(RoleName="instance", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_instance_profile(InstanceProfileName="instance")
    iam.add_role_to_instance_profile(InstanceProfileName="instance", RoleName="instance")
    stack.apply(small("BEST_FIT"))
    run = stack.plan(small("BEST_FIT_PROGRESSIVE")).apply()
    for event in run.events():
        if str(event.address) == "job_queue.line":
            run.stop()
    reviewed = stack.plan(small("BEST_FIT_PROGRESSIVE"))
    assert [step.action for step in reviewed.plan.steps if step.action is not Action.NOOP] == [Action.DELETE]
    stack.carry_out(reviewed)
    assert len(inventory(stack)["environments"]) == 1


def test_a_name_that_somebody_has_is_passed_over(stack):
    """On Fargate too, whose descriptions lack most fields."""
    stack.apply(wished("BEST_FIT"))
    file = wished("BEST_FIT", instance_types=["c5.large"])
    (wanted,) = [one.resource.spec["name"] for one in stack.plan(file).plan.planned if one.step.retire]
    resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": SUBNETS, "securityGroupIds": ["sg-00000000000000001"]}
    stack.client("batch").create_compute_environment(
        computeEnvironmentName=wanted, type="MANAGED", computeResources=resources
    )
    stack.apply(file)
    (name,) = {*inventory(stack)["environments"]} - {wanted}
    assert order(stack) == [name]
    assert changed(stack.plan(file)) == {}


def test_an_environment_that_is_replaced_because_it_is_invalid_is_explained(stack):
    stack.apply(wished())
    stack.client("iam").remove_role_from_instance_profile(InstanceProfileName="instance", RoleName="instance")
    stack.client("iam").delete_instance_profile(InstanceProfileName="instance")
    stack.client("batch").update_compute_environment(computeEnvironment="cpu", state="ENABLED")
    reviewed = stack.plan(wished(instance_types=["c5.large"]))

    assert next(step.because for step in reviewed.plan.steps if step.retire) == (
        "replacement: `instance_types` cannot change in place while Batch holds the environment for INVALID"
    )
    (told,) = [check["message"] for check in reviewed.document["checks"] if check["code"] == "MF2000"]
    assert "for INVALID: CLIENT_ERROR - Invalid IamInstanceProfile" in told


def test_one_that_somebody_disabled_is_enabled_before_its_instances_are_replaced(embedded, tmp_path):
    """Batch replaces those of an ENABLED environment only."""
    embedded.reset(transition_polls=1, late_by=2)
    late = Stack(embedded, tmp_path)
    late.apply(wished())
    late.client("batch").update_compute_environment(computeEnvironment="cpu", state="DISABLED")
    late.apply(wished(instance_types=["c5.large"], max_vcpus=9))
    assert inventory(late)["environments"] == ["cpu"]
    assert changed(late.plan(wished(instance_types=["c5.large"], max_vcpus=9))) == {}
