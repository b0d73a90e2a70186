"""Presets against golden documents, and what stands beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fragments import EVERYTHING, SHEET, environment, expanded, problems, statements

from mfinfra import policy
from mfinfra.errors import InvalidDocument
from mfinfra.metaflow.presets import PRESETS, expand


@pytest.mark.parametrize("case", SHEET["cases"], ids=lambda case: case["name"])
def test_golden(case):
    spec = expanded(case.get("with"), preset=case["preset"])
    assert statements(case.get("with"), preset=case["preset"]) == case["statements"]
    assert spec["trust"] == policy.document([SHEET["trusts"][case["preset"]]])
    managed = SHEET["managed"].get(case["preset"])
    assert spec["managed_policies"] == ([managed] if managed else [])
    assert spec["instance_profile"] == (True if case["preset"] == "ecs_instance" else "auto")


def test_every_preset_has_a_golden_case():
    assert {case["preset"] for case in SHEET["cases"]} == set(PRESETS) == set(SHEET["trusts"])


@pytest.mark.parametrize("switch", SHEET["switches"], ids=lambda switch: switch["what"])
@pytest.mark.parametrize("preset", ["batch_job", "step_functions", "events", "user"])
def test_a_switch_adds_its_statements_and_no_other(switch, preset):
    plain = [item["Sid"] for item in statements(preset=preset)]
    switched = [item["Sid"] for item in statements(switch["with"], preset=preset)]
    assert [sid for sid in switched if sid not in plain] == switch.get(preset, [])
    assert [sid for sid in switched if sid in plain] == plain


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
@pytest.mark.parametrize("preset", PRESETS)
def test_other_partitions(preset, region, partition):
    fragment = json.loads(json.dumps(EVERYTHING).replace("arn:aws:", f"arn:{partition}:").replace("us-east-1", region))
    text = json.dumps(expanded(fragment, region=region, preset=preset))
    assert "arn:aws:" not in text
    assert "us-east-1" not in text
    assert f"arn:{partition}:" in text
    # the same document as in the first partition, but for the words
    first = json.dumps(expanded(EVERYTHING, preset=preset)).replace("us-east-1", region)
    assert first.replace("arn:aws:", f"arn:{partition}:").replace("ec2.amazonaws.com", _ec2(partition)) == text


def _ec2(partition):
    return "ec2.amazonaws.com.cn" if partition == "aws-cn" else "ec2.amazonaws.com"


def test_no_partition_is_written_into_the_code():
    for path in Path(expand.__code__.co_filename).parent.glob("*.py"):
        assert "arn:aws" not in path.read_text("utf-8")


def test_policies_written_beside_a_preset_are_added():
    mine = policy.document([policy.statement("sqs:SendMessage", "*")])
    spec = expanded(preset="events", policies={"mine": mine})
    assert list(spec["policies"]) == ["mfinfra-events", "mine"]
    assert spec["policies"]["mine"] == mine


def test_a_policy_under_the_name_of_the_presets_is_an_error():
    mine = policy.document([policy.statement("sqs:SendMessage", "*")])
    (problem,) = problems(preset="events", policies={"mfinfra-events": mine})
    assert problem.headline == (
        "prod.yaml:7:3: role.it.policies: `mfinfra-events` is the name of the policy that preset `events` writes"
    )
    assert (problem.code, problem.hint) == ("MF1602", "give this policy another name: it is added to the preset's")


@pytest.mark.parametrize("spelling", ["AmazonEC2ContainerServiceforEC2Role", SHEET["managed"]["ecs_instance"]])
def test_managed_policies_are_united(spelling):
    spec = expanded(preset="ecs_instance", managed_policies=["AmazonSSMManagedInstanceCore", spelling])
    assert spec["managed_policies"] == [SHEET["managed"]["ecs_instance"], "AmazonSSMManagedInstanceCore"]


def test_trust_written_beside_a_preset_is_appended():
    short = expanded(preset="user", trust={"services": ["ec2.amazonaws.com"], "accounts": ["210987654321"]})
    assert short["trust"]["Statement"][0] == SHEET["trusts"]["user"]
    assert short["trust"]["Statement"][1]["Principal"] == {
        "Service": "ec2.amazonaws.com",
        "AWS": "arn:aws:iam::210987654321:root",
    }
    whole = policy.trust(services=["lambda.amazonaws.com"])
    for written in (whole, json.dumps(whole), {**whole, "Statement": whole["Statement"][0]}):
        assert expanded(preset="user", trust=written)["trust"]["Statement"][1:] == whole["Statement"]


@pytest.mark.parametrize("written", [False, None])
def test_an_instance_profile_that_is_not_wished_is_not_made(written):
    assert expanded(preset="ecs_instance", instance_profile=written)["instance_profile"] is written


@pytest.mark.parametrize("field", ["trust", "policies", "managed_policies"])
def test_null_beside_a_preset_is_not_managed(field):
    spec = expanded(preset="ecs_instance", **{field: None})
    assert spec[field] is None
    others = {"trust", "managed_policies"} - {field}
    assert all(spec[name] for name in others)


def test_a_role_without_a_preset_is_left_as_it_is():
    before = environment(EVERYTHING)
    assert expand(before) == before


@pytest.mark.parametrize("preset", PRESETS)
def test_expanding_twice_is_expanding_once(preset):
    mine = policy.trust(services=["lambda.amazonaws.com"])
    once = expand(environment(EVERYTHING, role={"preset": preset, "trust": mine}))
    assert expand(once) == once


MISSING = [
    ("batch_job", {"metaflow": {"datastore": None}}, "datastore", "write `datastore: bucket.datastore` in"),
    ("user", {"metaflow": {"datastore": {"bucket": None}}}, "datastore", "write `datastore: bucket.datastore` in"),
    ("step_functions", {"metaflow": None}, "batch.queue", "write `batch: {queue: job_queue.default}` in"),
    ("step_functions", {"resources": None, "metaflow": {"batch": None}}, "batch.queue", "job_queue.NAME"),
    ("events", {"metaflow": {"step_functions": None}}, "step_functions", "events_role: role.NAME"),
    ("batch_job", {"metaflow": {"secrets": {"region": "eu-west-1"}}}, "secrets.prefix", "prefix: metaflow/"),
    (
        "step_functions",
        {"metaflow": {"datastore": None, "step_functions": {"distributed_map": True}}},
        "datastore",
        "bucket.datastore",
    ),
]


@pytest.mark.parametrize(("preset", "fragment", "key", "hint"), MISSING)
def test_what_is_missing_is_said(preset, fragment, key, hint):
    (problem,) = problems(fragment, preset=preset)
    place = "prod.yaml:7:3: role.it.preset: "
    assert problem.headline == f"{place}preset `{preset}` needs `metaflow.{key}`, to know what this role may use"
    assert problem.code == "MF1601"
    assert hint in problem.hint


def test_all_roles_are_reported_in_one_run():
    roles = {"role": {"a": {"name": "A", "preset": "batch_job"}, "b": {"name": "B", "preset": "step_functions"}}}
    with pytest.raises(InvalidDocument) as caught:
        expand(environment({"resources": roles, "metaflow": None}))
    assert [problem.subject for problem in caught.value.problems] == ["role.a.preset", "role.b.preset"]


def test_an_address_that_is_not_there_is_said_once_with_the_nearest():
    roles = {"role": {"a": {"name": "A", "preset": "step_functions"}}}
    fragment = {"resources": roles, "metaflow": {"batch": {"queue": "job_queue.defualt"}}}
    (problem,) = problems(fragment, preset="user")
    assert str(problem) == (
        "prod.yaml: metaflow.batch.queue: `job_queue.defualt` is not in the file\n"
        "  hint: did you mean `job_queue.default`?"
    )


def test_a_role_that_grows_too_large_is_refused():
    queues = {f"q{number}": {"name": f"a-queue-with-a-rather-long-name-{number}"} for number in range(200)}
    (problem,) = problems({"resources": {"job_queue": queues}}, preset="step_functions")
    assert problem.code == "MF1603"
    assert re.search(r"the inline policies have \d\d,\d{3} characters, and AWS allows 10,240", problem.message)
    accounts = [f"{number:012}" for number in range(80)]
    (problem,) = problems(preset="user", trust={"accounts": accounts})
    assert problem.subject == "role.it.trust"
