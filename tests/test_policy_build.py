"""Policy documents by example: built, and turned into what AWS is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from mfinfra import policy

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Later:
    """Stands for a value that only AWS knows."""

    name: str


def test_a_statement_is_written_as_aws_writes_its_examples():
    built = policy.statement(
        ["s3:GetObject", "s3:PutObject", "s3:GetObject"],
        ("arn:aws:s3:::b/*",),
        sid="Data",
        effect="Deny",
        principal={"AWS": ["*"], "Service": ("a", "b")},
        condition={"Bool": {"aws:SecureTransport": ["false"]}},
    )
    assert list(built.items()) == [
        ("Sid", "Data"),
        ("Effect", "Deny"),
        ("Principal", {"AWS": "*", "Service": ["a", "b"]}),
        ("Action", ["s3:GetObject", "s3:PutObject"]),
        ("Resource", "arn:aws:s3:::b/*"),
        ("Condition", {"Bool": {"aws:SecureTransport": "false"}}),
    ]


def test_a_statement_leaves_out_what_it_does_not_need():
    assert policy.statement("s3:*", "*") == {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    assert policy.statement({"b:B", "a:A"}, None, principal="*") == {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["a:A", "b:B"],
    }
    assert policy.statement("s3:*", Later("bucket"))["Resource"] == Later("bucket")


def test_a_document_has_the_newest_version_and_its_statements_in_order():
    first, second = policy.statement("b:B", "*"), policy.statement("a:A", "*")
    assert policy.document(iter([first, second])) == {"Version": "2012-10-17", "Statement": [first, second]}
    assert policy.document([first], version="2008-10-17")["Version"] == "2008-10-17"


def test_a_trust_policy_names_who_may_assume_the_role():
    assert policy.trust(["batch.amazonaws.com"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    built = policy.trust(["b", "a"], [ACCOUNT, Later("role")], partition="aws-cn", condition=condition)
    assert built["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["b", "a"], "AWS": [f"arn:aws-cn:iam::{ACCOUNT}:root", Later("role")]},
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
    ]
    with pytest.raises(ValueError, match="at least one service or account"):
        policy.trust()


def test_text_is_compact_and_keeps_the_order_of_the_author():
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "B", "Effect": "Allow"}], "Id": "ä"}
    assert policy.text(document) == '{"Version":"2012-10-17","Statement":[{"Sid":"B","Effect":"Allow"}],"Id":"ä"}'
    assert policy.text(json.dumps(document, indent=2)) == policy.text(document)


def test_size_does_not_count_white_space():
    assert policy.size('{\n  "Id": "a b"\n}') == len('{"Id":"ab"}')
    assert policy.size({"Id": Later("x")}) == len(f'{{"Id":"{Later("x")}"}}')
