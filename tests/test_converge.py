"""Promise 2, apply converges: on the corrected emulator, kind by kind, field by field."""

from __future__ import annotations

from copy import deepcopy

import golden
import pytest
from stack import addresses, changed, environment, merged, unprotected

from mfinfra import catalogue

pytestmark = pytest.mark.slow
KINDS = catalogue.kinds()


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
    """`base` with one field changed; a value `{with: {…}, value: …}` brings the fields that have to go with it."""
    base = golden.sheet(kind)["base"]
    if isinstance(value, dict) and set(value) == {"with", "value"}:
        return {**base, **value["with"], field: value["value"]}
    return {**base, field: value}


def base_for(kind, value):
    base = golden.sheet(kind)["base"]
    return {**base, **value["with"]} if isinstance(value, dict) and set(value) == {"with", "value"} else base


def assert_converged(stack, file):
    assert changed(stack.plan(file)) == {}
    before = len(stack.writes())
    stack.apply(file)
    assert stack.writes()[before:] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_created_settles_and_is_destroyed(stack, kind):
    resources = resources_of(kind, golden.sheet(kind)["base"])
    file = environment(resources)
    stack.apply(file)
    assert_converged(stack, file)

    stack.apply(file, destroy=True, allow_destroy=addresses(resources))
    left = stack.plan(file, destroy=True)
    assert left.plan.steps == ()


@pytest.mark.parametrize(("kind", "field", "value"), variations("variations"))
def test_one_changed_field_is_written_and_a_change_behind_our_back_is_put_back(stack, kind, field, value):
    first = environment(resources_of(kind, base_for(kind, value)))
    second = environment(resources_of(kind, spec_with(kind, field, value)))
    stack.apply(first)

    assert changed(stack.plan(second)) == {f"{kind}.main": [field]}
    stack.apply(second)
    assert_converged(stack, second)

    assert changed(stack.plan(first)) == {f"{kind}.main": [field]}
    stack.apply(first)
    assert_converged(stack, first)


@pytest.mark.parametrize(("kind", "field", "value"), variations("replacing"))
def test_a_field_that_aws_cannot_change_replaces_the_resource(stack, kind, field, value):
    first = environment(resources_of(kind, base_for(kind, value)))
    second = environment(resources_of(kind, spec_with(kind, field, value)))
    stack.apply(first)
    allowed = frozenset({f"{kind}.main"})
    reviewed = stack.plan(second, allow_replace=allowed)
    steps = {str(step.address): step for step in reviewed.plan.steps}
    assert steps[f"{kind}.main"].action.value == "replace"
    if steps[f"{kind}.main"].block:
        assert steps[f"{kind}.main"].block.code == "MF2301"
        return
    stack.apply(second, allow_replace=allowed)
    assert_converged(stack, second)
    resources = resources_of(kind, spec_with(kind, field, value))
    stack.apply(second, destroy=True, allow_destroy=addresses(resources))
    assert stack.plan(second, destroy=True).plan.steps == ()
