"""What AWS would refuse is found, at its place; what AWS accepts is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

import pytest

from mfinfra import policy
from mfinfra.policy_lint import Kind, problems


@dataclass(frozen=True)
class Later:
    """Stands for a value that only AWS knows."""

    name: str


IDENTITY = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}
RESOURCE = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
WHOLE = {"identity": IDENTITY, "trust": TRUST, "resource": RESOURCE}


def lint(kind: str = "identity", /, **elements: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The problems of a document with one statement, `elements` replaced; `None` removes one. Paths are relative."""
    statement = {key: value for key, value in {**WHOLE[kind], **elements}.items() if value is not None}
    found = problems(policy.document([statement]), kind=kind)  # type: ignore[arg-type]
    assert all(path[:2] == ("Statement", 0) for path, _ in found)
    return [(path[2:], message) for path, message in found]


@pytest.mark.parametrize(
    ("kind", "elements"),
    [
        ("identity", {}),
        ("trust", {}),
        ("resource", {}),
        ("resource", {"Resource": None}),
        ("resource", {"Principal": None, "NotPrincipal": {"AWS": "*"}}),
        ("identity", {"Action": "*"}),
        ("identity", {"Action": None, "NotAction": ["s3:*", "ec2:Describe*"]}),
        ("identity", {"Resource": None, "NotResource": "arn:aws:s3:::b"}),
        ("identity", {"Resource": ["arn:aws:s3:::${aws:username}", "${anything}", "arn:aws:*"]}),
        ("identity", {"Resource": [Later("a"), "*"], "Action": Later("b"), "Effect": Later("c"), "Sid": Later("d")}),
        ("identity", {"Condition": {"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": ["a"]}, "Null": {"a": True}}}),
        ("identity", {"Condition": {"SomethingNew": {"a": 1}, Later("o"): Later("b")}}),
        ("trust", {"Principal": Later("who")}),
        ("trust", {"Principal": {"AWS": [Later("who"), "123456789012"]}, "Condition": Later("when")}),
        ("resource", {"Sid": "Enable IAM User Permissions"}),
    ],
)
def test_a_right_document_has_no_problems(kind, elements):
    assert lint(kind, **elements) == []


WRONG = [
    ("identity", {"Efect": "Deny"}, ("Efect",), "`Efect` is not a key of a statement: did you mean `Effect`?"),
    ("identity", {"actions": "s3:*"}, ("actions",), "`actions` is not a key of a statement: did you mean `Action`?"),
    ("identity", {"Zzz": 1}, ("Zzz",), "`Zzz` is not a key of a statement"),
    ("identity", {"Effect": None}, (), "the statement has no `Effect`"),
    ("identity", {"Effect": "allow"}, ("Effect",), "`allow` is neither `Allow` nor `Deny`: did you mean `Allow`?"),
    ("identity", {"Effect": ["Allow"]}, ("Effect",), "one text must stand here, not a list"),
    ("identity", {"Effect": True}, ("Effect",), "`True` must be text: put it in quotes"),
    ("identity", {"Sid": 7}, ("Sid",), "`7` must be text: put it in quotes"),
    ("identity", {"Action": None}, (), "the statement has no `Action`"),
    ("identity", {"Action": []}, (), "the statement has no `Action`"),
    ("identity", {"NotAction": "s3:*"}, (), "`Action` and `NotAction` cannot stand in one statement"),
    (
        "identity",
        {"Action": ["s3:*", "GetObject"]},
        ("Action", 1),
        "`GetObject` is not an action: it takes the form `service:Operation`, as in `s3:GetObject`",
    ),
    (
        "identity",
        {"Action": "s3:"},
        ("Action",),
        "`s3:` is not an action: it takes the form `service:Operation`, as in `s3:GetObject`",
    ),
    ("identity", {"Action": [{"s3": "GetObject"}]}, ("Action", 0), "one text must stand here, not an object"),
    ("identity", {"Resource": None}, (), "the statement has no `Resource`"),
    ("identity", {"Resource": "bucket"}, ("Resource",), "`bucket` is neither `*` nor an ARN"),
    ("identity", {"Resource": ["*", "arn:aws:s3"]}, ("Resource", 1), "`arn:aws:s3` is neither `*` nor an ARN"),
    ("identity", {"Resource": [5]}, ("Resource", 0), "`5` must be text: put it in quotes"),
    ("identity", {"NotResource": "*"}, (), "`Resource` and `NotResource` cannot stand in one statement"),
    ("identity", {"Principal": "*"}, ("Principal",), "`Principal` cannot stand in an identity policy"),
    ("identity", {"NotPrincipal": "*"}, ("NotPrincipal",), "`NotPrincipal` cannot stand in an identity policy"),
    ("trust", {"Principal": None}, (), "the statement has no `Principal`"),
    ("trust", {"Principal": {"Service": []}}, (), "the statement has no `Principal`"),
    ("resource", {"Principal": None}, (), "the statement has no `Principal`"),
    ("resource", {"NotPrincipal": "*"}, (), "`Principal` and `NotPrincipal` cannot stand in one statement"),
    (
        "trust",
        {"Resource": "*"},
        ("Resource",),
        "`Resource` cannot stand in a trust policy: the role itself is the resource",
    ),
    (
        "trust",
        {"Principal": None, "NotPrincipal": {"AWS": "*"}},
        ("NotPrincipal",),
        "`NotPrincipal` cannot stand in a trust policy",
    ),
    (
        "trust",
        {"Principal": "batch.amazonaws.com"},
        ("Principal",),
        '`Principal` is `"*"` or maps a type to names, as in `{"Service": "batch.amazonaws.com"}`',
    ),
    (
        "trust",
        {"Principal": {"Services": "batch.amazonaws.com"}},
        ("Principal", "Services"),
        "`Services` is not a type of principal: did you mean `Service`?",
    ),
    (
        "trust",
        {"Principal": {"AWS": ["*", 123456789012]}},
        ("Principal", "AWS", 1),
        "`123456789012` must be text: put it in quotes",
    ),
    (
        "identity",
        {"Condition": "Bool"},
        ("Condition",),
        '`Condition` maps an operator to keys and values, as in `{"Bool": {"aws:SecureTransport": "true"}}`',
    ),
    ("identity", {"Condition": {"Bool": "x"}}, ("Condition", "Bool"), "`Bool` maps a condition key to its values"),
    (
        "identity",
        {"Condition": {"ForAnyValue:stringlikeIfExists": {"a": "b"}}},
        ("Condition", "ForAnyValue:stringlikeIfExists"),
        "`ForAnyValue:stringlikeIfExists` is written with the wrong case: IAM knows `StringLike`",
    ),
]


@pytest.mark.parametrize(("kind", "elements", "path", "message"), WRONG)
def test_a_wrong_statement_is_found_at_its_place(kind, elements, path, message):
    assert lint(kind, **elements) == [(path, message)]


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"Statement": [IDENTITY], "Versions": "2012-10-17"}, ("Versions",), "did you mean `Version`?"),
        ({"Statement": [IDENTITY], "Version": "2012-10-18"}, ("Version",), "neither `2012-10-17` nor `2008-10-17`"),
        ({"Statement": [IDENTITY], "Version": date(2012, 10, 17)}, ("Version",), "`2012-10-17` must be text"),
        ({"Version": "2012-10-17"}, (), "the document has no `Statement`"),
        ({"Statement": []}, (), "the document has no `Statement`"),
        ({"Statement": ["s3:*"]}, ("Statement", 0), "a statement is an object"),
        ({"Statement": 3}, ("Statement",), "a statement is an object"),
        ({"Statement": {**IDENTITY, "Resource": "b"}}, ("Statement", "Resource"), "`b` is neither `*` nor an ARN"),
        (
            {"Statement": [{**IDENTITY, "Sid": "A"}] * 2},
            ("Statement", 1, "Sid"),
            "`A` is taken by an earlier statement",
        ),
        ("{", (), "not valid JSON"),
    ],
)
def test_a_wrong_document_is_found_at_its_place(document, path, message):
    [(found, sentence)] = problems(document, kind="identity")
    assert found == path
    assert message in sentence


@pytest.mark.parametrize("empty_sid", ["", None])
def test_statements_without_a_sid_do_not_repeat_one(empty_sid):
    assert problems({"Statement": [{**IDENTITY, "Sid": empty_sid}] * 2}, kind="identity") == []


def test_no_document_is_right_except_for_a_trust_policy():
    assert problems({}, kind="identity") == []
    assert problems(None, kind="resource") == []
    assert problems({}, kind="trust") == [((), "the document has no `Statement`")]


def test_a_document_that_is_known_later_in_part_is_not_judged():
    assert problems({"Version": Later("v"), "Statement": [Later("s"), IDENTITY], Later("k"): 1}, kind="identity") == []
    assert problems({"Statement": Later("all")}, kind="trust") == []


def test_a_trust_policy_may_have_2048_characters_and_no_more():
    def trust(filler: int) -> str:
        return json.dumps(policy.trust(["batch.amazonaws.com", "x" * filler]), indent=8)

    room = 2048 - policy.size(trust(1)) + 1
    assert policy.size(trust(room)) == 2048
    assert problems(trust(room), kind="trust") == []
    assert problems(trust(room + 1), kind="trust") == [
        ((), "the trust policy has 2049 characters, and AWS's default quota is 2048")
    ]
    assert problems(policy.document([{**IDENTITY, "Sid": "x" * 3000}]), kind="identity") == []


MALFORMED = [
    {"Statement": [1, None, "a", {}, [], [{}]], 3: 4, None: 5, "Version": []},
    {"Statement": [{"Effect": {}, "Sid": [], "Action": [[], {}, None, 3.5], "Resource": [None, True], 3: 4}]},
    {"Statement": [{"Principal": ["*"], "Condition": {"Bool": [], 3: 4, "Null": None}}]},
    {"Statement": [{"Principal": {"AWS": [{}, None]}, "NotPrincipal": 3, "Condition": 5}]},
    {"Statement": [{"Principal": False, "Condition": [1], "Effect": float("nan")}]},
]


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("document", MALFORMED)
def test_a_document_of_any_shape_gets_sentences_and_no_traceback(document, kind):
    found = problems(document, kind=kind)
    assert found
    for path, message in found:
        assert isinstance(path, tuple)
        assert not message.endswith(".")
        assert "\n" not in message


@pytest.mark.parametrize("document", [policy.trust(["a.amazonaws.com"], ["123456789012"]), policy.trust(["x"])])
def test_what_we_build_has_no_problems(document):
    assert problems(document, kind="trust") == []
