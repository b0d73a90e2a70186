"""`verify` on the sandbox: all is well after an apply, and each thing that is broken behind its back is told of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stack import Stack

from mfinfra import checking, desired, verification
from mfinfra.model import Verdict

pytestmark = pytest.mark.slow
FILE = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
BUCKET, TABLE, QUEUE = "metaflow-sandbox-123456789012", "metaflow-step-functions", "metaflow-job-queue"
CPU, REPOSITORY, GROUP = "metaflow-compute-env", "metaflow/my-image", "/aws/vendedlogs/states/metaflow"
JOB, MACHINE, EVENTS = "MetaflowBatchRole", "MetaflowStepFunctionsRole", "MetaflowEventsRole"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}]}
NOBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module")
def served(embedded, tmp_path_factory):
    """The sandbox's own environment, applied once."""
    embedded.reset(transition_polls=0)
    stack = Stack(embedded, tmp_path_factory.mktemp("served"))
    stack.apply(FILE)
    return stack


def verify(stack, *only, skip=(), **more):
    reading = desired.read(FILE)
    aws = stack.connect(reading)
    every = verification.checks(aws, reading.environment, None, environ={"METAFLOW_HOME": str(stack.folder)}, **more)
    chosen = verification.chosen(every, only, ("client", "config.profile", *skip))
    run = verification.run(aws, chosen)
    return checking.ordered(chosen, list(run.results()))


def contents(stack):
    found = stack.client("s3").list_object_versions(Bucket=BUCKET)
    return {
        (row["Key"], row["VersionId"])
        for member in ("Versions", "DeleteMarkers")
        for row in found.get(member, ())
        if row["Key"].startswith("metaflow/")
    }


def test_after_an_apply_everything_is_well(served):
    before = contents(served)
    found = verify(served)
    assert {one.check.id: one.findings for one in found if one.verdict is Verdict.FAILED} == {}
    assert {one.check.id for one in found if one.verdict is Verdict.WARNING} == set()
    assert contents(served) == before


def test_a_whole_look_takes_few_requests(served):
    served.operations.clear()
    verify(served)
    # Without IAM's simulator, which is asked once for each resource; see the tests of the values.
    asked = [name for name in served.operations if name != "iam.SimulatePrincipalPolicy"]
    assert len(asked) <= 60


def policy_without(stack, role, sid):
    iam = stack.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    kept = [item for item in document["Statement"] if item["Sid"] != sid]
    assert len(kept) < len(document["Statement"])

    def put(document):
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    if kept:
        put({**document, "Statement": kept})
    else:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    return lambda: put(document)


def gone(stack):
    iam = stack.client("iam")
    for name in iam.list_role_policies(RoleName=EVENTS)["PolicyNames"]:
        iam.delete_role_policy(RoleName=EVENTS, PolicyName=name)
    iam.delete_role(RoleName=EVENTS)
    return lambda: stack.apply(FILE)


def distrusted(stack):
    iam = stack.client("iam")
    trust = iam.get_role(RoleName=JOB)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=JOB, PolicyDocument=json.dumps(NOBODY))
    return lambda: iam.update_assume_role_policy(RoleName=JOB, PolicyDocument=json.dumps(trust))


def bounded(stack):
    iam = stack.client("iam")
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({**DENY, "Statement": [*DENY["Statement"], allow]})
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=JOB, PermissionsBoundary=arn)
    return lambda: iam.delete_role_permissions_boundary(RoleName=JOB)


def stripped(stack):
    iam, names = stack.client("iam"), {"InstanceProfileName": "ecsInstanceRole", "RoleName": "ecsInstanceRole"}
    iam.remove_role_from_instance_profile(**names)
    return lambda: iam.add_role_to_instance_profile(**names)


def queue_off(stack):
    batch = stack.client("batch")
    batch.update_job_queue(jobQueue=QUEUE, state="DISABLED")
    return lambda: batch.update_job_queue(jobQueue=QUEUE, state="ENABLED")


def environment_off(stack):
    batch = stack.client("batch")
    batch.update_compute_environment(computeEnvironment=CPU, state="DISABLED")
    return lambda: batch.update_compute_environment(computeEnvironment=CPU, state="ENABLED")


def no_repository(stack):
    ecr = stack.client("ecr")
    ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    return lambda: ecr.create_repository(repositoryName=REPOSITORY)


def no_expiry(stack):
    def turn(on):
        wish = {"Enabled": on, "AttributeName": "ttl"}
        stack.client("dynamodb").update_time_to_live(TableName=TABLE, TimeToLiveSpecification=wish)

    turn(False)
    return lambda: turn(True)


def no_logs(stack):
    logs = stack.client("logs")
    logs.delete_log_group(logGroupName=GROUP)
    return lambda: logs.create_log_group(logGroupName=GROUP)


def denying_bucket(stack):
    s3 = stack.client("s3")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return lambda: s3.delete_bucket_policy(Bucket=BUCKET)


# What somebody does → the checks that fail with their codes, and what the fix speaks of.
BREAKAGES = {
    "a role lost the right to write": (
        lambda stack: policy_without(stack, JOB, "DatastoreObjects"),
        {"permissions.job": "MF5170"},
        "s3:PutObject",
    ),
    "a role lost the table": (
        lambda stack: policy_without(stack, JOB, "Foreach"),
        {"permissions.job": "MF5170"},
        "dynamodb:",
    ),
    "the state machines may not submit": (
        lambda stack: policy_without(stack, MACHINE, "SubmitJobs"),
        {"permissions.sfn": "MF5170"},
        "batch:SubmitJob",
    ),
    "a schedule may not start": (
        lambda stack: policy_without(stack, EVENTS, "StartMachines"),
        {"permissions.events": "MF5170"},
        "states:StartExecution",
    ),
    "people may not pass the roles": (
        lambda stack: policy_without(stack, "MetaflowUserRole", "PassStepFunctionsRole"),
        {"permissions.user": "MF5170"},
        "iam:PassRole",
    ),
    "a boundary denies": (bounded, {"permissions.job": "MF5171"}, "boundary"),
    "a role trusts somebody else": (distrusted, {"roles.job": "MF5162"}, "mfinfra plan"),
    "a role is gone": (gone, {"roles.events": "MF5160"}, "mfinfra apply"),
    "instances have no role": (stripped, {"roles.instance": "MF5165"}, "mfinfra plan"),
    "the queue is disabled": (queue_off, {"batch.queue": "MF5131"}, "mfinfra plan"),
    "the environment is disabled": (environment_off, {"batch.environments": "MF5135"}, "mfinfra plan"),
    "the repository is gone": (no_repository, {"batch.image": "MF5139"}, "mfinfra plan"),
    "rows do not expire": (no_expiry, {"sfn.ttl": "MF5153"}, "mfinfra plan"),
    "the log group is gone": (no_logs, {"sfn.log_group": "MF5154"}, "mfinfra apply"),
    "the bucket denies": (
        denying_bucket,
        {
            "datastore.object": "MF5122",
            "permissions.job": "MF5172",
            "permissions.sfn": "MF5172",
            "permissions.user": "MF5172",
        },
        "policy",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_exactly_what_is_broken_fails_with_its_code_and_its_fix(served, name):
    break_, expected, fix = BREAKAGES[name]
    undo = break_(served)
    try:
        # Eighty requests of people are simulated only where that is what is looked at.
        found = verify(served, skip=() if "permissions.user" in expected else ("permissions.user",))
    finally:
        undo()
    failed = {one.check.id: one for one in found if one.verdict is Verdict.FAILED}
    assert {id_: {item.code for item in one.findings if item.code} for id_, one in failed.items()} == {
        id_: {code} for id_, code in expected.items()
    }
    for one in failed.values():
        fixes = [item.fix or "" for item in one.findings if item.verdict is Verdict.FAILED]
        assert all(fixes)
        # Of a role that its preset mends, what it lacks stands in the sentence before.
        told = [f"{item.message}; {item.fix}" for item in one.findings if item.verdict is Verdict.FAILED]
        assert any(fix in each for each in told), told


def other_key(stack):
    dynamodb = stack.client("dynamodb")
    dynamodb.delete_table(TableName=TABLE)
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "path", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "path", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_a_table_with_another_key_is_told(served):
    other_key(served)
    found = {one.check.id: one for one in verify(served, "sfn")}
    assert [item.code for item in found["sfn.table"].findings] == ["MF5152"]
    assert found["sfn.ttl"].verdict is Verdict.SKIPPED
    served.client("dynamodb").delete_table(TableName=TABLE)
    assert [item.code for item in {one.check.id: one for one in verify(served, "sfn")}["sfn.table"].findings] == [
        "MF5150"
    ]
    served.apply(FILE, adopt=frozenset({"all"}))


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
@pytest.mark.parametrize("ends", ["well", "stopped", "refused"])
def test_no_object_no_version_and_no_marker_stays(served, status, ends, monkeypatch):
    s3 = served.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})
    reading = desired.read(FILE)
    aws = served.connect(reading)
    chosen = verification.chosen(
        verification.checks(aws, reading.environment, None, environ={}), ("datastore.object",), ()
    )
    run, ask, before = verification.run(aws, chosen), aws.ask, contents(served)

    def meddled(call):
        answer = ask(call)
        if call.operation == "PutObject":
            assert len(contents(served)) == len(before) + 1
            if ends == "stopped":
                run.stopped.set()
            if ends == "refused":
                raise ValueError("the answer was lost")
        return answer

    run.reader = type("Reader", (), {"parallelism": 2, "ask": staticmethod(meddled)})()
    verdicts = {"well": Verdict.PASSED, "stopped": Verdict.STOPPED, "refused": Verdict.FAILED}
    (found,) = [one for one in run.results() if one.check.id == "datastore.object"]
    assert found.verdict is verdicts[ends]
    assert all(what.startswith("made and removed s3://") for what in found.touched)
    assert [repr(bug) for bug in run.bugs] == (["ValueError('the answer was lost')"] if ends == "refused" else [])
    assert contents(served) == before
