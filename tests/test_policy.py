"""Policy documents by example: read and compared."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from mfinfra import policy

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@dataclass(frozen=True)
class Later:
    """Stands for a value that only AWS knows."""

    name: str


def allow(**elements: Any) -> dict[str, Any]:
    """A document with one statement; `elements` replace or add to its elements, `None` removes one."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | elements
    kept = {key: value for key, value in statement.items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [kept]}


# Reading ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        allow(),
        json.dumps(allow()),
        f"\n  {json.dumps(allow(), indent=4)}\n",
        quote(json.dumps(allow())),
        quote(f" {json.dumps(allow())} "),
        json.dumps([allow()]),
        [allow()],
        {**allow(), "Statement": tuple(allow()["Statement"])},
    ],
)
def test_every_spelling_of_a_document_is_read(written):
    assert policy.parse(written) == allow()


@pytest.mark.parametrize("nothing", [None, "", "  \n", "{}", "[{}]", "null", {}, "%20"])
def test_nothing_is_read_as_an_empty_document(nothing):
    assert policy.parse(nothing) == {}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{"Version": }', "the policy document is not valid JSON at line 1, column 13: Expecting value"),
        ("{\n'a': 1}", "the policy document is not valid JSON at line 2, column 1"),
        ("s3:GetObject", "the policy document is not valid JSON"),
        ("[]", "one JSON object, not a list of 0"),
        ("[{}, {}]", "one JSON object, not a list of 2"),
        ("12", "one JSON object, not `12`"),
        ('"text"', "one JSON object, not `text`"),
        (Later("role"), "one JSON object, not"),
    ],
)
def test_what_is_not_one_object_is_refused_with_a_reason(written, message):
    with pytest.raises(ValueError, match="policy document") as caught:
        policy.parse(written)
    assert message in str(caught.value)


def test_a_percent_sign_inside_json_text_is_left_alone():
    assert policy.parse('{"Id": "100%25"}') == {"Id": "100%25"}


def test_a_plus_sign_in_url_encoded_text_stays_a_plus_sign():
    assert policy.parse("%7B%22Id%22%3A%22a+b%22%7D") == {"Id": "a+b"}


def test_what_is_read_shares_nothing_with_what_was_given():
    given_document = allow(Action=["s3:GetObject"])
    policy.parse(given_document)["Statement"][0]["Action"].append("s3:*")
    policy.canonical(given_document)["Statement"][0]["Action"].append("s3:*")
    assert given_document == allow(Action=["s3:GetObject"])


# The canonical form, by example --------------------------------------------------------------------------------------


def test_the_canonical_form_is_this():
    document = {
        "Statement": {
            "Resource": "*",
            "Action": ["s3:PutObject", "s3:GetObject", "s3:PutObject"],
            "Sid": "",
            "Principal": {"Service": "batch.amazonaws.com", "AWS": [ACCOUNT, ROOT], "Federated": []},
            "Condition": {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:Max-Keys": [20, "3"]}},
            "Effect": "allow",
        },
        "Id": "mine",
    }
    assert policy.canonical(document, partition="aws-cn") == {
        "Version": "2008-10-17",
        "Id": "mine",
        "Statement": [
            {
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Condition": {
                    "Bool": {"aws:securetransport": ["true"]},
                    "NumericLessThan": {"s3:max-keys": ["20", "3"]},
                },
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws-cn:iam::{ACCOUNT}:root"], "Service": ["batch.amazonaws.com"]},
                "Resource": ["*"],
            }
        ],
    }


@pytest.mark.parametrize("document", [None, "", {}, {"Version": "2012-10-17"}, {"Id": "x", "Statement": []}])
def test_a_document_without_a_statement_is_no_document(document):
    assert policy.canonical(document) == {}


SAME = [
    ("a single statement and a list of one", allow(), {**allow(), "Statement": allow()["Statement"][0]}),
    ("a missing version and the oldest one", {"Statement": allow()["Statement"]}, {**allow(), "Version": "2008-10-17"}),
    ("an empty Sid and none", allow(Sid=""), allow()),
    ("an effect in any case", allow(Effect="DENY"), allow(Effect="Deny")),
    ("everyone, in both spellings", allow(Principal="*"), allow(Principal={"AWS": "*"})),
    ("everyone, in a list", allow(Principal="*"), allow(Principal={"AWS": ["*"]})),
    ("not everyone, in both spellings", allow(NotPrincipal="*"), allow(NotPrincipal={"AWS": "*"})),
    ("an account and its root", allow(Principal={"AWS": ACCOUNT}), allow(Principal={"AWS": ROOT})),
    (
        "an account and its root in China",
        allow(Principal={"AWS": ACCOUNT}),
        allow(Principal={"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}),
    ),
    (
        "an account that YAML read as a number",
        allow(Principal={"AWS": 12345678901}),
        allow(Principal={"AWS": "012345678901"}),
    ),
    ("an empty list of principals and none", allow(Principal={"AWS": "*", "Service": []}), allow(Principal="*")),
    (
        "a boolean condition and its text",
        allow(Condition={"Bool": {"aws:SecureTransport": False}}),
        allow(Condition={"Bool": {"aws:SecureTransport": ["false"]}}),
    ),
    (
        "a number in a condition and its text",
        allow(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 300}}),
        allow(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}),
    ),
    (
        "a condition key in any case",
        allow(Condition={"IpAddress": {"aws:SourceIP": "10.0.0.0/8"}}),
        allow(Condition={"IpAddress": {"AWS:SourceIp": "10.0.0.0/8"}}),
    ),
    ("an empty condition and none", allow(Condition={"Bool": {}}), allow()),
    (
        "statements in another order",
        {"Statement": [*allow()["Statement"], *allow(Sid="A")["Statement"]]},
        {"Statement": [*allow(Sid="A")["Statement"], *allow()["Statement"]]},
    ),
    ("a repeated resource", allow(Resource=["a", "b", "a"]), allow(Resource=["b", "a"])),
]


@pytest.mark.parametrize(("left", "right"), [pytest.param(*pair, id=name) for name, *pair in SAME])
def test_these_mean_the_same(left, right):
    assert policy.equivalent(left, right)
    assert policy.equivalent(json.dumps(right), left)


DIFFERENT = [
    ("an action in another case", allow(Action="s3:getobject"), allow(Action="s3:GetObject")),
    ("a wildcard and what it stands for today", allow(Action="s3:GetObject*"), allow(Action=["s3:GetObject"])),
    ("actions and all others", allow(), allow(Action=None, NotAction="s3:GetObject")),
    ("a principal that was deleted", allow(Principal={"AWS": "AROAEXAMPLEID"}), allow(Principal={"AWS": ROOT})),
    (
        "a user called root",
        allow(Principal={"AWS": ROOT}),
        allow(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/root"}),
    ),
    (
        "an account as another type",
        allow(Principal={"CanonicalUser": ACCOUNT}),
        allow(Principal={"CanonicalUser": ROOT}),
    ),
    ("everyone and every service", allow(Principal="*"), allow(Principal={"Service": "*"})),
    ("everyone and no principal", allow(Principal="*"), allow()),
    ("a Sid in another case", allow(Sid="a"), allow(Sid="A")),
    ("an Id and none", {**allow(), "Id": "x"}, allow()),
    ("a missing version and the newest one", {"Statement": allow()["Statement"]}, allow()),
    ("a statement once and twice", allow(), {**allow(), "Statement": allow()["Statement"] * 2}),
    ("something and nothing", allow(), {}),
    (
        "an operator in another case",
        allow(Condition={"bool": {"aws:SecureTransport": "true"}}),
        allow(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ),
    (
        "a condition value in another case",
        allow(Condition={"StringEquals": {"aws:username": "Ann"}}),
        allow(Condition={"StringEquals": {"aws:username": "ann"}}),
    ),
    ("a condition that is never true, and none", allow(Condition={"StringEquals": {"aws:username": []}}), allow()),
    (
        "two keys that differ in case only, and one of them",
        allow(Condition={"StringEquals": {"aws:A": "x", "aws:a": "y"}}),
        allow(Condition={"StringEquals": {"aws:a": "y"}}),
    ),
]


@pytest.mark.parametrize(("left", "right"), [pytest.param(*pair, id=name) for name, *pair in DIFFERENT])
def test_these_do_not_mean_the_same(left, right):
    assert not policy.equivalent(left, right)
    assert not policy.equivalent(right, left)


MALFORMED = [
    {"Statement": "text"},
    {"Statement": [1, None, "a", {}, [], [{}]]},
    allow(Action=[{"a": 1}, ["b"], None, 3, True, 1.5]),
    allow(Principal=["*"]),
    allow(Principal=7),
    allow(Principal={"AWS": [{"a": 1}, True, None, 1]}),
    allow(Condition="text"),
    allow(Condition={"Bool": "text", "Null": {"a": [{"b": 1}, None]}}),
    allow(Effect=3, Sid={"a": 1}, Nonsense=[1, 2]),
    {"Statement": [allow()], 3: 4, None: 5, "Version": 1.0},
]


@pytest.mark.parametrize("document", MALFORMED)
def test_a_malformed_part_is_kept_and_never_raises(document):
    form = policy.canonical(document)
    assert form == policy.canonical(form)
    assert policy.size(document) > 0


# Values that are known later ----------------------------------------------------------------------------------------


def later(*names: str) -> dict[str, Any]:
    values: list[Any] = [Later(name) for name in names]
    return allow(
        Resource=[*values, "*"],
        Principal={"AWS": [ROOT, *values]},
        Condition={"StringEquals": {values[0]: values, "aws:sourcearn": values}},
    )


def test_values_known_later_are_compared_as_they_are():
    assert policy.equivalent(later("a", "b", "a"), later("a", "b"))
    assert policy.equivalent(allow(Resource=[Later("a"), Later("b")]), allow(Resource=[Later("b"), Later("a")]))
    assert not policy.equivalent(later("a", "b"), later("a", "c"))
    assert not policy.equivalent(allow(Resource=Later("a")), allow(Resource="Later(name='a')"))


@pytest.mark.parametrize(
    "document",
    [
        allow(Principal=Later("who")),
        allow(Condition=Later("when")),
        allow(Condition={"Bool": Later("when")}),
        allow(Sid=Later("sid"), Effect=Later("effect")),
        {"Version": Later("version"), "Statement": [Later("statement"), *allow()["Statement"]]},
        {"Statement": Later("all")},
        later("a", "b"),
    ],
)
def test_a_value_known_later_may_stand_anywhere(document):
    form = policy.canonical(document)
    assert form == policy.canonical(form)
    assert policy.equivalent(document, copy.deepcopy(document))
    assert policy.size(document) > 0
    with pytest.raises(TypeError):
        policy.text(document)


def test_promise_14_what_json_s_own_escapes_hide_is_made_visible():
    document = r'{"Version": "2012-10-17", "Statement": [{"Sid": "\u001b[2J", "\u202e": ["a\u200b"]}]}'
    (statement,) = policy.parse(document)["Statement"]
    assert statement == {"Sid": r"\u001b[2J", r"\u202e": [r"a\u200b"]}
