"""Promise 2, apply converges: on the corrected emulator, kind by kind, field by field."""

from __future__ import annotations

import json
from copy import deepcopy

import golden
import pytest
from stack import addresses, changed, environment, inventory, merged, unprotected

pytestmark = pytest.mark.slow
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER_VPC = "vpc-00000000000000002"
TEMPLATE = "metaflow-template"
POLICIES = ("fair-slow", "fair-fast")
KINDS = sorted(path.stem for path in golden.HERE.glob("*.yaml"))


def resources_of(kind, spec):
    sheet = golden.sheet(kind)
    return unprotected(merged(deepcopy(sheet.get("needs", {})), {kind: {"main": spec}}))


def variations(section):
    return [
        pytest.param(kind, field, value, id=f"{kind}-{field}-{index}")
        for kind in KINDS
        for field, values in golden.sheet(kind).get(section, {}).items()
        for index, value in enumerate(values)
    ]


def spec_with(kind, field, value):
    """`base` with one field changed.

    A value `{with: {…}, also: {…}, value: …}` brings fields that stand beside it: `with` before and after the change,
    `also` only after.
    """
    beside, after, value = beside_of(value)
    return {**golden.sheet(kind)["base"], **beside, **after, field: value}


def base_for(kind, value):
    return {**golden.sheet(kind)["base"], **beside_of(value)[0]}


def beside_of(value):
    if isinstance(value, dict) and "value" in value and set(value) <= {"with", "also", "value"}:
        return value.get("with", {}), value.get("also", {}), value["value"]
    return {}, {}, value


def standing(stack, value):
    """`value`, once what it names and no kind makes is there: a key, another VPC, a template, scheduling policies."""
    written = json.dumps(value)
    if KEY in written:
        written = written.replace(KEY, stack.make_key())
    if OTHER_VPC in written:
        made = stack.client("ec2").create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        written = written.replace(OTHER_VPC, made)
    if TEMPLATE in written:
        stack.client("ec2").create_launch_template(
            LaunchTemplateName=TEMPLATE, LaunchTemplateData={"EbsOptimized": True}
        )
    for policy in POLICIES:
        if policy in written:
            stack.client("batch").create_scheduling_policy(name=policy)
    return json.loads(written)


def assert_converged(stack, file):
    """A plan is empty, and to apply it writes nothing."""
    reviewed = stack.plan(file)
    assert changed(reviewed) == {}
    before = len(stack.writes())
    stack.carry_out(reviewed)
    assert stack.writes()[before:] == []


def assert_changes(stack, file, expected):
    """The plan changes just that, and to apply it settles."""
    reviewed = stack.plan(file)
    assert changed(reviewed) == expected
    stack.carry_out(reviewed)
    assert_converged(stack, file)


def assert_destroyed(stack, resources, file, before):
    stack.apply(file, destroy=True, allow_destroy=addresses(resources))
    left = stack.plan(file, destroy=True)
    assert left.plan.steps == ()
    assert inventory(stack) == before


@pytest.mark.parametrize("kind", KINDS)
def test_promise_2_a_kind_is_created_settles_and_is_destroyed(stack, kind):
    resources = resources_of(kind, golden.sheet(kind)["base"])
    file = environment(resources)
    before = inventory(stack)
    stack.apply(file)
    assert_converged(stack, file)
    assert_destroyed(stack, resources, file, before)


@pytest.mark.parametrize(("kind", "field", "value"), variations("variations"))
def test_promise_2_one_changed_field_is_written_and_a_change_behind_our_back_is_put_back(stack, kind, field, value):
    value = standing(stack, value)
    first = environment(resources_of(kind, base_for(kind, value)))
    second = environment(resources_of(kind, spec_with(kind, field, value)))
    stack.apply(first)
    assert_changes(stack, second, {f"{kind}.main": [field]})
    assert_changes(stack, first, {f"{kind}.main": [field]})


@pytest.mark.parametrize(("kind", "field", "value"), variations("replacing"))
def test_promise_2_a_field_that_aws_cannot_change_replaces_the_resource(stack, kind, field, value):
    value = standing(stack, value)
    first = environment(resources_of(kind, base_for(kind, value)))
    resources = resources_of(kind, spec_with(kind, field, value))
    second = environment(resources)
    before = inventory(stack)
    stack.apply(first)
    reviewed = stack.plan(second, allow_replace=frozenset({f"{kind}.main"}))
    step = next(step for step in reviewed.plan.steps if str(step.address) == f"{kind}.main")
    assert step.action.value == "replace"
    stack.carry_out(reviewed)
    assert_converged(stack, second)
    assert_destroyed(stack, resources, second, before)
