"""Ten mistakes of other tools: our code does not make them, and the scenario that says so fails for code that does."""

from __future__ import annotations

from importlib import import_module

import pytest

NAMES = [f"anti_patterns_of_{doing}" for doing in ("reading", "believing", "writing", "deleting")]
pytest.register_assert_rewrite(*NAMES)
SCENARIOS = sorted(
    (scenario for name in NAMES for scenario in import_module(name).SCENARIOS), key=lambda scenario: scenario.number
)
pytestmark = pytest.mark.slow


def known_defects(scenario):
    return [pytest.mark.xfail(reason=scenario.defect, raises=AssertionError, strict=True)] if scenario.defect else []


def ours():
    return [pytest.param(one, id=str(one), marks=known_defects(one)) for one in SCENARIOS]


def wrongs():
    return [pytest.param(one, wrong, id=f"{one}: {name}") for one in SCENARIOS for name, wrong in one.wrong.items()]


@pytest.fixture
def world(stack, request):
    """The sandbox as strict as the scenario wants it."""
    if request.getfixturevalue("scenario").strict:
        stack.server.reset(transition_polls=2, late_by=3)
    yield stack
    stack.server.faults = None


def test_each_of_the_ten_has_a_scenario_and_a_wrong_way():
    assert {scenario.number for scenario in SCENARIOS if scenario.wrong} == {*range(1, 11)}


@pytest.mark.parametrize("scenario", ours())
def test_our_code_holds(world, scenario):
    scenario.run(world)


@pytest.mark.parametrize(("scenario", "wrong"), wrongs())
def test_the_anti_pattern_is_caught(world, monkeypatch, scenario, wrong):
    wrong.patch(monkeypatch)
    with pytest.raises(AssertionError, match=wrong.caught):
        scenario.run(world)
