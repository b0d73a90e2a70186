"""What is not known everywhere yet: a role that was made a moment ago explains what would be a bad end without it."""

from __future__ import annotations

import pytest
from test_carry import QUEUE, ROLE, Scripted

from mfinfra.aws.clock import Clock
from mfinfra.carry import Carrier
from mfinfra.errors import AwsError
from mfinfra.model import Address, Call, Settle, Waiting

ENVIRONMENT = Address("compute_environment", "cpu")
DESCRIBE = Call("batch", "DescribeComputeEnvironments", {"computeEnvironments": ["c"]})
NUDGE = Call("batch", "UpdateComputeEnvironment", {"computeEnvironment": "c", "state": "ENABLED"})
USABLE = Settle(DESCRIBE, "status", "Batch is creating `c`", ("VALID",), ("INVALID",), "reason", nudge=NUDGE)
UNSEEN = {"status": "INVALID", "reason": "CLIENT_ERROR - User: x is not authorized to perform: ecs:DescribeClusters"}


def settled(answers, clock=None, **known):
    """What was sent, what was told, and the error if there was one; `known` is what the carrier knows of roles."""
    aws, events = Scripted({"DescribeComputeEnvironments": answers}, clock or Clock(pace=0)), []
    carrier = Carrier(aws, ENVIRONMENT, events.append, {}, **{"needs": frozenset({ROLE}), **known})
    try:
        carrier.run((USABLE,))
    except AwsError as error:
        return aws.operations(), events, error
    return aws.operations(), events, None


@pytest.mark.parametrize("known", [{"written": {ROLE}}, {"young": frozenset({ROLE})}], ids=["this run", "just before"])
def test_promise_11_a_young_role_makes_no_bad_end_and_aws_is_asked_to_look_again(known):
    sent, events, error = settled([UNSEEN, UNSEEN, {"status": "UPDATING"}, {"status": "VALID"}], **known)

    assert error is None
    assert sent.count("UpdateComputeEnvironment") == 2
    whys = [event.why for event in events if isinstance(event, Waiting)]
    assert "Batch does not see a new role" in whys[0], "the reason is said"
    assert UNSEEN["reason"] in whys[0], "with AWS's words"


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (UNSEEN, {}),
        (UNSEEN, {"written": {QUEUE, ENVIRONMENT}}),
        (UNSEEN, {"written": {ROLE}, "needs": frozenset()}),
        (UNSEEN, {"written": {QUEUE}, "needs": frozenset({QUEUE})}),
        ({"status": "INVALID", "reason": "CLIENT_ERROR - no such subnet"}, {"written": {ROLE}}),
        ({"status": "INVALID"}, {"written": {ROLE}}),
    ],
    ids=["an old role", "no role", "a role of others", "no role is needed", "no reason of roles", "no reason at all"],
)
def test_promise_11_a_bad_end_that_no_young_role_explains_fails_at_once(answer, known):
    sent, events, error = settled([answer, {"status": "VALID"}], **known)

    assert (sent, events) == (["DescribeComputeEnvironments"], [])
    assert error.message == answer.get("reason", "AWS gave no reason")


def test_promise_11_a_young_role_that_stays_wrong_fails_after_three_minutes_with_awss_words(monkeypatch):
    slept = []
    monkeypatch.setattr(Clock, "sleep", lambda self, seconds: slept.append(seconds))
    _, _, error = settled([UNSEEN], written={ROLE})

    assert sum(slept) == pytest.approx(180)
    assert (error.message, error.aws_code) == (UNSEEN["reason"], "INVALID")


@pytest.mark.parametrize(
    ("written", "fresh"), [(set(), False), ({QUEUE}, True), ({ROLE}, True), ({Address("role", "other")}, False)]
)
def test_what_this_run_has_written_or_needs_may_be_unknown_for_longer(written, fresh):
    told = []

    class Asking(Scripted):
        def write(self, call, waiting, *more):
            told.append(more[0]())
            return super().write(call, waiting)

    Carrier(Asking({}), QUEUE, lambda event: None, {}, needs=frozenset({ROLE}), written=written).run((Call("x", "Do"),))
    assert told == [fresh]
    assert QUEUE in written
