from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfinfra import policy
from mfinfra.errors import UserError
from mfinfra.grants import fit
from mfinfra.grants.grant import Grant, condition, statements

names = st.text("abcdefghij", min_size=1, max_size=12)
grants = st.builds(
    Grant,
    st.sampled_from(["Bucket", "Table", "Role"]),
    st.builds("s3:{}".format, names),
    st.lists(st.builds("arn:aws:s3:::{}".format, names), min_size=1, max_size=4).map(tuple),
    st.sampled_from([(), (("StringEquals", "aws:RequestTag/mfinfra:environment", ("prod",)),)]),
)


def listed(value):
    return value if isinstance(value, list) else [value]


def said(items):
    """Every action on every resource under which condition."""
    return {
        (action, resource, json.dumps(item.get("Condition"), sort_keys=True))
        for item in items
        for action in listed(item["Action"])
        for resource in listed(item["Resource"])
    }


@given(st.lists(grants, min_size=1, max_size=12))
def test_statements_say_what_the_grants_say_and_no_more(found):
    wished = {
        (
            one.action,
            resource,
            json.dumps(policy.statement("", "", condition=condition(one.tests)).get("Condition"), sort_keys=True),
        )
        for one in found
        for resource in one.resources
    }

    made = statements(found)

    assert said(made) == wished
    assert len({item["Sid"] for item in made}) == len(made)


@given(st.lists(grants, min_size=1, max_size=12), st.integers(400, 900))
def test_policies_that_fit_say_the_same_as_one_that_does_not(found, size):
    made = statements(found)

    cut = fit.documents(made, size)

    assert all(policy.size(document) <= size for document in cut)
    assert said([item for document in cut for item in document["Statement"]]) == said(made)
    for document in cut:
        sids = [item["Sid"] for item in document["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(sid.isalnum() for sid in sids)


def policies(count):
    many = [
        Grant(f"Cause{number}", f"s3:Action{number}", tuple(f"arn:aws:s3:::{number}-{n:0>60}" for n in range(60)))
        for number in range(count)
    ]

    return fit.documents(statements(many))


def test_what_takes_a_higher_quota_is_told_all_the_same():
    assert len(policies(20)) == 20


def test_more_policies_than_a_role_ever_takes_are_an_error():
    with pytest.raises(UserError, match="21 managed policies") as refusal:
        policies(21)
    assert refusal.value.code == "MF5502"
