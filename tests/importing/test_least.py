"""The least words about a resource: the driver finds no difference, and there is none too many."""

from __future__ import annotations

import json
from dataclasses import replace

import golden
import pytest
from imported import Reader, writing

from mfinfra import catalogue, ownership, schemas
from mfinfra.importing import identity
from mfinfra.importing.book import Book
from mfinfra.importing.least import Writing
from mfinfra.importing.memory import Memory
from mfinfra.importing.start import Seed
from mfinfra.importing.walk import Found
from mfinfra.model import Address, Observed, Resource, refs


def standing():
    """The golden cases in which something stands that can be looked at by what a file says of it, each world once."""
    seen = set()
    for kind, case in golden.cases():
        answers = golden.unfold(case.get("answers", {}), kind)
        anchors = {name: case["spec"].get(name) for name in identity.anchors(kind)}
        world = json.dumps([kind, anchors, answers], default=str)
        there = answers and case.get("action") in {"no-op", "update"} and not refs(golden.unfold(anchors, kind))
        alone = not any(case.get(word) for word in ("leftover", "forget", "teardown"))
        # Of these AWS shows what it is going to delete, and keys are found by our tags too.
        going = kind in {"key", "secret"} and there and writing(kind, case) is None
        if there and alone and not going and world not in seen:
            seen.add(world)
            yield kind, case


CASES = [*standing()]


def test_every_kind_has_a_case():
    assert {kind for kind, _ in CASES} == set(catalogue.kinds())
    assert len(CASES) > 90


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case['name']}" for kind, case in CASES])
def test_the_driver_finds_no_difference_in_the_words_and_none_is_too_many(kind, case):
    search = writing(kind, case)
    least, known = search.least(), schemas.traits(kind)
    assert search.differing(least.spec) == frozenset()
    assert known.required <= least.spec.keys()
    for name in least.spec.keys() - known.required:
        rest = {other: words for other, words in least.spec.items() if other != name}
        managed = known.defaults.get(name) is not None
        assert name in search.differing(rest) if managed else least.observed.spec[name] not in (None, "", [], {}), name


OURS = {
    Address("compute_environment", "ours"): {
        "arn": "arn:aws:batch:us-east-1:123456789012:compute-environment/ours",
        "name": "ours",
    },
    Address("launch_template", "ours"): {
        "id": "lt-0123456789abcdef0",
        "name": "ours",
        "version": "3",
        "pinned": "ours:3",
    },
}
STANDS = {
    "compute_environment": {"type": "EC2", "subnets": ["subnet-0000000000000000a"], "instance_types": ["optimal"]},
    "endpoint": {"vpc": "vpc-00000000000000001", "service": "com.amazonaws.us-east-1.sts", "type": "Interface"},
    "security_group": {"vpc": "vpc-00000000000000001"},
    "table": {"hash_key": "pathspec", "attributes": {"pathspec": "S"}},
}


def said(kind, field, live, monkeypatch):
    """What is written of a resource that is all default but for one field."""
    scope, address = golden.SCOPE, Address(kind, "main")
    fields = {**dict.fromkeys(schemas.traits(kind).required, NAME), **STANDS.get(kind, {})}
    if kind == "job_queue":
        fields["compute_environments"] = []
    driver = catalogue.driver(kind)
    wished = Resource(address, schemas.complete(kind, fields), scope)
    spec = {**driver.desired(wished), field: live}
    observed = Observed(spec, {"id": NAME, "arn": NAME, "name": NAME}, {}, NAME, facts={"profiles": ()})
    one = Found(Seed(kind, fields, "a test"), fields, observed, ownership.Ownership(ownership.Standing.NOBODYS))
    book = Book.written({at: replace(one, observed=replace(observed, outputs=known)) for at, known in OURS.items()})
    search = Writing(Memory(Reader({})), book, scope, address, one)
    monkeypatch.setattr(Writing, "_look", lambda search, spec: observed)
    return search.least().spec


NAME = "x"


@pytest.mark.parametrize(
    ("kind", "field", "live", "written"),
    [
        # (kind, field, as AWS shows it, as the file says it)
        (
            "role",
            "trust",
            {
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
                "Version": "2012-10-17",
            },
            {"services": ["states.amazonaws.com"]},
        ),
        (
            "role",
            "trust",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            {"accounts": ["123456789012"]},
        ),
        (
            "role",
            "managed_policies",
            ["arn:aws:iam::aws:policy/service-role/A", "arn:aws:iam::123456789012:policy/B"],
            ["arn:aws:iam::123456789012:policy/B", "service-role/A"],
        ),
        ("role", "max_session_seconds", 3600, "(default)"),
        (
            "security_group",
            "ingress",
            [{"protocol": "tcp", "from_port": 443, "to_port": 443, "security_group": "self"}],
            [{"protocol": "tcp", "port": 443, "security_group": "self"}],
        ),
        (
            "security_group",
            "ingress",
            [{"protocol": "tcp", "from_port": 0, "to_port": 65535, "cidr": "10.0.0.0/8"}],
            [{"protocol": "tcp", "cidr": "10.0.0.0/8"}],
        ),
        ("security_group", "egress", [{"protocol": "all", "cidr": "0.0.0.0/0"}], "(default)"),
        ("security_group", "egress", [], []),
        ("security_group", "description", NAME, "(default)"),
        ("bucket", "encryption", {"algorithm": "aws:kms", "bucket_key": True}, {"algorithm": "aws:kms"}),
        (
            "bucket",
            "encryption",
            {"algorithm": "aws:kms", "bucket_key": False},
            {"algorithm": "aws:kms", "bucket_key": False},
        ),
        ("bucket", "tls_only", False, False),
        ("bucket", "lifecycle_rules", [], []),
        (
            "job_queue",
            "compute_environments",
            ["arn:aws:batch:us-east-1:123456789012:compute-environment/cpu"],
            ["cpu"],
        ),
        (
            "job_queue",
            "compute_environments",
            ["arn:aws:batch:us-east-1:123456789012:compute-environment/ours"],
            ["compute_environment.ours"],
        ),
        (
            "job_queue",
            "time_limits",
            [{"reason": "R", "state": "RUNNABLE", "action": "CANCEL", "max_seconds": 600}],
            [{"reason": "R", "max_seconds": 600}],
        ),
        ("table", "attributes", {"pathspec": "N"}, {"pathspec": "N"}),
        ("table", "read_capacity", None, "(default)"),
        ("log_group", "retention_days", 0, 0),
        ("compute_environment", "instance_role", "arn:aws:iam::123456789012:instance-profile/mine", "mine"),
        ("compute_environment", "instance_role", "arn:aws:iam::123456789012:instance-profile/deep/mine", "deep/mine"),
        (
            "compute_environment",
            "launch_template",
            "lt-0123456789abcdef0:3",
            {"id": "launch_template.ours", "version": 3},
        ),
        ("compute_environment", "launch_template", "ours:3", "launch_template.ours"),
        (
            "compute_environment",
            "launch_template",
            "lt-0123456789abcdef0:2",
            {"id": "launch_template.ours", "version": 2},
        ),
        (
            "compute_environment",
            "launch_template",
            "ours:$Latest",
            {"name": "launch_template.ours", "version": "$Latest"},
        ),
        ("compute_environment", "launch_template", "ours:$Default", {"name": "launch_template.ours"}),
        ("compute_environment", "launch_template", "theirs:7", "theirs:7"),
        ("compute_environment", "update_policy", {"terminate_jobs": False, "timeout_minutes": 30}, "(default)"),
        (
            "compute_environment",
            "update_policy",
            {"terminate_jobs": False, "timeout_minutes": 60},
            {"timeout_minutes": 60},
        ),
        ("compute_environment", "image_type", "ECS_AL2", "ECS_AL2"),
        ("endpoint", "service", "com.amazonaws.us-east-1.ecr.api", "ecr.api"),
        (
            "endpoint",
            "service",
            "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
            "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
        ),
    ],
)
def test_a_value_is_said_in_its_shortest_form(kind, field, live, written, monkeypatch):
    assert said(kind, field, live, monkeypatch).get(field, "(default)") == written
