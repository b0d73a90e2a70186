"""Policy documents that come whole, in brief."""

import json

import pytest

from mfinfra.render import fields, policies, values

READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::data/*"]}
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data"}
UNKNOWN = values.Unknown()


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def brief(after, before=None):
    found = list(policies.briefly(fields.Leaf(("policies",), before, after)))
    return {fields.inert.path(leaf.path): leaf.after for leaf in found}


def line(statement):
    (value,) = brief(document(statement)).values()
    (only,) = value.lines
    return only


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (READ, "Read: allow s3:GetObject on 1 resource"),
        (LIST, "allow s3:ListBucket on 1 resource"),
        (READ | {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a", "b"]},
         "Read: allow s3:GetObject, s3:PutObject on 2 resources"),
        (READ | {"Action": [f"s3:Action{n}" for n in range(12)], "Resource": ["a", "*"]},
         "Read: allow 12 actions on *"),
        (READ | {"Resource": ["a", UNKNOWN]}, "Read: allow s3:GetObject on 2 resources"),
        ({"Effect": "Deny", "NotAction": "s3:*", "NotResource": ["a"]}, "deny all but s3:* on all but 1 resource"),
        ({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["a.amazonaws.com"], "AWS": "1"},
          "Condition": {"StringEquals": {"a": "b", "c": "d"}, "ArnLike": {"e": "f"}}},
         "allow sts:AssumeRole by a.amazonaws.com, 1 under 3 conditions"),
        ({"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}, "deny * on * by *"),
        ({"Effect": "Allow", "Action": "*", "NotPrincipal": {"AWS": [f"arn:{n}:aws:iam" for n in range(9)]}},
         "allow * by all but 9 principals"),
        ({"Sid": "a\nb\x1b", "Effect": "Allow", "Action": "::error::"}, "a\\nb\\u001b: allow ::error::"),
    ],
)  # fmt: skip
def test_a_statement_is_one_line(statement, said):
    assert line(statement) == said


def test_policies_by_name_are_told_one_by_one_also_where_they_come_as_text():
    found = brief({"own": document(READ, LIST), "other": json.dumps(document(LIST))})
    assert {name: len(value.lines) for name, value in found.items()} == {"policies.own": 2, "policies.other": 1}
    assert brief(json.dumps(document(LIST))).keys() == {"policies"}


@pytest.mark.parametrize(
    "value",
    [
        "text", ["a"], {}, {"own": {}}, {"own": document(READ), "b": {"Version": "x"}}, UNKNOWN, {"own": UNKNOWN},
        {"Statement": "text"}, {"Statement": ["text"]}, {"Statement": [{"Sid": "x"}]}, {"Statement": []},
    ],
)  # fmt: skip
def test_what_is_no_policy_stays_whole(value):
    assert brief(value) == {"policies": value}


def test_a_policy_that_was_there_before_stays_as_it_is():
    assert brief(document(READ), before=document(LIST)) == {"policies": document(READ)}
