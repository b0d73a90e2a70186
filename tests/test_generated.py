"""Promise 2, apply converges: for environments that nobody has thought of."""

from __future__ import annotations

import json
import os

import generated_batch
import generated_kinds
import generated_network
import pytest
from generated import KEY, bodies, skeletons
from generated_policies import respelt
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from stack import Stack, addresses, changed, environment, inventory

from mfinfra import schemas
from mfinfra.errors import InvalidDocument

pytestmark = pytest.mark.slow
DRAWN = (generated_batch, generated_kinds, generated_network)  # each says how its kinds are drawn
# The same files in every run, so that a red run is somebody's change; `EXPLORE=500` draws that many new ones.
EXPLORE = int(os.environ.get("EXPLORE", "0"))
drawn = settings(
    max_examples=EXPLORE or 12,
    deadline=None,
    derandomize=not EXPLORE,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generated")


@some.composite
def versions(draw):
    """Two versions of one file: the same resources with other settings."""
    skeleton = draw(skeletons())
    return draw(bodies(skeleton)), draw(bodies(skeleton))


def fresh(embedded, folder):
    embedded.reset(transition_polls=0)
    stack = Stack(embedded, folder)
    return stack, stack.make_key()


def file_of(resources, key):
    return environment(json.loads(json.dumps(resources).replace(KEY, key)), tags={"stage": "test"})


def rewritten(value, traits, random, path=()):
    """`value` as another author would have written it: sets and mappings in another order, policies in other words."""
    if isinstance(value, dict) and "Statement" in value:
        return respelt(value, random)
    if isinstance(value, dict):
        items = [(name, rewritten(item, traits, random, (*path, name))) for name, item in value.items()]
        return dict(random.sample(items, len(items)))
    if isinstance(value, list):
        items = [rewritten(item, traits, random, (*path, "*")) for item in value]
        return random.sample(items, len(items)) if path in traits.sets else items
    return value


def another_author(resources, random):
    return {
        kind: {
            name: rewritten(spec, schemas.traits(kind), random)
            for name, spec in random.sample(list(named.items()), len(named))
        }
        for kind, named in random.sample(list(resources.items()), len(resources))
    }


def assert_settled(stack, file):
    reviewed = stack.plan(file)
    assert changed(reviewed) == {}
    before = len(stack.writes())
    stack.carry_out(reviewed)
    assert stack.writes()[before:] == []


def apply(stack, file, **options):
    """Apply; what AWS lets no single run change takes another one."""
    reviewed = stack.plan(file, **options)
    stack.carry_out(reviewed)
    if any(step.postponed for step in reviewed.plan.steps):
        stack.apply(file, **options)


def possible(stack, first, second, key):
    """`second`, with the first settings of every resource that cannot be changed to the new ones in its place."""
    blocked = [str(step.address).split(".") for step in stack.plan(file_of(second, key)).plan.steps if step.blocks]
    for kind, name in blocked:
        assert kind == "compute_environment"
        second[kind][name] = first[kind][name]
    return second


@drawn
@given(versions=versions(), random=some.randoms(use_true_random=False))
def test_promise_2_whatever_the_file_says_apply_converges(embedded, folder, versions, random):
    stack, key = fresh(embedded, folder)
    before = inventory(stack)
    first, second = versions
    try:
        apply(stack, file_of(first, key))
        assert_settled(stack, file_of(first, key))
        assert_settled(stack, file_of(another_author(first, random), key))
        second = possible(stack, first, second, key)
    except InvalidDocument:
        assume(False)
    apply(stack, file_of(second, key))
    assert_settled(stack, file_of(second, key))
    stack.apply(file_of(second, key), destroy=True, allow_destroy=addresses(second))
    assert stack.plan(file_of(second, key), destroy=True).plan.steps == ()
    assert inventory(stack) == before
