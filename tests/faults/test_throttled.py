"""With throttles all over, apply and plan end as without: the promise for accounts that others use too."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from stack import addresses, changed, inventory

from mfinfra.sandbox.faults import THROTTLED, Chance, Script

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
STANDING = {
    "buckets": 1,
    "endpoints": 3,
    "environments": 1,
    "groups": 4,  # two of ours, the default ones of the sandbox's network and of moto's own
    "logs": 1,
    "profiles": 1,
    "queues": 1,
    "repositories": 1,
    "roles": 5,
    "tables": 1,
}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_a_throttle_rate_of_15_percent_apply_and_plan_end_well(stack, no_back_off, seed):
    stack.server.faults = script = Script(Chance(0.15, (THROTTLED,), seed))
    stack.apply(SANDBOX)
    assert changed(stack.plan(SANDBOX)) == {}
    assert 0.1 < len(script.struck) / len(script.log) < 0.2
    stack.server.faults = None
    assert changed(stack.plan(SANDBOX)) == {}
    assert {kind: len(names) for kind, names in inventory(stack).items()} == STANDING


def test_with_a_throttle_rate_of_15_percent_a_destroy_leaves_nothing(stack, no_back_off):
    stack.apply(SANDBOX)
    stack.server.faults = script = Script(Chance(0.15, (THROTTLED,), seed=4))
    allowed = addresses(yaml.safe_load(SANDBOX.read_text("utf-8"))["resources"])
    stack.apply(SANDBOX, destroy=True, allow_destroy=allowed)
    assert script.struck
    stack.server.faults = None
    left = inventory(stack)
    del left["groups"]
    assert left == {kind: [] for kind in left}
