"""The record that an apply leaves on a resource: its form, and what it takes for the same."""

from __future__ import annotations

import re
from dataclasses import replace

import golden
import pytest

from mfinfra import catalogue, desired, drift, ownership, schemas
from mfinfra.drift import Drift
from mfinfra.errors import InvalidDocument
from mfinfra.model import Access, Address, Environment, Mark, Ref, Resource, Scope, Source, Template

SCOPE = Scope("prod", "123456789012", "us-east-1")
GROUP = Address("security_group", "batch")
# What every service of ours takes in the value of a tag.
LEGAL = re.compile(r"[A-Za-z0-9_.:/=+@-]{1,256}")


def resource(kind, tags=None, **spec):
    address = Address(kind, "main")
    complete = schemas.complete(kind, {**golden.sheet(kind)["base"], **spec})
    return Resource(address, complete, SCOPE, {**ownership.tags(SCOPE, address), **(tags or {})})


def full(kind):
    """A resource with every field managed that its kind lets be managed at once."""
    variations = {name: values[0] for name, values in golden.sheet(kind).get("variations", {}).items()}
    return resource(kind, **{name: value for name, value in variations.items() if not with_others(value)})


def with_others(value):
    return isinstance(value, dict) and "value" in value


def record(wish):
    return drift.record(wish, catalogue.driver(wish.kind).wish(wish))


def written(wish):
    return desired.recorded(wish).tags[drift.TAG]


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_the_record_of_each_kind_is_a_tag_that_every_service_takes(kind):
    found = written(full(kind))
    assert LEGAL.fullmatch(found)
    assert drift.read(found) == record(full(kind))
    most = {f"key-{number}": "x" * 256 for number in range(46)}
    assert LEGAL.fullmatch(written(replace(full(kind), tags={**full(kind).tags, **most})))


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_all_fields_of_a_kind_fit_into_a_tag_and_no_two_have_one_code(kind):
    fields = schemas.traits(kind).fields
    codes = {drift.code(name) for name in fields}
    assert len(codes) == len(fields)
    whole = drift.Record(dict.fromkeys(codes, "aaaa"), {"": "bbbb"}, together=True)
    assert len(str(whole)) <= drift.LONGEST


def test_the_tags_of_ownership_have_codes_of_their_own():
    assert len({drift.code(key) for key in ownership.KEYS}) == len(ownership.KEYS)


def test_a_record_does_not_change_from_release_to_release_or_from_machine_to_machine():
    wish = resource("log_group", {"team": "ml"}, name="logs", retention_days=30, key=None)
    assert written(wish) == "1.-fkYHaEJTUHdOYD0qo.Hklm-DOD0DW4W7tgiyxAOkDo"


def test_a_record_is_put_on_after_ownership_and_speaks_of_every_other_tag():
    plain, tagged = resource("bucket"), resource("bucket", {"team": "ml"})
    assert record(tagged).tags.keys() - record(plain).tags.keys() == {drift.code("team")}
    again = desired.recorded(desired.recorded(tagged))
    assert again == desired.recorded(tagged)


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::a/*"},
        {"Sid": "B", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": ["arn:aws:s3:::a"]},
    ],
}
REWRITTEN = {
    "Statement": [
        {"Resource": "arn:aws:s3:::a", "Sid": "B", "Effect": "allow", "Action": ["s3:ListBucket"]},
        {"Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["arn:aws:s3:::a/*"], "Effect": "Allow", "Sid": "A"},
    ],
    "Version": "2012-10-17",
}
SAME = {
    "policy": ("role", {"policies": {"p": POLICY}}, {"policies": {"p": REWRITTEN}}),
    "trust": (
        "role",
        {"trust": {"services": ["batch.amazonaws.com"]}},
        {
            "trust": {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": ["batch.amazonaws.com"]},
                    "Action": ["sts:AssumeRole"],
                },
            }
        },
    ),
    "managed policy by name": (
        "role",
        {"managed_policies": ["AmazonS3FullAccess", "ReadOnlyAccess"]},
        {"managed_policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonS3FullAccess"]},
    ),
    "order of a set": ("compute_environment", {"subnets": ["a", "b"]}, {"subnets": ["b", "a", "a"]}),
    "access in one word": (
        "bucket",
        {"block_public_access": True},
        {"block_public_access": {"block_public_acls": True}},
    ),
    "a range of networks": (
        "security_group",
        {"ingress": [{"protocol": "tcp", "port": 443, "cidr": "10.0.3.7/16"}]},
        {"ingress": [{"protocol": "6", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/16"}]},
    ),
    "what is ours alone": ("bucket", {"force_destroy": False}, {"force_destroy": True}),
}


@pytest.mark.parametrize("name", SAME)
def test_two_ways_of_writing_the_same_have_one_record(name):
    kind, one, other = SAME[name]
    assert written(resource(kind, **one)) == written(resource(kind, **other))


@pytest.mark.parametrize(
    ("kind", "field", "one", "other"),
    [
        ("log_group", "retention_days", 30, 60),
        ("log_group", "retention_days", 0, None),
        ("bucket", "versioning", True, False),
        ("bucket", "lifecycle_rules", [], None),
        ("job_queue", "compute_environments", ["a", "b"], ["b", "a"]),
        ("compute_environment", "security_groups", [Ref(GROUP, "id")], [Ref(Address("security_group", "o"), "id")]),
        ("compute_environment", "security_groups", [Ref(GROUP, "id")], ["sg-1"]),
    ],
)
def test_another_wish_changes_the_entry_of_its_field_alone(kind, field, one, other):
    first, second = record(resource(kind, **{field: one})), record(resource(kind, **{field: other}))
    differing = {name for name in {*first.fields, *second.fields} if first.fields.get(name) != second.fields.get(name)}
    assert differing == {drift.code(field)}
    assert first.tags == second.tags


def test_one_value_in_two_fields_has_two_digests():
    bucket = resource("bucket")
    assert drift.digest(bucket, "versioning", True) != drift.digest(bucket, "tls_only", True)


def test_a_reference_counts_as_its_text_wherever_it_stands():
    endpoint = Ref(Address("endpoint", "s3"), "id")

    def trusting(value):
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        return {"p": {"Statement": [{**statement, "Condition": {"StringEquals": {"aws:SourceVpce": value}}}]}}

    wishes = [
        resource("role", policies=trusting(value)) for value in (endpoint, "${endpoint.s3.id}", Template((endpoint,)))
    ]
    assert len({written(wish) for wish in wishes}) == 1


def test_with_too_many_tags_for_an_entry_each_one_entry_stands_for_all():
    many = {f"key-{number}": "x" for number in range(40)}
    found = record(resource("compute_environment", many))
    assert found.together
    assert found.tags.keys() == {""}
    assert found != record(resource("compute_environment", {**many, "key-7": "y"}))
    assert not record(resource("compute_environment", dict(list(many.items())[:12]))).together


def test_tags_with_one_code_share_their_entry(monkeypatch):
    monkeypatch.setattr(drift, "code", lambda name: "AA")
    found = drift.tag_digests({"a": "1", "b": "2"})
    assert found.keys() == {"AA"}
    assert found != drift.tag_digests({"a": "1", "b": "3"})


@pytest.mark.parametrize(
    ("text", "garbled"),
    [
        (None, False),
        ("2.anything at all", False),
        ("10.", False),
        ("", True),
        ("1", True),
        ("1.", True),
        ("1.abc.", True),
        ("1.abcdef", True),
        ("1.abcdef.abc", True),
        ("1.abcdéf.", True),
        ("1.abcdef.abcdef\n", True),
        ("hello", True),
        ("٢.x", True),
    ],
)
def test_what_this_version_cannot_read_is_no_record_and_may_be_garbled(text, garbled):
    assert drift.read(text) is None
    assert drift.garbled(text) is garbled


def test_a_record_that_can_be_read_is_not_garbled():
    assert not drift.garbled("1.abcdef.ghijkl")
    assert drift.read("1..") == drift.Record({}, {})
    assert drift.read("1.abcdef.gh-_") == drift.Record({"ab": "cdef"}, {"": "gh-_"}, together=True)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [([], "none"), (["none"], "none"), (["live", "none"], "live"), (["file", "file"], "file"),
     (["file", "live"], "both"), (["both", "none"], "both")],
)  # fmt: skip
def test_who_changed_the_parts_changed_the_whole(parts, whole):
    assert drift.together(Drift(part) for part in parts) == whole


def environment(*resources, disabled=()):
    named = ({item.address: item for item in group} for group in (resources, disabled))
    return Environment(SCOPE, *named, {}, Access(), Source("f.yaml", "0"))


def test_what_shall_not_be_there_is_owned_and_has_no_record():
    there, off = resource("bucket"), replace(resource("log_group"), tags={})
    found = desired.tagged(environment(there, disabled=[off]))
    assert drift.TAG in found.resources[there.address].tags
    assert found.disabled[off.address].tags == ownership.tags(SCOPE, off.address)


def test_every_wish_that_aws_would_not_take_is_reported_at_once_and_at_its_place():
    rule = {"protocol": "tcp", "port": 22, "cidr": "10.0.0.0/8"}
    group = resource("security_group", ingress=[rule, {**rule, "description": "x"}])
    table = resource("table", attributes={"other": "S"})
    group, table = (replace(item, mark=Mark("f.yaml", line, 3)) for line, item in ((9, group), (4, table)))
    with pytest.raises(InvalidDocument) as raised:
        desired.tagged(environment(group, table))
    assert [(problem.headline, problem.code) for problem in raised.value.problems] == [
        ("f.yaml:4:3: table.main: `other` in `attributes` is no key of the table", "MF1000"),
        ("f.yaml:9:3: security_group.main: two rules of `security_group.main` differ in their `description` only",
         "MF1115"),
    ]  # fmt: skip
    assert raised.value.problems[1].hint
