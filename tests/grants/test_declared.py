"""What the drivers say that they send is what they send. The whole suite is held to it too: see `tests/declared.py`."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import declared
import golden
import pytest
import written_calls

from mfinfra import catalogue
from mfinfra.aws.calls import Answer
from mfinfra.model import Call, Drain, Settle

# The word for the direction is put into the operation's name, and golden cases have the other one.
SPELLED = {"ec2:UpdateSecurityGroupRuleDescriptionsEgress"}


def calls_of(effect):
    match effect:
        case Call():
            return [effect]
        case Settle():
            return [effect.question, *([effect.nudge] if effect.nudge else [])]
        case Drain():
            return [effect.question, effect.call]


@cache
def sent():
    """By kind, every operation that its golden cases ask and write."""
    found = defaultdict(set)
    for kind, case in golden.cases():
        resource = golden.resource_of(kind, case)
        answers = golden.unfold(case.get("answers", {}), kind)
        asking = catalogue.driver(kind).observe(resource)
        try:
            questions = next(asking)
            while True:
                found[kind] |= {str(question) for question in questions}
                questions = asking.send(tuple(golden.answer_for(question, answers) for question in questions))
        except StopIteration:
            pass
        _, step = golden.planned(kind, case)
        found[kind] |= {str(call) for effect in (*step.effects, *step.retire) for call in calls_of(effect)}
    return found


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_a_driver_declares_what_its_golden_cases_send(kind):
    sends = catalogue.driver(kind).sends

    assert sent()[kind] - {*sends.reads, *sends.writes} == set()


def test_nothing_is_declared_that_nobody_sends():
    written = {
        f"{service}:{name}" for service, name in written_calls.pairs(("Call", "Ask", "Read"), without=["sandbox"])
    }
    known = written.union(*sent().values())
    declared_by = {
        name: kind
        for kind in catalogue.kinds()
        for name in (*catalogue.driver(kind).sends.reads, *catalogue.driver(kind).sends.writes)
    }

    assert {name: kind for name, kind in declared_by.items() if name not in known | SPELLED} == {}


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_reads_read_and_writes_write(kind):
    sends = catalogue.driver(kind).sends
    reading = ("Describe", "Get", "List", "Head")

    assert [name for name in sends.reads if not name.partition(":")[2].startswith(reading)] == []
    looks = {name for name in sends.writes if name.partition(":")[2].startswith(reading)}
    assert looks <= set(sends.deletes), "only what is emptied is looked through"


def test_a_call_that_nobody_declared_fails_the_test_that_has_it_sent():
    perform = declared.only(lambda client, call: Answer({}), lambda: False)

    assert perform(None, Call("s3", "HeadBucket")).document == {}
    with pytest.raises(AssertionError, match="s3:DeleteBucketCors"):
        perform(None, Call("s3", "DeleteBucketCors"))
