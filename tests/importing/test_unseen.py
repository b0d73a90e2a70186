"""What stands on a resource and no field describes is told, of the one that has it and of no other."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mfinfra.importing import unseen
from mfinfra.importing.start import Seed
from mfinfra.importing.walk import Found
from mfinfra.model import Address, Observed
from mfinfra.ownership import Ownership, Standing


def found(kind, name, facts=None, **spec):
    seen = Observed({"name": name, **spec}, {}, {}, name, facts=facts or {})
    return Found(Seed(kind, {"name": name}, ""), {"name": name}, seen, Ownership(Standing.NOBODYS))


def told(*resources, **answers):
    """What is told of resources of one kind, but for what is told of every such kind."""
    named = {Address(one.kind, one.identity["name"]): one for one in resources}
    memory = SimpleNamespace(answers={key.replace("_", ":") + ":x": answer for key, answer in answers.items()})
    return [one.what for one in unseen.of(named, memory) if " of every " not in one.what]


def test_what_an_answer_shows_is_told_of_the_table_that_has_it_alone():
    row = {"TableName": "a", "LatestStreamArn": "arn:x", "Replicas": [], "GlobalSecondaryIndexes": [{}]}
    assert told(found("table", "a"), found("table", "b"), dynamodb_DescribeTable={"Table": row}) == [
        "global secondary indexes of `table.a`",
        "a stream of `table.a`",
    ]


def test_what_is_not_there_is_not_told():
    plain = {"Table": {"TableName": "a", "GlobalSecondaryIndexes": []}}
    assert told(found("table", "a"), dynamodb_DescribeTable=plain) == []
    assert told(found("table", "a"), dynamodb_DescribeTable=None, dynamodb_ListTagsOfResource={"Tags": []}) == []


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            found(
                "role",
                "r",
                {"profiles": ["r", "old"]},
                managed_policies=["arn:aws:iam::aws:policy/A", "arn:aws:iam::1:policy/B"],
            ),
            [
                "the text of the managed policy `arn:aws:iam::1:policy/B` of `role.r`",
                "the instance profile `old` of `role.r`",
            ],
        ),
        (found("role", "r", managed_policies=None), []),
        (
            found("bucket", "b", {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}),
            ["the block of encryption types of `bucket.b`"],
        ),
        (
            found("launch_template", "l", {"said": {"ImageId": "ami-1", "Placement": {}}}),
            ["`Placement` of `launch_template.l`"],
        ),
    ],
)
def test_what_is_beside_the_fields_is_told(resource, expected):
    assert told(resource) == expected


def test_of_a_kind_whose_other_parts_nobody_reads_that_is_said_once():
    named = {Address("secret", name): found("secret", name) for name in ("a", "b")}
    assert [one.what for one in unseen.of(named, SimpleNamespace(answers={}))] == ["the value of every secret"]
