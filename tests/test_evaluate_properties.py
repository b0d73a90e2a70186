"""What holds of decisions about any policies."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mfinfra.evaluate import Decision, Request, UnjudgedError, decide, judge

pytestmark = pytest.mark.slow
quick = settings(max_examples=40)
ACTIONS = ["*", "s3:*", "s3:GetObject", "s3:getobject", "s3:P?t*", "ec2:RunInstances"]
RESOURCES = ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::c"]
CONDITIONS = [
    {},
    {"StringEquals": {"aws:username": ["k", "j"]}},
    {"StringNotLike": {"aws:username": "k*"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
    {"Null": {"aws:TagKeys": "true"}},
    {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:max-keys": 10}},
]


def several(values):
    return some.lists(some.sampled_from(values), min_size=1, max_size=3)


@some.composite
def statements(draw, effects=("Allow", "Deny")):
    action, resource = draw(some.sampled_from(["Action", "NotAction"])), "Resource"
    return {
        "Effect": draw(some.sampled_from(effects)),
        action: draw(several(ACTIONS)),
        resource: draw(several(RESOURCES)),
        "Condition": deepcopy(draw(some.sampled_from(CONDITIONS))),
    }


documents = some.builds(
    lambda items: {"Version": "2012-10-17", "Statement": items}, some.lists(statements(), max_size=4)
)
sets = some.lists(documents, max_size=3)
requests = some.builds(
    Request,
    some.sampled_from(["s3:GetObject", "s3:PutObject", "ec2:RunInstances"]),
    some.sampled_from(["arn:aws:s3:::b/k", "arn:aws:s3:::c", "*"]),
    some.dictionaries(
        some.sampled_from(["aws:username", "aws:SecureTransport", "aws:TagKeys"]), some.just(["true"]), max_size=3
    ),
)


def one(*items):
    return {"Version": "2012-10-17", "Statement": list(items)}


@quick
@given(requests, sets, statements(effects=["Allow"]))
def test_another_allow_never_takes_anything_away(request, policies, more):
    before, after = decide(request, policies), decide(request, [*policies, one(more)])
    assert after == before or (before, after) == (Decision.IMPLICIT_DENY, Decision.ALLOWED)


@quick
@given(requests, sets, statements(effects=["Deny"]))
def test_another_deny_never_allows_anything(request, policies, more):
    before, after = decide(request, policies), decide(request, [*policies, one(more)])
    assert after in (before, Decision.EXPLICIT_DENY)


@quick
@given(requests, sets, some.randoms(use_true_random=False))
def test_neither_order_nor_grouping_of_statements_makes_a_difference(request, policies, random):
    before = decide(request, policies)
    items = [item for policy in policies for item in policy["Statement"]]
    random.shuffle(items)
    assert decide(request, [one(*items)]) == before
    assert decide(request, [one(item) for item in items]) == before


@quick
@given(requests, sets, documents)
def test_a_boundary_never_allows_more(request, policies, boundary):
    free, bound = decide(request, policies), decide(request, policies, boundary=boundary)
    assert free in (bound, Decision.ALLOWED) or bound == Decision.EXPLICIT_DENY
    assert bound != Decision.ALLOWED or decide(request, [boundary]) == Decision.ALLOWED


@quick
@given(requests, sets)
def test_a_decision_follows_from_the_statements_that_matched(request, policies):
    found = judge(request, policies)
    effects = {item.effect for item in found.matched}
    expected = Decision.EXPLICIT_DENY if "Deny" in effects else Decision.IMPLICIT_DENY
    assert found.decision == (Decision.ALLOWED if effects == {"Allow"} else expected)
    for item in found.matched:
        assert policies[item.policy]["Statement"][item.statement]["Effect"] == item.effect


@quick
@given(requests, some.lists(statements(), min_size=1, max_size=4), some.randoms(use_true_random=False))
def test_whether_something_is_judged_does_not_hang_on_the_order_of_values(request, items, random):
    values = [*RESOURCES, object(), "${aws:userid}"]

    def outcome():
        try:
            return decide(request, [one(*({**item, "Resource": random.sample(values, 6)} for item in items))])
        except UnjudgedError:
            return "unjudged"

    assert len({outcome() for _ in range(4)}) == 1
