"""Drift told apart from intent on the sandbox: every field of every kind, changed in AWS, in the file, or in both."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from dying import Killed, dying_after
from hypothesis import assume, given
from stack import Stack, changed, environment
from test_converge import assert_converged, base_for, resources_of, spec_with, standing, variations
from test_generated import apply, drawn, file_of, fresh, possible, versions

from mfinfra import desired, drift, ownership, reconcile
from mfinfra.errors import InvalidDocument
from mfinfra.model import Address
from mfinfra.planning.drift import Applies, causes

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
RECORD = f"tags.{drift.TAG}"


def told(reviewed, applies=None):
    """Address → field → who changed it, of what the plan changes."""
    return {
        str(address): {".".join(map(str, path)): str(word) for path, word in cause.fields.items()}
        for address, cause in causes(reviewed.plan, applies).items()
        if cause.fields
    }


def records(stack: Stack, file):
    resources = desired.read(stack.write(file)).environment.resources
    return {str(address): item.tags[drift.TAG] for address, item in resources.items()}


def set_behind_our_back(stack: Stack, file, recorded_as):
    """Bring AWS to what `file` says as another tool would: the records stay those of `recorded_as`."""
    held = records(stack, recorded_as)
    reading = desired.read(stack.write(file))
    resources = {
        address: replace(item, tags={**item.tags, drift.TAG: held[str(address)]})
        for address, item in reading.environment.resources.items()
    }
    reading = replace(reading, environment=replace(reading.environment, resources=resources))
    stack.carry_out(reconcile.compare(stack.connect(reading), reading))


def fields_with_values():
    """Each field with every value that there is to try, in `variations` of the golden cases."""
    params = [param.values for param in variations("variations")]
    for (kind, field), group in itertools.groupby(params, key=lambda row: row[:2]):
        yield pytest.param(kind, field, [value for _, _, value in group], id=f"{kind}-{field}")


@pytest.mark.parametrize(("kind", "field", "values"), [*fields_with_values()])
def test_a_change_of_the_file_one_in_aws_and_one_in_both_are_told_apart(stack, kind, field, values):
    value, *others = standing(stack, values)
    address = f"{kind}.main"
    first = environment(resources_of(kind, base_for(kind, value)))
    second = environment(resources_of(kind, spec_with(kind, field, value)))
    stack.apply(first)
    assert told(stack.plan(second)) == {address: {field: "file", RECORD: "file"}}

    set_behind_our_back(stack, second, recorded_as=first)
    assert told(stack.plan(first)) == {address: {field: "live"}}
    both_to_the_same = stack.plan(second)
    assert told(both_to_the_same) == {address: {RECORD: "file"}}
    assert changed(both_to_the_same) == {address: ["tags"]}
    for other in others:
        third = environment(resources_of(kind, spec_with(kind, field, other)))
        same = records(stack, third)[address] == records(stack, second)[address]  # another way of writing it
        assert told(stack.plan(third)) == {address: {**({} if same else {field: "both"}), RECORD: "file"}}
    stack.carry_out(stack.plan(first))
    assert_converged(stack, first)
    stack.carry_out(stack.plan(second))
    assert_converged(stack, second)


@pytest.mark.parametrize(("kind", "field", "value"), variations("replacing"))
def test_a_replacement_has_its_cause(stack, kind, field, value):
    value = standing(stack, value)
    first = environment(resources_of(kind, base_for(kind, value)))
    second = environment(resources_of(kind, spec_with(kind, field, value)))
    stack.apply(first)
    cause = next(cause for address, cause in causes(stack.plan(second).plan).items() if str(address) == f"{kind}.main")
    assert cause.drift == "file"
    assert cause.fields[field,] == "file"


def test_a_settled_stack_has_no_drift_and_a_new_one_is_the_file_s(stack):
    assert {word for fields in told(stack.plan(SANDBOX)).values() for word in fields.values()} == {"file"}
    stack.apply(SANDBOX)
    assert told(stack.plan(SANDBOX)) == {}
    gone = told(stack.plan(SANDBOX, destroy=True))
    assert {word for fields in gone.values() for word in fields.values()} == {"none"}


READERS = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": ["s3:GetObject", "s3:ListBucket"]}
ARNS = ["arn:aws:s3:::drift-data", "arn:aws:s3:::drift-data/*"]


def test_an_equivalent_rewrite_of_the_file_is_no_change_at_all(stack):
    def written(policy, subnets, managed):
        role = {"name": "r", "trust": {"services": ["ec2.amazonaws.com"]}, "managed_policies": managed}
        cluster = {"name": "c", "type": "FARGATE", "max_vcpus": 4, "subnets": subnets}
        return environment(
            {
                "bucket": {"b": {"name": "drift-data", "policy": policy}},
                "role": {"r": role},
                "security_group": {"g": {"name": "g", "vpc": "vpc-00000000000000001"}},
                "compute_environment": {"c": {**cluster, "security_groups": ["security_group.g"]}},
            }
        )  # fmt: skip

    one = written(
        {"Version": "2012-10-17", "Statement": [{**READERS, "Resource": ARNS}]},
        ["subnet-0000000000000000a", "subnet-0000000000000000b"],
        ["AmazonS3FullAccess"],
    )
    other = written(
        {
            "Statement": {
                "Action": ["s3:ListBucket", "s3:GetObject"],
                "Resource": ARNS[::-1],
                "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
                "Effect": "Allow",
            },
            "Version": "2012-10-17",
        },
        ["subnet-0000000000000000b", "subnet-0000000000000000a"],
        ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
    )
    other["resources"]["compute_environment"]["c"]["security_groups"] = ["${security_group.g.id}"]
    stack.apply(one)
    assert_converged(stack, one)
    assert_converged(stack, other)


def test_a_record_that_is_gone_or_scribbled_over_is_written_again(stack):
    file = environment({"role": {"r": {"name": "r", "trust": {"services": ["ec2.amazonaws.com"]}}}})
    stack.apply(file)
    iam = stack.client("iam")
    for record, word in ((None, "file"), ("scribble", "live"), ("1.cut", "live"), ("7.from-the-future", "file")):
        iam.untag_role(RoleName="r", TagKeys=[drift.TAG])
        if record is not None:
            iam.tag_role(RoleName="r", Tags=[{"Key": drift.TAG, "Value": record}])
        reviewed = stack.plan(file)
        assert told(reviewed) == {"role.r": {RECORD: word}}
        stack.carry_out(reviewed)
        assert_converged(stack, file)


def test_an_adopted_resource_has_no_drift_and_a_record_from_then_on(stack):
    stack.client("logs").create_log_group(logGroupName="/theirs")
    file = environment({"log_group": {"l": {"name": "/theirs", "retention_days": None}}})
    reviewed = stack.plan(file, adopt=frozenset({"all"}))
    assert set(told(reviewed)["log_group.l"].values()) == {"none"}
    stack.carry_out(reviewed)
    stack.client("logs").put_retention_policy(logGroupName="/theirs", retentionInDays=7)
    assert_converged(stack, file)
    managed = environment({"log_group": {"l": {"name": "/theirs", "retention_days": 30}}})
    assert told(stack.plan(managed))["log_group.l"] == {"retention_days": "file", RECORD: "file"}
    stack.apply(managed)
    stack.client("logs").put_retention_policy(logGroupName="/theirs", retentionInDays=7)
    assert told(stack.plan(managed))["log_group.l"] == {"retention_days": "live"}


def test_a_reference_follows_its_target_and_another_group_in_its_place_does_not(stack):
    def file(name):
        cluster = {"name": "c", "type": "FARGATE", "max_vcpus": 4, "subnets": ["subnet-0000000000000000a"]}
        return environment(
            {
                "security_group": {"g": {"name": name, "vpc": "vpc-00000000000000001"}},
                "compute_environment": {"c": {**cluster, "security_groups": ["security_group.g"]}},
            }
        )

    stack.apply(file("one"))
    renamed = stack.plan(file("two"))
    assert told(renamed)["compute_environment.c"] == {"security_groups": "file"}
    ec2 = stack.client("ec2")
    made = ec2.create_security_group(GroupName="other", Description="x", VpcId="vpc-00000000000000001")["GroupId"]
    stack.client("batch").update_compute_environment(
        computeEnvironment="c", computeResources={"maxvCpus": 4, "securityGroupIds": [made]}
    )
    assert told(stack.plan(file("one"))) == {"compute_environment.c": {"security_groups": "live"}}
    stack.apply(file("one"))
    stack.carry_out(stack.plan(file("two")))
    assert_converged(stack, file("two"))


def test_every_resource_carries_the_record_beside_the_tags_of_ownership(stack):
    stack.apply(SANDBOX)
    reviewed = stack.plan(SANDBOX)
    for address, observed in reviewed.plan.survey.observed.items():
        ours = {key for key in observed.tags if key.startswith("mfinfra:")}
        assert ours == {*ownership.KEYS, drift.TAG}, address
        assert drift.read(observed.tags[drift.TAG])
    profile = stack.client("iam").get_instance_profile(
        InstanceProfileName=reviewed.plan.environment.resources[Address("role", "instance")].spec["name"]
    )
    assert {tag["Key"] for tag in profile["InstanceProfile"]["Tags"]} >= {*ownership.KEYS, drift.TAG}


def killed(stack, file, fatal):
    run = stack.plan(file).apply()
    run.aws = dying_after(run.aws, fatal)
    failures = [event.error for event in run.events() if hasattr(event, "error")]
    assert all(isinstance(error, Killed) for error in failures)


@pytest.mark.parametrize("fatal", [1, 2, 3])
def test_what_an_interrupted_update_has_not_written_is_still_the_file_s(stack, fatal):
    """The tags are the last call of a step: until then the record is that of the apply before."""
    first = environment({"bucket": {"b": {"name": "drift-data"}}})
    fields = {"versioning": False, "tls_only": False, "object_ownership": "BucketOwnerPreferred"}
    second = environment({"bucket": {"b": {"name": "drift-data", **fields}}})
    stack.apply(first)
    killed(stack, second, fatal)
    found = told(stack.plan(second))["bucket.b"]
    assert len(found) == 4 - fatal
    assert set(found.values()) == {"file"}


@pytest.mark.parametrize("fatal", [1, 2, 3])
def test_what_an_interrupted_creation_has_not_written_is_the_file_s_where_the_receipts_tell(stack, fatal):
    """The record comes with the creation; that the rest was never written stands in the receipts alone."""
    file = environment({"bucket": {"b": {"name": "drift-data"}}})
    killed(stack, file, fatal)
    reviewed = stack.plan(file)
    assert set(told(reviewed)["bucket.b"].values()) == {"live"}
    unfinished = Applies(unfinished=frozenset(reviewed.plan.environment.resources))
    assert set(told(reviewed, unfinished)["bucket.b"].values()) == {"file"}


# How AWS's answer is read depends on what the file says: changed there, it may look as if AWS had changed too.
BY_ITS_FILE = {("compute_environment", "instance_types"), ("repository", "encryption")}


def words(found):
    """`(word, kind, field)` of every change."""
    return {(word, at.split(".")[0], field) for at, fields in found.items() for field, word in fields.items()}


@drawn
@given(versions=versions())
def test_whatever_the_files_say_what_one_side_alone_has_changed_is_its_own(embedded, tmp_path_factory, versions):
    stack, key = fresh(embedded, tmp_path_factory.mktemp("drift"))
    first, second = versions
    try:
        apply(stack, file_of(first, key))
        second = possible(stack, first, second, key)
    except InvalidDocument:
        assume(False)
    first, second = file_of(first, key), file_of(second, key)
    found = told(stack.plan(second))
    assert {word for word, *field in words(found) if tuple(field) not in BY_ITS_FILE} <= {"file"}, found
    set_behind_our_back(stack, second, recorded_as=first)
    found = told(stack.plan(first))
    assert {word for word, *_ in words(found)} <= {"live"}, found
