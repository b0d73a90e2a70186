"""Instance profiles that outlive their role, and those of somebody else that have its name."""

from __future__ import annotations

import pytest
from meddling import delete_role
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
