import json
from copy import deepcopy

from mfinfra.render import fields, policies

READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
TAG = {"Sid": "Tag", "Effect": "Allow", "Action": ["batch:TagResource"], "Resource": "*"}
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data"}
LEAF = fields.Leaf(("policies", "own", "Statement", 0, "Action", 0), "a", "b")
OTHER = fields.Leaf(("max_session_seconds",), 1, 2)


def document(*statements):
    return {"Version": "2012-10-17", "Statement": deepcopy(list(statements))}


def restated(before, after, *leaves):
    change = {"before": {"policies": {"own": before}}, "after": {"policies": {"own": after}}}
    found = policies.restated(leaves or (LEAF,), change, "aws")
    return [(fields.inert.path(leaf.path).removeprefix("policies.own."), leaf.before, leaf.after) for leaf in found]


def test_a_statement_that_is_gone_moves_no_other():
    assert [row[0] for row in restated(document(TAG, READ, LIST), document(LIST, READ))] == ["Statement.Tag"]


def test_a_statement_is_known_by_its_sid_wherever_it_stands():
    wider = READ | {"Action": ["s3:PutObject", "s3:GetObject"]}
    assert restated(document(READ, TAG), document(TAG, wider)) == [("Statement.Read.Action[1]", None, "s3:PutObject")]


def test_a_statement_without_a_sid_is_known_by_what_it_shares():
    moved = LIST | {"Resource": "arn:aws:s3:::other"}
    assert restated(document(READ, LIST), document(moved, READ)) == [
        ("Statement[0].Resource[0]", "arn:aws:s3:::data", None),
        ("Statement[0].Resource[0]", None, "arn:aws:s3:::other"),
    ]


def test_a_new_statement_is_shown_whole():
    ((path, before, after),) = restated(document(READ), document(READ, TAG))
    assert (path, before, after["Action"]) == ("Statement.Tag", None, ["batch:TagResource"])


def test_a_policy_that_comes_as_text_is_compared_like_any_other():
    assert [row[0] for row in restated(json.dumps(document(TAG, READ)), document(READ))] == ["Statement.Tag"]


def test_leaves_of_other_fields_and_the_order_of_all_stay():
    paths = [row[0] for row in restated(document(TAG, READ), document(READ), OTHER, LEAF, LEAF)]
    assert paths == ["max_session_seconds", "Statement.Tag"]


def test_what_is_not_known_yet_or_no_policy_at_all_is_shown_by_its_place():
    unknown = fields.Leaf(LEAF.path, "a", {"unknown": "key.own.arn"})
    assert restated(document(READ), document(TAG), unknown)[0][0] == "Statement[0].Action[0]"
    assert restated(document(READ), "{not json")[0][0] == "Statement[0].Action[0]"
    assert restated(document(READ), document(READ))[0][0] == "Statement[0].Action[0]"
    assert restated(None, document(READ))[0][0] == "Statement[0].Action[0]"
