"""Batch in strict mode: passing statuses, what makes an environment INVALID, what mends it, what is refused."""

import base64
import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.corrections import lag

pytestmark = pytest.mark.slow
LOOKS = 3
ACCOUNT = "123456789012"
BATCH_POLICY = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
PART = "--=\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--=--"
MIME = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="="\n\n{PART}'


@pytest.fixture
def strict(account):
    """What an environment needs, long known to everybody, and a sandbox that is strict from now on."""
    lag.late_by(LOOKS)
    yield account
    lag.late_by(0)


def refusal(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    return caught.value.response["Error"]["Message"]


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def settled(account, name="work"):
    """Status and reason, once it passes no more."""
    for _ in range(LOOKS + 1):
        said = account.environment(name)
    return said["status"], said["statusReason"]


def nudged(account, name="work", **change):
    """The same after an update that need not change anything."""
    account.batch.update_compute_environment(computeEnvironment=name, **change or {"state": "ENABLED"})
    return settled(account, name)


def looks_until_valid(account):
    """The reasons of INVALID, one for each time that Batch looked again in vain."""
    found = [settled(account)]
    while found[-1][0] == "INVALID":
        assert len(found) < 2 * LOOKS, found
        found.append(nudged(account))
    assert found[-1] == ("VALID", "ComputeEnvironment Healthy")
    return [reason for _, reason in found[:-1]]


# https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeEnvironmentDetail.html (status)
def test_statuses_pass_for_as_many_reads_as_the_sandbox_is_late(strict):
    strict.create()
    assert [strict.environment()["status"] for _ in range(4)] == ["CREATING"] * 3 + ["VALID"]
    strict.create_queue("work")
    assert [strict.queue()["status"] for _ in range(4)] == ["CREATING"] * 3 + ["VALID"]
    strict.batch.update_job_queue(jobQueue="line", state="DISABLED")
    assert [strict.queue()["status"] for _ in range(4)] == ["UPDATING"] * 3 + ["VALID"]
    strict.batch.delete_job_queue(jobQueue="line")
    assert [(strict.queue() or {}).get("status") for _ in range(4)] == ["DELETING"] * 3 + [None]


def test_a_queue_that_is_busy_or_enabled_is_neither_changed_nor_deleted(strict):
    batch = strict.batch
    strict.create()
    settled(strict)
    strict.create_queue("work")
    assert "resource is being modified" in refusal(batch.update_job_queue, jobQueue="line", priority=2)
    for _ in range(LOOKS):
        strict.queue()
    assert "state must be DISABLED" in refusal(batch.delete_job_queue, jobQueue="line")
    batch.update_job_queue(jobQueue="line", state="DISABLED")
    assert "resource is being modified" in refusal(batch.delete_job_queue, jobQueue="line")


# https://github.com/hashicorp/terraform-provider-aws/issues/37945
def test_a_young_service_role_makes_it_invalid_until_batch_has_looked_often_enough(strict):
    strict.iam.create_role(RoleName="young", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    strict.iam.attach_role_policy(RoleName="young", PolicyArn=BATCH_POLICY)
    strict.create(serviceRole=f"arn:aws:iam::{ACCOUNT}:role/young")
    reasons = looks_until_valid(strict)
    assert len(reasons) == LOOKS
    assert all(
        reason.startswith("CLIENT_ERROR - Not authorized to perform sts:AssumeRole (Service: ") for reason in reasons
    )


# https://github.com/hashicorp/terraform-provider-aws/issues/34145
def test_a_young_attachment_makes_it_invalid_until_batch_has_looked_often_enough(strict):
    strict.iam.detach_role_policy(RoleName="service", PolicyArn=BATCH_POLICY)
    strict.iam.attach_role_policy(RoleName="service", PolicyArn=BATCH_POLICY)
    strict.create(serviceRole=strict.role)
    reasons = looks_until_valid(strict)
    assert len(reasons) == LOOKS
    cluster = strict.environment()["ecsClusterArn"]
    assert reasons[0].startswith(
        f"CLIENT_ERROR - User: arn:aws:sts::{ACCOUNT}:assumed-role/service/aws-batch is not authorized to perform: "
        f"ecs:DescribeClusters on resource: {cluster} because no identity-based policy allows the "
        "ecs:DescribeClusters action (Service: AmazonECS; Status Code: 400; Error Code: AccessDeniedException; "
    )


def test_a_new_trust_policy_is_seen_late(strict):
    strict.iam.update_assume_role_policy(RoleName="service", PolicyDocument=trust("ec2.amazonaws.com"))
    strict.create(serviceRole=strict.role)
    states = [settled(strict)[0], *(nudged(strict)[0] for _ in range(LOOKS))]
    assert states == ["VALID"] * LOOKS + ["INVALID"]


# https://docs.aws.amazon.com/batch/latest/userguide/invalid_compute_environment.html
def test_a_service_role_with_another_policy_makes_it_invalid_until_that_is_mended(strict):
    lag.late_by(0)
    strict.iam.detach_role_policy(RoleName="service", PolicyArn=BATCH_POLICY)
    strict.iam.attach_role_policy(RoleName="service", PolicyArn=READ_ONLY)
    lag.late_by(LOOKS)
    strict.create(serviceRole=strict.role)
    assert "not authorized to perform: ecs:DescribeClusters" in settled(strict)[1]
    assert {nudged(strict)[0] for _ in range(LOOKS)} == {"INVALID"}
    statement = {"Effect": "Allow", "Action": ["ecs:*", "ec2:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    strict.iam.put_role_policy(RoleName="service", PolicyName="batch", PolicyDocument=document)
    assert {settled(strict)[0] for _ in range(3 * LOOKS)} == {"INVALID"}, "nobody made Batch look again"
    same = {"serviceRole": strict.role}
    assert [nudged(strict, **same)[0] for _ in range(LOOKS + 1)] == ["INVALID"] * LOOKS + ["VALID"]


# https://github.com/Netflix/metaflow-tools/issues/9
@pytest.mark.parametrize("what", ["profile", "role in it"])
def test_a_young_instance_profile_makes_it_invalid_until_batch_has_looked_often_enough(strict, what):
    lag.late_by(LOOKS if what == "profile" else 0)
    strict.iam.create_instance_profile(InstanceProfileName="young")
    lag.late_by(LOOKS)
    strict.iam.add_role_to_instance_profile(InstanceProfileName="young", RoleName="instances")
    strict.create(resources=strict.instances(instanceRole="young"))
    assert looks_until_valid(strict) == ["CLIENT_ERROR - Invalid IamInstanceProfile: young"] * LOOKS


def test_everything_that_is_young_grows_older_with_the_same_looks(strict):
    strict.iam.create_role(RoleName="young", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    strict.iam.attach_role_policy(RoleName="young", PolicyArn=BATCH_POLICY)
    strict.iam.create_instance_profile(InstanceProfileName="young")
    strict.iam.add_role_to_instance_profile(InstanceProfileName="young", RoleName="instances")
    resources = strict.instances(instanceRole=f"arn:aws:iam::{ACCOUNT}:instance-profile/young")
    strict.create(resources=resources, serviceRole=f"arn:aws:iam::{ACCOUNT}:role/young")
    assert len(looks_until_valid(strict)) == LOOKS


def templated(account, client_of, user_data, **template):
    data = {"UserData": base64.b64encode(user_data.encode()).decode()} if user_data else {"ImageId": "ami-12c6146b"}
    client_of("ec2").create_launch_template(LaunchTemplateName="metaflow", LaunchTemplateData=data)
    account.create(resources=account.instances(launchTemplate={"launchTemplateName": "metaflow", **template}))
    return settled(account)


# https://github.com/aws/aws-cdk/issues/6427
@pytest.mark.parametrize(
    ("user_data", "template", "reason"),
    [
        ("#!/bin/sh\necho hello\n", {}, "Launch Template UserData is not MIME multipart format"),
        (MIME, {}, None),
        ("", {"version": "1"}, None),
        (MIME, {"version": "7"}, "version 7"),
    ],
)
def test_user_data_has_to_be_in_parts(strict, client_of, user_data, template, reason):
    status, said = templated(strict, client_of, user_data, **template)
    assert status == ("INVALID" if reason else "VALID")
    assert (reason or "Healthy") in said


# https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
def test_an_infrastructure_update_needs_an_environment_that_is_enabled_and_valid(strict):
    progressive = strict.instances(allocationStrategy="BEST_FIT_PROGRESSIVE")
    update, change = strict.batch.update_compute_environment, {"instanceTypes": ["m5"]}
    strict.create("a", resources=progressive | {"instanceRole": "ghost"})
    strict.create("b", resources=progressive)
    assert [settled(strict, name)[0] for name in "ab"] == ["INVALID", "VALID"]
    assert nudged(strict, "b", state="DISABLED")[0] == "VALID"
    for name in "ab":
        said = refusal(update, computeEnvironment=name, computeResources=change)
        assert "instanceTypes can be updated only" in said
    assert nudged(strict, "a", computeResources={"maxvCpus": 32})[0] == "INVALID"
    assert nudged(strict, "b", computeResources={"maxvCpus": 32}) == ("VALID", "ComputeEnvironment Healthy")
    nudged(strict, "b")
    update(computeEnvironment="b", computeResources=change)


# https://github.com/hashicorp/terraform-provider-aws/issues/46925
def test_a_queue_holds_an_environment_for_a_while_after_it_was_pointed_elsewhere(strict):
    for name in ("blue", "green"):
        strict.create(name)
        settled(strict, name)
    strict.create_queue("blue")
    for _ in range(LOOKS):
        strict.queue()
    nudged(strict, "blue", state="DISABLED")
    order = [{"order": 1, "computeEnvironment": "green"}]
    strict.batch.update_job_queue(jobQueue="line", computeEnvironmentOrder=order)
    delete = strict.batch.delete_compute_environment
    said = {refusal(delete, computeEnvironment="blue") for _ in range(LOOKS)}
    assert said == {"Cannot delete, found existing JobQueue relationship"}
    delete(computeEnvironment="blue")
    assert [(strict.environment("blue") or {}).get("status") for _ in range(4)] == ["DELETING"] * 3 + [None]


def test_a_scheduling_policy_is_held_for_a_while_by_a_queue_that_let_go_of_it(strict):
    strict.create()
    settled(strict)
    used, other = (strict.batch.create_scheduling_policy(name=name)["arn"] for name in ("p", "q"))
    strict.create_queue("work", schedulingPolicyArn=used)
    assert [strict.queue()["status"] for _ in range(LOOKS + 1)][-1] == "VALID"
    strict.batch.update_job_queue(jobQueue="line", schedulingPolicyArn=other)
    delete = strict.batch.delete_scheduling_policy
    assert all("in use by a job queue" in refusal(delete, arn=used) for _ in range(LOOKS))
    delete(arn=used)


def test_desired_vcpus_fall_to_the_least_when_nothing_runs(strict):
    strict.create(resources=strict.instances(minvCpus=0, desiredvCpus=8))
    assert [strict.environment()["computeResources"]["desiredvCpus"] for _ in range(3)] == [8, 0, 0]


def test_a_job_runs_for_as_many_looks_as_the_sandbox_is_late(strict):
    strict.create()
    settled(strict)
    strict.create_queue("work")
    properties = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
    strict.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    job = strict.batch.submit_job(jobName="j", jobQueue="line", jobDefinition="d")["jobId"]
    seen = [strict.batch.describe_jobs(jobs=[job])["jobs"][0]["status"] for _ in range(6)]
    assert seen == ["RUNNABLE", "STARTING", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED"]


# https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateJobQueue.html (computeEnvironmentOrder)
@pytest.mark.parametrize(
    ("types", "taken"),
    [
        (["optimal", "default_arm64"], False),
        (["m5.large", "c6g"], False),
        (["m6g.large", "default_arm64"], True),
        (["optimal", "m5"], True),
    ],
)
def test_a_queue_has_one_architecture(account, types, taken):
    for name, kind in zip("ab", types, strict=True):
        account.create(name, resources=account.instances(instanceTypes=[kind]))
    order = [{"order": place, "computeEnvironment": name} for place, name in enumerate("ab")]
    params = {"jobQueueName": "line", "priority": 1, "computeEnvironmentOrder": order}
    if taken:
        account.batch.create_job_queue(**params)
    else:
        assert "same architecture" in refusal(account.batch.create_job_queue, **params)
