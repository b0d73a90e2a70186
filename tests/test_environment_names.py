"""The names that a compute environment goes by, and which of several it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mfinfra import catalogue, ownership, schemas
from mfinfra.drivers import _environment_names as names
from mfinfra.drivers._compute_resources import NOT_ON_FARGATE
from mfinfra.drivers.compute_environment import obstacles
from mfinfra.model import Address, Observed, Resource, Scope

SCOPE = Scope("test", "123456789012", "us-east-1")
AT = Address("compute_environment", "c")
TAGS = ownership.tags(SCOPE, AT)
DRIVER = catalogue.driver("compute_environment")
LINKED = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"


def wish(**spec):
    given = {"name": "cpu", "type": "EC2", "subnets": ["subnet-1"], "instance_role": "r", **spec}
    return Resource(AT, schemas.complete("compute_environment", given), SCOPE, TAGS)


def row(name, tags=None):
    arn = f"arn:aws:batch:us-east-1:123456789012:compute-environment/{name}"
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn, "tags": TAGS if tags is None else tags}


def seen(resource, name="cpu", **more):
    spec = {**DRIVER.desired(resource), "name": name}
    spec["service_role"] = spec["service_role"] or LINKED
    return Observed(spec, {"arn": row(name)["computeEnvironmentArn"], "name": name}, TAGS, name, **more)


CHOICES = {
    "nothing": ([], None),
    "its own name": (["cpu"], "cpu"),
    "a stranger under its name": ([("cpu", {})], "cpu"),
    "a name that follows from its own": (["cpu-0123abcd"], "cpu-0123abcd"),
    "its own name first": (["cpu-0123abcd", "cpu"], "cpu"),
    "what is ours before a stranger": ([("cpu", {}), "cpu-0123abcd"], "cpu-0123abcd"),
    "a stranger under such a name": ([("cpu-0123abcd", {})], None),
    "another address of ours": ([("cpu-0123abcd", {**TAGS, ownership.ADDRESS: "compute_environment.d"})], None),
    "another environment's": ([("cpu-0123abcd", {**TAGS, ownership.ENVIRONMENT: "prod"})], None),
    "no such suffix": (["cpu-0123abcg", "cpu-0123abcd1", "cpu-x", "xcpu-0123abcd"], None),
}


SPECS = st.fixed_dictionaries(
    {"type": st.sampled_from(["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"])},
    optional={
        "allocation_strategy": st.sampled_from(["", "BEST_FIT", "BEST_FIT_PROGRESSIVE"]),
        "service_role": st.sampled_from(["", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b"]),
        "spot_fleet_role": st.sampled_from(["", "arn:aws:iam::123456789012:role/fleet"]),
        "instance_types": st.sampled_from([["optimal"], ["c5"], ["c5", "m5"]]),
        "subnets": st.sampled_from([["subnet-1"], ["subnet-1", "subnet-2"]]),
        "key_pair": st.sampled_from(["", "operators"]),
        "max_vcpus": st.sampled_from([1, 256]),
        "min_vcpus": st.sampled_from([0, 1]),
    },
)


@pytest.mark.parametrize(("rows", "found"), CHOICES.values(), ids=CHOICES)
def test_the_one_that_stands_is_told_by_its_name_and_its_tags(rows, found):
    there = [row(*one) if isinstance(one, tuple) else row(one) for one in rows]
    standing = names.standing(there, wish(), lambda row: DRIVER.desired(wish()))

    assert (standing or {}).get("computeEnvironmentName") == found


@given(SPECS)
def test_one_that_has_lost_its_tags_is_known_by_the_name_that_follows_from_what_it_is(spec):
    """It may be adopted; a second one is not made beside it."""
    resource, old = wish(**spec), wish(type="EC2", allocation_strategy="BEST_FIT", key_pair="somebody's")
    green = DRIVER.successor(resource, seen(old))
    found = seen(resource, green.spec["name"]).spec
    if spec["type"].startswith("FARGATE"):
        found = {name: value for name, value in found.items() if name not in NOT_ON_FARGATE}
    there = [row(green.spec["name"], {})]

    assert names.standing(there, resource, lambda row: found) == there[0]
    assert names.standing(there, resource, lambda row: {**found, "type": "UNMANAGED"}) is None


def test_what_has_left_the_file_goes_by_its_own_name_only():
    left = replace(wish(), leftover=True)

    assert names.standing([row("cpu-0123abcd")], left, dict) is None
    assert names.standing([row("cpu")], left, dict)["computeEnvironmentName"] == "cpu"


@given(SPECS, SPECS)
def test_another_name_follows_exactly_where_aws_changes_nothing_in_place(before, after):
    """Else a replacement would want the name that is taken, or an update leave one that means something else."""
    old, new = wish(**before), wish(**after)
    change = DRIVER._change(new, seen(old))  # the driver's own comparison
    assume("BEST_FIT" not in (change.have["allocation_strategy"], change.want["allocation_strategy"])
           or change.have["type"] in ("EC2", "SPOT"))  # fmt: skip
    complete = {**change.have, **{name: value for name, value in change.want.items() if value is not None}}

    assert bool(obstacles(change)) == (names.immutable(change.have) != names.immutable(complete))


@given(SPECS, st.sampled_from(["cpu", "cpu-0123abcd", "x" * 128]))
def test_what_follows_never_has_the_name_that_is_taken_and_one_that_batch_takes(spec, name):
    resource = wish(**spec, name=name)
    for taken in (name, names.succeed(DRIVER._change(resource, seen(resource, name))).spec["name"]):
        green = DRIVER.successor(resource, seen(resource, taken))

        assert green.spec["name"] != taken
        assert len(green.spec["name"]) <= names.LONGEST
        assert names.standing([row(green.spec["name"])], resource, dict) is not None
        assert DRIVER.successor(resource, seen(resource, taken)) == green, "the same after a crash"
