"""With throttles all over, apply and plan end as without: the promise for accounts that others use too."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from stack import addresses, changed, inventory

from mfinfra.sandbox.corrections import lag
from mfinfra.sandbox.faults import THROTTLED, Chance, Script

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
ALLOWED = addresses(yaml.safe_load(SANDBOX.read_text("utf-8"))["resources"])
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


def standing(stack):
    return {kind: len(names) for kind, names in inventory(stack).items() if names}


@pytest.mark.parametrize(("seed", "late_by"), [(1, 0), (2, 0), (3, lag.STRICT)])
def test_with_a_throttle_rate_of_15_percent_plan_apply_and_destroy_end_well(stack, no_back_off, seed, late_by):
    stack.server.reset(late_by=late_by, transition_polls=2 * bool(late_by))
    stack.server.faults = script = Script(Chance(0.15, (THROTTLED,), seed))
    stack.apply(SANDBOX)
    assert changed(stack.plan(SANDBOX)) == {}
    stack.server.faults = None
    assert changed(stack.plan(SANDBOX)) == {}
    assert standing(stack) == STANDING
    stack.server.faults = script
    stack.apply(SANDBOX, destroy=True, allow_destroy=ALLOWED)
    assert 0.1 < len(script.struck) / len(script.log) < 0.2
    stack.server.faults = None
    assert standing(stack) == {"groups": 2}
