"""The text of a first file: valid without a warning, and complete in its comments, whatever was answered."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mfinfra import desired
from mfinfra.model import Address, Ref
from mfinfra.starting import answers as rules
from mfinfra.starting import place, quoting, text
from mfinfra.starting.answers import Answers, Preset

SUBNETS = {"subnet-0000000000000000a": "us-east-1a, behind NAT", "subnet-0000000000000000b": ""}
REGIONS = ("us-east-1", "eu-central-2", "us-gov-west-1", "cn-north-1", "cn-northwest-1")
RESOURCES = {Preset.FARGATE: 10, Preset.EC2: 10, Preset.SPOT: 11, Preset.PRIVATE: 22, Preset.SANDBOX: 10}


def answers(preset, **others):
    said = {
        "preset": preset,
        "environment": "dev",
        "account": "123456789012",
        "region": "us-east-1",
        "vpc": "vpc-00000000000000001",
        "subnets": SUBNETS,
        "inside": tuple(SUBNETS),
        "tables": ("rtb-00000000000000001",),
    }
    return Answers(**(said | others))


def read(given_answers, **how):
    return place.read_back(text.write(given_answers, "mfinfra.schema.json", **how))


def ids(prefix, most):
    one = st.integers(0, 16**17 - 1).map(lambda number: f"{prefix}-{number:017x}")
    return st.lists(one, min_size=1, max_size=most, unique=True)


NAMES = st.one_of(
    st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True).filter(lambda name: rules.wrong_environment(name) is None),
    st.sampled_from(("on", "no", "yes", "true", "null", "y", "e", "prod", "a--b", "x" * 31, "dev-staging")),
)
DRAWN = st.builds(
    answers,
    st.sampled_from(Preset),
    environment=NAMES,
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    region=st.sampled_from(REGIONS),
    vpc=ids("vpc", 1).map(lambda one: one[0]),
    subnets=ids("subnet", 16).map(lambda found: dict.fromkeys(found, "zone, \u202e\nkind: {}")),
    inside=ids("subnet", 6).map(tuple),
    tables=ids("rtb", 4).map(tuple),
    profile=st.sampled_from(("${environment}", "no", "prod.1")),
    aws_profile=st.one_of(st.none(), st.text(min_size=1, max_size=30).filter(lambda t: not rules.wrong_aws_profile(t))),
    endpoint=st.sampled_from((None, "sandbox", "https://127.0.0.1:4566/x")),
)


@pytest.mark.parametrize("preset", Preset)
def test_the_file_of_each_preset_is_valid_without_a_warning(preset):
    reading = read(answers(preset))
    assert reading.warnings == ()
    assert len(reading.environment.resources) == RESOURCES[preset]


@pytest.mark.slow
@settings(max_examples=60)
@given(DRAWN)
def test_whatever_is_answered_the_file_is_valid_without_a_warning_and_says_it(drawn):
    reading = read(drawn)
    environment = reading.environment
    scope = environment.scope
    assert reading.warnings == ()
    assert (scope.environment, scope.account, scope.region) == (drawn.environment, drawn.account, drawn.region)
    assert (environment.access.profile, environment.access.endpoint) == (drawn.aws_profile, drawn.endpoint)
    computes = [one for address, one in environment.resources.items() if address.kind == "compute_environment"]
    assert all(one.spec["subnets"] == list(drawn.subnets) for one in computes)
    bucket = environment.resources[Address("bucket", "datastore")].spec["name"]
    assert bucket == f"metaflow-{drawn.environment}-{drawn.account}"


@pytest.mark.parametrize("preset", Preset)
def test_every_block_is_explained_and_no_line_is_longer_than_120_columns(preset):
    written = text.write(answers(preset), "mfinfra.schema.json")
    lines = written.splitlines()
    assert lines[0] == "# yaml-language-server: $schema=mfinfra.schema.json"
    assert max(map(len, lines)) <= 120
    assert "<<" not in written
    for kind in yaml.safe_load(written)["resources"]:
        at = next(number for number, line in enumerate(lines) if line == f"  {kind}:")
        end = next((number for number in range(at + 1, len(lines)) if not lines[number].startswith("    ")), len(lines))
        block = lines[max(0, at - 3) : end]
        assert any("#" in line for line in block) or kind == "job_queue", kind


def test_private_has_every_endpoint_that_jobs_need_each_where_it_has_to_be():
    resources = read(answers(Preset.PRIVATE)).environment.resources
    endpoints = {one.spec["service"]: one for address, one in resources.items() if address.kind == "endpoint"}
    assert set(endpoints) == set(text.names())
    for service, one in endpoints.items():
        if service in text.GATEWAYS:
            assert one.spec["route_tables"] == ["rtb-00000000000000001"]
        else:
            assert one.spec["subnets"] == list(SUBNETS)
            assert one.spec["security_groups"] == [Ref(Address("security_group", "endpoints"), "id")]
    compute = resources[Address("compute_environment", "cpu")]
    assert {Address("endpoint", name) for name in text.CLUSTER} <= compute.depends_on


@pytest.mark.parametrize(
    "served",
    [("s3",), ("s3", "dynamodb"), ("ecr.api", "ecr.dkr", "logs"), text.CLUSTER, tuple(text.INTERFACES), text.names()],
    ids=", ".join,
)
def test_an_endpoint_that_is_there_already_is_left_out_with_a_reason_that_stands_in_the_file(served):
    said = answers(Preset.PRIVATE, served={name: f"vpce-{name}" for name in served})
    needed = {one.code for one in read(said).warnings}
    assert needed <= {"MF2128"}
    reading = read(said, suppressing=bool(needed))
    assert reading.warnings == ()
    assert all(name in one.reason for one in reading.suppressed for name in served)
    there = [one.spec["service"] for one in reading.environment.resources.values() if one.address.kind == "endpoint"]
    assert set(there) == set(text.names()) - set(served)


def test_what_the_sandbox_has_may_go_again():
    resources = read(answers(Preset.SANDBOX, endpoint="sandbox")).environment.resources
    assert [one for one in resources.values() if one.protect] == []


def test_the_sandbox_s_file_is_as_valid_as_it_is_written(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(text.write(answers(Preset.SANDBOX, endpoint="sandbox"), "x.json"), "utf-8")
    assert desired.read(file).environment.access.endpoint == "sandbox"


@given(st.text(max_size=40))
def test_a_value_comes_back_from_yaml_as_it_was(value):
    assert yaml.safe_load(f"[{quoting.reference(value)}, {quoting.scalar(value)}]") == [
        value,
        value.replace("${", "$${"),
    ]


@given(st.text())
def test_a_remark_stays_in_its_line(value):
    assert yaml.safe_load(f"a: b # {quoting.remark(value)}\nc: d") == {"a": "b", "c": "d"}
    assert len(quoting.remark(value)) <= 60


def test_an_answer_that_a_template_asks_for_has_to_be_there():
    with pytest.raises(KeyError):
        quoting.filled("<<nobody>>", {})


@pytest.mark.parametrize(
    ("name", "following"),
    [("dev", "dev-2"), ("dev-2", "dev-3"), ("dev-9", "dev-10"), ("a-b", "a-b-2"), ("x-2024", "x-2024-2"), ("e", "e-2")],
)
def test_a_name_that_is_taken_is_followed_by_another(name, following):
    assert rules.next_name(name) == following


@given(NAMES)
def test_another_name_is_as_right_as_the_first(name):
    for _ in range(12):
        following = rules.next_name(name)
        assert rules.wrong_environment(following) is None
        assert following != name
        name = following


@pytest.mark.parametrize(
    ("wrong", "right", "bad"),
    [
        (rules.wrong_environment, "a-b9", ("", "A", "9a", "a_b", "a" * 32, "a-", "ä")),
        (rules.wrong_account, "012345678901", ("", "12345678901", "1234567890123", "x" * 12)),
        (rules.wrong_region, "cn-northwest-1", ("", "us-east", "US-EAST-1", "us-east-1a")),
        (rules.wrong_vpc, "vpc-0123456789abcdef0", ("", "vpc-", "subnet-0123456789abcdef0", "vpc-XYZ\n")),
        (rules.wrong_subnet, "subnet-0123456789abcdef0", ("", "subnet-g", "vpc-0123456789abcdef0")),
        (rules.wrong_table, "rtb-0123456789abcdef0", ("", "rtb", "rtb-Z")),
        (rules.wrong_bucket, "my-bucket.1", ("", "ab", "My", "a..b", "1.2.3.4", "x" * 64, "xn--a", "a-s3alias", "a\n")),
        (rules.wrong_profile, "prod.1", ("", "-a", "a b", "x" * 64)),
        (rules.wrong_aws_profile, "my corp: admin", ("", "x" * 256, "a\nb", "a\u200bb")),
        (rules.wrong_endpoint, "http://127.0.0.1:4566", ("", "box", "ftp://x", "https://a@b", "https://a?b")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_is_found_and_said_in_a_sentence(wrong, right, bad):
    assert wrong(right) is None
    for value in bad:
        assert re.fullmatch(r".{10,}[^.]", wrong(value)), value


def test_names_with_the_longest_environment_are_not_too_long():
    longest = "x" * 31
    reading = read(replace(answers(Preset.PRIVATE), environment=longest, bucket=rules.BUCKET + "-5"))
    assert reading.warnings == ()
