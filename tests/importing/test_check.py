"""What a plan of an imported file would do beside adopting is told, whatever it is: nobody shall find it out later."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mfinfra.importing import check
from mfinfra.model import Access, Action, Address, Block, Environment, FieldChange, Scope, Source, Step

TABLE = Address("table", "foreach")
TAGS = FieldChange(("tags", "mfinfra:environment"), None, "prod")
TTL = FieldChange(("ttl_attribute",), None, "ttl")
KEYS = FieldChange(("attributes", "pathspec"), "S", "N")


def told(*steps, guards=()):
    return check.differences(SimpleNamespace(steps=steps, guards=guards))


def test_to_put_tags_on_is_no_difference():
    adopted = Step(TABLE, Action.ADOPT, changes=(TAGS,))
    assert told(adopted, Step(TABLE, Action.NOOP)) == ()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step(TABLE, Action.DELETE), "carries this environment's tags, was not found from here, and would be deleted"),
        (Step(TABLE, Action.CREATE, changes=(TAGS, TTL)), "would be made: it is gone since it was looked at"),
        (Step(TABLE, Action.REPLACE, changes=(KEYS,)), "would be replaced: `attributes` cannot be said as it is"),
        (
            Step(TABLE, Action.ADOPT_UPDATE, changes=(TAGS, TTL, KEYS)),
            "would be changed: `ttl_attribute`, `attributes`",
        ),
        (Step(TABLE, Action.UPDATE, changes=(TTL,), because="so"), "would be changed: `ttl_attribute` (so)"),
    ],
    ids=lambda given: given.action.value if isinstance(given, Step) else "",
)
def test_whatever_else_a_step_does_is_told_with_its_address(step, said):
    assert told(step) == (f"`table.foreach` {said}",)


def test_what_is_refused_is_told_but_for_what_another_tool_has_which_the_handover_is_about():
    owned = Block("MF4102", "`t` belongs to the CloudFormation stack `old`", "hand it over")
    other = Block("MF4103", "`t` is protected", "lift it")
    step = Step(TABLE, Action.ADOPT, changes=(TAGS,), blocks=(owned, other))
    assert told(step) == ("`table.foreach` is refused: `t` is protected",)


def test_a_guard_of_the_whole_plan_is_told():
    guard = Block("MF4104", "6 resources would be deleted", "`--max-deletes 6`")
    assert told(guards=(guard,)) == ("the plan as a whole is refused: 6 resources would be deleted",)


SCOPE = Scope("prod", "123456789012", "us-east-1")
QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/metaflow"


@pytest.mark.parametrize(
    ("key", "value", "gives", "differs"),
    [
        ("METAFLOW_BATCH_JOB_QUEUE", "metaflow", {"queue": "metaflow"}, False),
        ("METAFLOW_BATCH_JOB_QUEUE", QUEUE, {"queue": "metaflow"}, False),
        ("METAFLOW_BATCH_JOB_QUEUE", QUEUE.replace("1234", "4321"), {"queue": "metaflow"}, True),
        ("METAFLOW_BATCH_JOB_QUEUE", "other", {"queue": "metaflow"}, True),
        ("METAFLOW_BATCH_JOB_QUEUE", "metaflow", {}, True),
        ("METAFLOW_BATCH_CONTAINER_IMAGE", "", {}, False),
    ],
)
def test_a_setting_that_the_file_would_not_give_back_is_told(key, value, gives, differs):
    block = {"batch": gives} if gives else {}
    environment = Environment(SCOPE, {}, {}, block, Access(), Source("prod.yaml", "0"))
    plan = SimpleNamespace(survey=SimpleNamespace(observed={}))
    found = check.misread(environment, {key: value}, (), plan, {key: "text"})
    assert bool(found) is differs
    assert not differs or f"`{key}`" in found[0]
    assert check.misread(environment, {key: value}, (key,), plan, {key: "text"}) == (), "a secret stands in no file"
