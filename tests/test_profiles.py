"""A role leaves whatever instance profile holds it before it goes; only our own profile goes with it."""

from __future__ import annotations

import pytest
from stack import environment

pytestmark = pytest.mark.slow


def file_of(**role):
    trust = {"services": ["ec2.amazonaws.com"]}
    return environment({"role": {"main": {"name": "a", "trust": trust, "protect": False, **role}}})


def profiles(stack):
    rows = stack.client("iam").list_instance_profiles()["InstanceProfiles"]
    return {row["InstanceProfileName"]: [role["RoleName"] for role in row["Roles"]] for row in rows}


@pytest.mark.parametrize("wish", [None, False])
def test_a_strangers_profile_of_the_roles_name_stays_and_is_left(stack, wish):
    stack.apply(file_of(instance_profile=wish))
    iam = stack.client("iam")
    iam.create_instance_profile(InstanceProfileName="a")
    iam.add_role_to_instance_profile(InstanceProfileName="a", RoleName="a")

    stack.apply(file_of(instance_profile=wish), destroy=True)
    assert profiles(stack) == {"a": []}


def test_a_profile_that_is_not_managed_any_more_goes_with_its_role(stack):
    stack.apply(file_of(instance_profile=True))
    stack.apply(file_of(instance_profile=None))
    assert profiles(stack) == {"a": ["a"]}

    stack.apply(file_of(instance_profile=None), destroy=True)
    assert profiles(stack) == {}


def test_a_role_in_a_profile_that_is_not_managed_is_replaced(stack):
    stack.apply(file_of(instance_profile=True, path="/a/"))
    stack.apply(file_of(instance_profile=None, path="/b/"), allow_replace=frozenset({"role.main"}))
    assert stack.client("iam").get_role(RoleName="a")["Role"]["Path"] == "/b/"
