"""A field that differs, taken apart into the leaves that differ; and when two values are the same at all."""

from __future__ import annotations

import json

import pytest

from mfinfra import compare, schemas
from mfinfra.model import Address, FieldChange, Ref, Scope, Template
from mfinfra.planning import diff

SCOPE = Scope("test", "123456789012", "us-east-1")
TRAITS = schemas.Traits(
    "toy", ("name", "options", "policy", "many", "order", "rules"), frozenset(), {}, frozenset(),
    sets=frozenset({("many",), ("rules",)}), policies=frozenset({("policy",), ("policies", "*")}), refers_to={},
    attributes={}, holds_data=False,
)  # fmt: skip
KEY = Ref(Address("key", "k"), "arn")
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [ALLOW]}
JSON_WITH_KEY = Template((json.dumps(POLICY).removesuffix('*"}]}'), KEY, '"}]}'))


def leaves(field, before, after, replaces=False):
    change = FieldChange((field,), before, after, replaces)
    return [(leaf.path, leaf.before, leaf.after) for leaf in diff.explain(change, TRAITS, SCOPE)]


@pytest.mark.parametrize(
    ("field", "before", "after", "expected"),
    [
        ("name", "a", "b", [(("name",), "a", "b")]),
        ("options", {"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 9, "d": 3}}, [(("options", "b", "c"), 2, 9)]),
        ("options", {"a": 1}, {"a": 1, "b": 2}, [(("options", "b"), None, 2)]),
        ("options", {"a": 1, "b": 2}, {"a": 1}, [(("options", "b"), 2, None)]),
        ("options", {"a": 1}, {"a": "x"}, [(("options", "a"), 1, "x")]),
        ("options", {"a": [1, 2]}, {"a": [2, 1]}, [(("options", "a"), [1, 2], [2, 1])]),
        ("many", ["a", "b"], ["c", "b"], [(("many", 0), "a", None), (("many", 1), None, "c")]),
        ("order", ["a", "b"], ["b", "a"], [(("order",), ["a", "b"], ["b", "a"])]),
        ("options", {"a": "x"}, {"a": KEY}, [(("options", "a"), "x", KEY)]),
        ("options", {"a": {"b": 1}}, {"a": KEY}, [(("options", "a"), {"b": 1}, KEY)]),
        (
            "options",
            {"a": ["x", KEY]},
            {"a": [KEY, "y"]},
            [(("options", "a", 0), "x", None), (("options", "a", 1), None, "y")],
        ),
        ("options", {"unknown": "x"}, {"unknown": "y"}, [(("options", "unknown"), "x", "y")]),
        ("order", ["a", "b", "c"], ["c", "a"], [(("order",), ["a", "b", "c"], ["c", "a"])]),
        ("order", ["a", "b", "c"], ["a", "c", "d"], [(("order", 1), "b", None), (("order", 2), None, "d")]),
        (
            "options",
            {"a": {"b": 1}},
            {"a": {"c": 1}},
            [(("options", "a", "b"), 1, None), (("options", "a", "c"), None, 1)],
        ),
        ("options", {"a": 1}, "x", [(("options",), {"a": 1}, "x")]),
        ("options", {"a": 1}, KEY, [(("options",), {"a": 1}, KEY)]),
        ("options", None, {"a": 1}, [(("options",), None, {"a": 1})]),
    ],
)
def test_only_what_differs_is_told_each_at_its_own_path(field, before, after, expected):
    assert leaves(field, before, after) == expected


def test_a_set_tells_what_came_and_what_went():
    found = leaves("rules", [{"port": 1}, {"port": 2}], [{"port": 2}, {"port": 3}, {"port": 4}])

    assert found == [
        (("rules", 0), {"port": 1}, None), (("rules", 1), None, {"port": 3}), (("rules", 2), None, {"port": 4}),
    ]  # fmt: skip


HTTPS = {"protocol": "tcp", "port": 443, "cidr": "10.0.0.0/8"}
SSH = {"protocol": "tcp", "port": 22, "cidr": "10.0.0.0/8"}
ABORT = {"id": "abort", "abort_upload_days": 7}
KEEP = {"id": "keep", "prefix": "logs/", "noncurrent_days": 30}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([HTTPS, SSH], [SSH, {**HTTPS, "cidr": "0.0.0.0/0"}], [((0, "cidr"), "10.0.0.0/8", "0.0.0.0/0")]),
        ([HTTPS, SSH], [SSH], [((1,), HTTPS, None)]),
        ([HTTPS], [{"protocol": "udp", "port": 53, "cidr": "10.0.0.0/8"}],
         [((0,), HTTPS, None), ((0,), None, {"protocol": "udp", "port": 53, "cidr": "10.0.0.0/8"})]),
        ([KEEP, ABORT], [{**ABORT, "abort_upload_days": 3}, KEEP], [(("abort", "abort_upload_days"), 7, 3)]),
        ([KEEP, ABORT], [KEEP], [(("abort",), ABORT, None)]),
        ([KEEP], [{**KEEP, "id": "kept"}], [(("kept", "id"), "keep", "kept")]),
        ([KEEP], [{"id": "keep", "expiration_days": 1}],
         [(("keep", "expiration_days"), None, 1), (("keep", "noncurrent_days"), 30, None),
          (("keep", "prefix"), "logs/", None)]),
        ([KEEP, {**KEEP, "prefix": "a"}], [KEEP, {**KEEP, "prefix": "b"}], [((0, "prefix"), "a", "b")]),
    ],
    ids=["alike", "one gone", "another", "one id", "one id gone", "renamed", "one id and nothing else", "one id twice"],
)  # fmt: skip
def test_a_member_of_a_set_is_known_by_its_id_or_by_what_it_shares(before, after, expected):
    assert [(path[1:], old, new) for path, old, new in leaves("rules", before, after)] == expected


READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::data/*"]}
TAG = {"Sid": "Tag", "Effect": "Allow", "Action": ["batch:TagResource"], "Resource": ["*"]}
LIST = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::data"]}
WIDER = {**READ, "Action": ["s3:PutObject", "s3:GetObject"]}
MOVED = {**LIST, "Resource": ["arn:aws:s3:::other"]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([TAG, READ, LIST], [LIST, READ], [(("Tag",), TAG, None)]),
        ([READ], [READ, TAG], [(("Tag",), None, TAG)]),
        ([READ, TAG], [TAG, WIDER], [(("Read", "Action", 1), None, "s3:PutObject")]),
        ([READ, LIST], [MOVED, READ],
         [((1, "Resource", 0), "arn:aws:s3:::data", None), ((1, "Resource", 0), None, "arn:aws:s3:::other")]),
        ([READ], [{**READ, "Sid": "ReadData"}], [(("ReadData", "Sid"), "Read", "ReadData")]),
        ([READ], [{**READ, "Resource": [KEY]}],
         [(("Read", "Resource", 0), "arn:aws:s3:::data/*", None), (("Read", "Resource", 0), None, KEY)]),
    ],
    ids=["one gone", "one new", "by its Sid", "by what it shares", "renamed", "known after apply"],
)  # fmt: skip
def test_a_statement_that_comes_or_goes_moves_no_other(before, after, expected):
    found = leaves("policy", *({"Version": "2012-10-17", "Statement": side} for side in (before, after)))

    assert {path[:2] for path, _, _ in found} == {("policy", "Statement")}
    assert [(path[2:], old, new) for path, old, new in found] == expected


def test_a_policy_is_told_by_structure_whether_it_is_text_or_not():
    after = {**POLICY, "Statement": [{**ALLOW, "Action": ["s3:GetObject", "s3:PutObject"]}]}
    found = leaves("policy", json.dumps(POLICY), after)

    assert [(path[-2:], before, now) for path, before, now in found] == [(("Action", 1), None, "s3:PutObject")]


def test_that_a_change_replaces_is_kept_for_every_leaf():
    change = FieldChange(("options",), {"a": 1, "b": 1}, {"a": 2, "b": 2}, replaces=True)

    assert [leaf.replaces for leaf in diff.explain(change, TRAITS, SCOPE)] == [True, True]


def test_leaves_stand_in_one_order():
    before, after = ({f"k{number}": value for number in range(9)} for value in (1, 2))

    assert [path[1] for path, _, _ in leaves("options", before, after)] == sorted(before)


def same(field, one, two, *path):
    place = (field, *path)
    return compare.canonical(one, TRAITS, SCOPE, place) == compare.canonical(two, TRAITS, SCOPE, place)


@pytest.mark.parametrize(
    ("field", "one", "two"),
    [
        ("many", ["a", "b"], ["b", "a", "a"]),
        ("many", (), None),
        ("rules", [{"a": 1, "b": []}], [{"b": None, "a": 1.0}]),
        ("options", {"a": "", "b": {}}, {}),
        ("policy", POLICY, json.dumps({"Statement": ALLOW, "Version": "2012-10-17"})),
        ("policy", "", None),
        ("policies", {"p": POLICY}, {"p": json.dumps(POLICY), "q": ""}),
        ("many", ["a", KEY], [KEY, "a"]),
    ],
)  # fmt: skip
def test_promise_2_equal_forms_are_the_same(field, one, two):
    assert same(field, one, two)


@pytest.mark.parametrize(
    ("field", "one", "two"),
    [
        ("order", ["a", "b"], ["b", "a"]),
        ("options", {"a": False}, {}),
        ("options", {"a": 0}, {}),
        ("options", {"a": KEY}, {"a": str(KEY)}),
        ("policy", POLICY, {**POLICY, "Statement": [{**ALLOW, "Effect": "Deny"}]}),
    ],
)
def test_what_means_something_else_is_not_the_same(field, one, two):
    assert not same(field, one, two)


@pytest.mark.parametrize("unknown", [KEY, JSON_WITH_KEY], ids=["a reference", "text around one"])
@pytest.mark.parametrize(("field", "path"), [("policy", ()), ("policies", ("p",))])
def test_a_policy_that_is_known_after_apply_differs_from_any_that_is_known(unknown, field, path):
    assert compare.canonical(unknown, TRAITS, SCOPE, (field, *path)) == unknown
    assert not same(field, unknown, POLICY, *path)
    assert leaves("policy", POLICY, unknown) == [(("policy",), POLICY, unknown)]
