"""The policies that `mfinfra permissions` tells: enough for what is sent, decided by the evaluator, and hardly more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import requested
import yaml

from mfinfra import desired, policy, records
from mfinfra.evaluate import Request
from mfinfra.grants import fit, needed
from mfinfra.metaflow import presets
from mfinfra.metaflow.parts import Parts

ENVIRONMENTS = Path(__file__).parent.parent.parent / "environments"
FILES = sorted(path.stem for path in ENVIRONMENTS.glob("*.yaml") if path.stem != "base")
SANDBOX = ENVIRONMENTS / "sandbox.yaml"
PURPOSES = (
    needed.to_plan,
    needed.to_apply,
    needed.to_destroy,
    needed.to_forget,
    needed.to_run,
    needed.to_verify,
    needed.to_diagnose,
)


def environment(name="sandbox"):
    return desired.read(ENVIRONMENTS / f"{name}.yaml").environment


def listed(value):
    return value if isinstance(value, list) else [value]


def actions(statements):
    return {action for item in statements for action in listed(item["Action"])}


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.__name__)
@pytest.mark.parametrize("name", FILES)
def test_every_policy_fits_into_iam_and_names_no_action_by_pattern(name, purpose):
    statements = purpose(environment(name))

    assert statements
    assert all("*" not in action for action in actions(statements))
    assert all(policy.size(document) <= fit.MANAGED_SIZE for document in fit.documents(statements))
    assert json.dumps(statements), "nothing in it is known later only"


@pytest.mark.parametrize("purpose", [needed.to_plan, needed.to_diagnose], ids=lambda purpose: purpose.__name__)
@pytest.mark.parametrize("name", FILES)
def test_what_only_looks_takes_no_action_that_writes(name, purpose):
    reading = ("Get", "List", "Describe", "Simulate", "BatchGet")

    assert [one for one in actions(purpose(environment(name))) if not one.partition(":")[2].startswith(reading)] == []


@pytest.mark.parametrize("name", FILES)
def test_no_write_reaches_everything_but_what_has_no_narrower_resource(name):
    reading = ("Get", "List", "Describe")
    wide = {
        action
        for purpose in (needed.to_apply, needed.to_destroy)
        for item in purpose(environment(name))
        if "*" in listed(item["Resource"])
        for action in listed(item["Action"])
        if not action.partition(":")[2].startswith(reading)
    }

    assert wide <= {"route53:AssociateVPCWithHostedZone", "kms:CreateKey"}


def test_what_is_protected_may_not_be_deleted():
    told = environment()
    guarded = replace(told, resources={a: replace(one, protect=True) for a, one in told.resources.items()})

    for purpose in (needed.to_apply, needed.to_destroy):
        assert {"s3:DeleteBucket", "dynamodb:DeleteTable", "iam:DeleteRole"} <= actions(purpose(told))
        assert not [one for one in actions(purpose(guarded)) if one in {"s3:DeleteBucket", "iam:DeleteRole"}]


def test_a_bucket_is_emptied_only_where_the_file_says_so():
    file = yaml.safe_load(SANDBOX.read_text("utf-8"))
    assert "s3:DeleteObjectVersion" in actions(needed.to_destroy(environment()))
    told = environment()
    kept = {
        address: replace(one, spec={**one.spec, "force_destroy": False}) if address.kind == "bucket" else one
        for address, one in told.resources.items()
    }

    assert file["resources"]["bucket"]["datastore"]["force_destroy"] is True
    assert "s3:DeleteObjectVersion" not in actions(needed.to_destroy(replace(told, resources=kept)))


def test_roles_are_passed_to_named_services_only():
    for name in FILES:
        for purpose in (needed.to_apply, needed.to_run):
            passing = [item for item in purpose(environment(name)) if "iam:PassRole" in listed(item["Action"])]
            assert all("iam:PassedToService" in item["Condition"]["StringEquals"] for item in passing)
            assert all("*" not in listed(item["Resource"]) for item in passing)


def test_to_run_flows_is_what_preset_user_holds():
    told = environment()

    assert needed.to_run(told) == presets.permissions("user", Parts(told))["Statement"]


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_every_partition_has_its_own_arns(tmp_path, region, partition):
    file = tmp_path / "sandbox.yaml"
    file.write_text(SANDBOX.read_text("utf-8").replace("region: us-east-1", f"region: {region}"), "utf-8")
    told = desired.read(file).environment

    for item in (item for purpose in PURPOSES for item in purpose(told)):
        assert all(arn == "*" or arn.startswith(f"arn:{partition}:") for arn in listed(item["Resource"]))
        assert "arn:aws:" not in json.dumps(item.get("Condition", {}))


def denied(statements, calls):
    return [
        (request.action, request.resource)
        for service, operation, params in calls
        if service != "sts"
        for request in requested.of(service, operation, params, "sandbox")
        if not requested.allowed(statements, request)
    ]


TAGGING = {"ec2:CreateTags": "ec2:us-east-1:123456789012:security-group/sg-1",
           "kms:TagResource": "kms:us-east-1:123456789012:key/1234"}  # fmt: skip


@pytest.mark.parametrize("action", TAGGING)
@pytest.mark.parametrize(
    ("asked", "there", "allowed"),
    [
        ("encrypted", None, True),  # at birth, and to adopt
        (None, "encrypted", True),  # another tag of ours
        ("encrypted", "encrypted", True),
        ("encrypted", "production", False),
        ("production", "encrypted", False),
        (None, None, False),
        (None, "production", False),
    ],
)
def test_tags_are_put_on_what_is_ours_or_becomes_ours_and_take_nothing_from_another_environment(
    action, asked, there, allowed
):
    tags = {"Request": asked, "Resource": there}
    context = {f"aws:{of}Tag/{requested.OURS}": [value] for of, value in tags.items() if value}
    request = Request(action, f"arn:aws:{TAGGING[action]}", context)

    assert requested.allowed(needed.to_apply(environment("encrypted")), request) is allowed


@pytest.mark.slow
def test_what_is_told_is_enough_for_a_whole_life_and_for_nobody_elses(stack, recorded):
    told = environment()
    everything = frozenset(str(address) for address in told.resources)

    planned = stack.plan(SANDBOX)
    assert denied(needed.to_plan(told), recorded) == []
    assert len(recorded) > 20
    recorded.clear()
    stack.carry_out(planned)
    assert denied(needed.to_apply(told), recorded) == []
    assert denied(needed.to_carry_out(told, planned.document), recorded) == [], "and this very plan takes no more"
    assert len(recorded) > 60
    stack.client("iam").delete_role_policy(RoleName="MetaflowUserRole", PolicyName="mfinfra-user")
    spec = yaml.safe_load(SANDBOX.read_text("utf-8"))
    spec["resources"]["compute_environment"]["cpu"]["max_vcpus"] = 64
    spec["tags"]["stage"] = "test"
    recorded.clear()
    changed = stack.plan(spec)
    stack.carry_out(changed)
    assert denied(needed.to_apply(told), recorded) == []
    small = needed.to_carry_out(told, changed.document)
    assert denied(small, recorded) == []
    assert {"iam:PutRolePolicy", "batch:UpdateComputeEnvironment"} <= actions(small)
    assert not actions(small) & {"iam:CreateRole", "s3:CreateBucket", "batch:UpdateJobQueue", "iam:PassRole"}
    recorded.clear()
    ending = stack.plan(SANDBOX, destroy=True, allow_destroy=everything)
    stack.carry_out(ending)
    assert denied(needed.to_destroy(told), recorded) == []
    assert denied(needed.to_carry_out(told, ending.document), recorded) == []
    elsewhere = [Request("s3:DeleteBucket", "arn:aws:s3:::metaflow-production-123456789012")]
    elsewhere += [Request("iam:DeleteRole", "arn:aws:iam::123456789012:role/Admin")]
    group = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-1"
    elsewhere += [Request("ec2:DeleteSecurityGroup", group, {f"aws:ResourceTag/{requested.OURS}": ["production"]})]
    assert not any(requested.allowed(needed.to_apply(told), request) for request in elsewhere)


def test_the_lock_and_the_receipts_are_in_reach_of_what_writes():
    told = environment()
    place = records.place(told)
    for key in (place.lock, place.receipt("2026-11-23T16:00:00Z", "a1b2")):
        request = Request("s3:PutObject", f"arn:aws:s3:::{place.bucket}/{key}")
        assert requested.allowed(needed.to_apply(told), request)
        assert not requested.allowed(needed.to_plan(told), request)
    assert not requested.allowed(
        needed.to_apply(told), Request("s3:PutObject", f"arn:aws:s3:::{place.bucket}/metaflow/x")
    )
