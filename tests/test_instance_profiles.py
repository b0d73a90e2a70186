"""Instance profiles that outlive their role, and those of somebody else that have its name."""

from __future__ import annotations

import pytest
from dying import dying_after
from meddling import delete_role, unprofile
from stack import changed, environment, inventory

from mfinfra.model import Failed

pytestmark = pytest.mark.slow


def file(**more):
    return environment({"role": {"instance": {"name": "instance", "preset": "ecs_instance", **more}}})


def test_a_profile_that_has_outlived_its_role_is_used_again_with_the_tags_that_both_have_now(stack):
    stack.apply(file())
    delete_role(stack.client("iam"), "instance")
    stack.apply(file(tags={"team": "ml"}))
    assert changed(stack.plan(file(tags={"team": "ml"}))) == {}
    tags = stack.client("iam").list_instance_profile_tags(InstanceProfileName="instance")["Tags"]
    assert {"Key": "team", "Value": "ml"} in tags


def test_promise_5_a_profile_of_somebody_else_stops_the_step_and_stays_as_it_was(stack):
    iam = stack.client("iam")
    iam.create_instance_profile(InstanceProfileName="instance", Tags=[{"Key": "theirs", "Value": "yes"}])
    (failed,) = [event for event in stack.plan(file()).apply().events() if isinstance(event, Failed)]
    assert failed.error.aws_code == "EntityAlreadyExists"
    (profile,) = iam.list_instance_profiles()["InstanceProfiles"]
    assert profile["Roles"] == []
    tags = iam.list_instance_profile_tags(InstanceProfileName="instance")["Tags"]
    assert tags == [{"Key": "theirs", "Value": "yes"}]
    assert inventory(stack)["roles"] == ["instance"]


@pytest.mark.parametrize("then", [{"enabled": False}, {}], ids=["disabled", "unwished"])
def test_promise_3_a_profile_that_a_dead_run_has_emptied_goes_with_the_next(stack, then):
    stack.apply(file())
    run = stack.plan(file(instance_profile=False)).apply()
    run.aws = dying_after(run.aws, 1)
    for event in run.events():
        assert not isinstance(event, Failed)
    (profile,) = stack.client("iam").list_instance_profiles()["InstanceProfiles"]
    assert profile["Roles"] == []
    may = {"allow_destroy": frozenset({"role.instance"}), "max_deletes": 1}
    stack.apply(file(instance_profile=False, **then), **may)
    assert stack.client("iam").list_instance_profiles()["InstanceProfiles"] == []


def test_a_profile_that_lost_its_role_is_destroyed_with_it_though_the_file_does_not_manage_it(stack):
    stack.apply(file())
    stack.apply(file(instance_profile=None))
    unprofile(stack.client("iam"), "instance")
    stack.apply(file(instance_profile=None), destroy=True, allow_destroy=frozenset({"role.instance"}))
    assert stack.client("iam").list_instance_profiles()["InstanceProfiles"] == []
