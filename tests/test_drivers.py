"""Every golden case of every kind, through one harness."""

from __future__ import annotations

import re

import golden
import pytest

from mfinfra import catalogue
from mfinfra.errors import UserError
from mfinfra.model import Action, plain


@pytest.mark.parametrize(
    ("kind", "case"), golden.cases(), ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_a_golden_case_plans_what_it_says(kind, case):
    observed, step = golden.planned(kind, case)

    for effect in step.effects:
        for call in golden.calls_of(effect):
            assert not (report := golden.problems_of(call)), f"{call}: {report}"
    assert step.action.value == case["action"]
    if "changes" in case:
        changes = {".".join(map(str, change.path)): [change.before, change.after] for change in step.changes}
        assert plain(changes) == plain(golden.unfold(case["changes"], kind))
    if "effects" in case:
        assert [golden.effect_as_data(effect) for effect in step.effects] == plain(golden.unfold(case["effects"], kind))
    if "outputs" in case:
        assert dict(observed.outputs) == case["outputs"]
    if "warnings" in case:
        assert list(observed.warnings) == case["warnings"]
    if "because" in case:
        assert step.because == case["because"]
    assert list(step.postponed) == case.get("postponed", [])
    assert [block.code for block in step.blocks] == ([case["block"]] if "block" in case else [])
    if case["action"] == "no-op":
        assert not step.changes


@pytest.mark.parametrize(
    ("kind", "case"), golden.cases("refusals"), ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_a_golden_case_is_refused_as_it_says(kind, case):
    with pytest.raises(UserError) as refusal:
        golden.planned(kind, case)
    assert refusal.value.message == case["error"]
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("kind", "case"),
    [row for row in golden.cases() if row[1]["action"] == "create"],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_promise_3_what_is_created_carries_its_three_tags_from_birth(kind, case):
    """Killed between any two calls, nothing that was made is nobody's."""
    _, step = golden.planned(kind, case)
    creating = [
        call
        for effect in step.effects
        for call in golden.calls_of(effect)
        if call.operation.startswith("Create") and call.operation != "CreateAlias"  # a name of what has tags already
    ]
    assert creating
    for call in creating:
        told = str(call.params)
        assert all(key in told and value in told for key, value in golden.tags_of(kind).items()), call


@pytest.mark.parametrize(
    ("kind", "case"),
    [row for row in golden.cases() if row[1]["action"] == "no-op"],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_what_is_made_anew_is_deleted_and_created_as_a_driver_does_both(kind, case):
    """What stands beside the old one is made by the plan; what says too little to be made is not deleted."""
    driver, resource = catalogue.driver(kind), golden.resource_of(kind, case)
    observed, _ = golden.planned(kind, case)
    try:
        created = driver.step(resource, None).effects
    except UserError as lacking:
        with pytest.raises(UserError, match=re.escape(lacking.message)):
            driver.replacement(resource, observed)
        return
    step = driver.replacement(resource, observed)

    assert step.action is Action.REPLACE
    if green := driver.successor(resource, observed):
        assert step.effects == ()
        assert green.spec["name"] not in (resource.spec["name"], observed.spec["name"])
    else:
        assert step.effects == (*driver.teardown(resource, observed).effects, *created)
