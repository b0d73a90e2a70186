import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.network import PRIVATE_SUBNET_A, PRIVATE_SUBNETS

ACCOUNT = "123456789012"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"


def refused(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    return caught.value.response["Error"]["Message"]


def test_a_compute_environment_is_described_completely(account):
    arn = account.create(tags={"team": "ml"})
    said = account.environment(arn)
    assert said == account.environment("work")
    assert said["serviceRole"] == LINKED
    assert (said["state"], said["status"], said["statusReason"]) == ("ENABLED", "VALID", "ComputeEnvironment Healthy")
    assert said["containerOrchestrationType"] == "ECS"
    assert said["ecsClusterArn"].endswith(f"cluster/AWSBatch-work-{said['uuid']}")
    assert said["tags"] == {"team": "ml"}
    assert said["computeResources"] == {
        **account.instances(),
        "desiredvCpus": 0,
        "ec2Configuration": [{"imageType": "ECS_AL2023"}],
    }
    assert "updatePolicy" not in said


def test_the_service_linked_role_is_made_with_the_first_compute_environment(account):
    account.create()
    role = account.iam.get_role(RoleName="AWSServiceRoleForBatch")["Role"]
    assert role["Arn"] == LINKED


def test_no_instance_is_launched_and_no_cluster_made(account, client_of):
    account.create(resources=account.instances(minvCpus=4, desiredvCpus=4))
    assert client_of("ec2").describe_instances()["Reservations"] == []
    assert client_of("ecs").list_clusters()["clusterArns"] == []


def test_statuses_pass_through_creating_updating_and_deleting(slow_account):
    slow_account.create()
    assert [slow_account.environment()["status"] for _ in range(2)] == ["CREATING", "VALID"]
    slow_account.batch.update_compute_environment(computeEnvironment="work", state="DISABLED")
    busy = refused(slow_account.batch.delete_compute_environment, computeEnvironment="work")
    assert "resource is being modified" in busy
    assert [slow_account.environment()["status"] for _ in range(2)] == ["UPDATING", "VALID"]
    slow_account.batch.delete_compute_environment(computeEnvironment="work")
    assert "already exists" in refused(
        slow_account.batch.create_compute_environment, computeEnvironmentName="work", type="UNMANAGED"
    )
    assert slow_account.environment()["status"] == "DELETING"
    assert slow_account.environment() is None


def test_a_name_in_use_is_refused(account):
    account.create()
    with pytest.raises(ClientError, match="Object already exists") as caught:
        account.create()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"instanceRole": "ghost"}, "Invalid IamInstanceProfile: ghost"),
        ({"instanceRole": f"arn:aws:iam::{ACCOUNT}:role/instances"}, "Invalid IamInstanceProfile"),
        ({"subnets": ["subnet-0123456789abcdef0"]}, "subnet-0123456789abcdef0"),
        ({"securityGroupIds": ["sg-0123456789abcdef0"]}, "sg-0123456789abcdef0"),
        ({"launchTemplate": {"launchTemplateName": "ghost"}}, "ghost"),
    ],
)
def test_what_cannot_be_used_makes_it_invalid_with_a_reason(account, change, reason):
    account.create(resources=account.instances(**change))
    said = account.environment()
    assert said["status"] == "INVALID"
    assert said["statusReason"].startswith("CLIENT_ERROR - ")
    assert reason in said["statusReason"]


def test_a_service_role_without_trust_or_permissions_makes_it_invalid(account):
    account.create("a", serviceRole=f"arn:aws:iam::{ACCOUNT}:role/ghost")
    assert "sts:AssumeRole" in account.environment("a")["statusReason"]
    account.iam.detach_role_policy(
        RoleName="service", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
    )
    account.create("b", serviceRole=account.role)
    assert "not authorized to perform: ecs:DescribeClusters" in account.environment("b")["statusReason"]


def test_an_invalid_compute_environment_is_repaired_by_an_update(account):
    account.create("a", serviceRole=f"arn:aws:iam::{ACCOUNT}:role/ghost")
    account.batch.update_compute_environment(computeEnvironment="a", serviceRole=account.role)
    assert account.environment("a")["status"] == "VALID"


@pytest.mark.parametrize(
    "change",
    [
        {"instanceRole": None},
        {"instanceTypes": None},
        {"instanceTypes": ["foo"]},
        {"minvCpus": 32},
        {"type": "LAMBDA"},
        {"type": "SPOT"},
        {"allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"},
        {"securityGroupIds": None},
        {"subnets": []},
    ],
)
def test_compute_resources_that_batch_refuses_are_refused(account, change):
    refused(
        account.batch.create_compute_environment,
        computeEnvironmentName="work",
        type="MANAGED",
        computeResources=account.instances(**change),
    )
    assert account.environment() is None


@pytest.mark.parametrize("extra", [{"minvCpus": 0}, {"instanceTypes": ["optimal"]}, {"instanceRole": "instances"}])
def test_fargate_takes_no_settings_of_instances(account, extra):
    refused(
        account.batch.create_compute_environment,
        computeEnvironmentName="work",
        type="MANAGED",
        computeResources=account.fargate(**extra),
    )


def test_a_bad_name_or_a_disabled_birth_is_refused(account):
    create = account.batch.create_compute_environment
    refused(create, computeEnvironmentName="a b", type="MANAGED", computeResources=account.instances())
    refused(create, computeEnvironmentName="a", type="UNMANAGED", state="DISABLED")


def test_sizes_change_in_place_under_any_role_and_strategy(account):
    account.create(serviceRole=account.role)
    account.batch.update_compute_environment(
        computeEnvironment="work", computeResources={"minvCpus": 2, "maxvCpus": 64}
    )
    resources = account.environment()["computeResources"]
    assert (resources["minvCpus"], resources["maxvCpus"], resources["desiredvCpus"]) == (2, 64, 2)


def test_best_fit_takes_no_infrastructure_update(account):
    account.create()
    update = account.batch.update_compute_environment
    text = "can be updated for CE only with Allocation Strategy BEST_FIT_PROGRESSIVE"
    assert text in refused(update, computeEnvironment="work", computeResources={"instanceTypes": ["m5"]})
    assert text in refused(update, computeEnvironment="work", updatePolicy={"terminateJobsOnUpdate": True})


def test_an_infrastructure_update_needs_the_service_linked_role(account):
    account.create(resources=account.instances(allocationStrategy="BEST_FIT_PROGRESSIVE"), serviceRole=account.role)
    for change in ({"computeResources": {"subnets": ["x"]}}, {"updatePolicy": {"terminateJobsOnUpdate": True}}):
        text = refused(account.batch.update_compute_environment, computeEnvironment="work", **change)
        assert "having a Batch Service Linked Role" in text


def test_an_infrastructure_update_changes_everything_it_names(account):
    account.create(resources=account.instances(allocationStrategy="BEST_FIT_PROGRESSIVE"))
    change = {"type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED", "instanceTypes": ["m5", "c5.large"]}
    change |= {"subnets": [PRIVATE_SUBNET_A], "tags": {"a": "b"}, "bidPercentage": 60}
    policy = {"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 60}
    account.batch.update_compute_environment(computeEnvironment="work", computeResources=change, updatePolicy=policy)
    said = account.environment()
    assert change.items() <= said["computeResources"].items()
    assert said["updatePolicy"] == policy
    assert said["computeResources"]["instanceRole"] == "instances"


def test_subnets_and_groups_of_fargate_change_in_place(account):
    account.create(resources=account.fargate(), serviceRole=account.role)
    change = {"subnets": list(PRIVATE_SUBNETS), "type": "FARGATE_SPOT"}
    account.batch.update_compute_environment(computeEnvironment="work", computeResources=change)
    assert change.items() <= account.environment()["computeResources"].items()
    refused(account.batch.update_compute_environment, computeEnvironment="work", computeResources={"minvCpus": 1})


def test_updates_that_batch_refuses_are_refused(account):
    account.create(resources=account.instances(minvCpus=2))
    update = account.batch.update_compute_environment
    assert "At least one compute-resources" in refused(update, computeEnvironment="work", computeResources={})
    assert "scaling down" in refused(update, computeEnvironment="work", computeResources={"desiredvCpus": 1})
    assert "does not exist" in refused(update, computeEnvironment="ghost", state="DISABLED")
    refused(update, computeEnvironment="work", computeResources={"maxvCpus": 1})
    refused(update, computeEnvironment="work", serviceRole=account.role)


def test_a_compute_environment_is_deleted_disabled_and_out_of_every_queue(account):
    arn = account.create()
    account.create_queue("work")
    delete = account.batch.delete_compute_environment
    assert "state must be DISABLED" in refused(delete, computeEnvironment=arn)
    account.batch.update_compute_environment(computeEnvironment="work", state="DISABLED")
    assert "found existing JobQueue relationship" in refused(delete, computeEnvironment=arn)
    assert "state must be DISABLED" in refused(account.batch.delete_job_queue, jobQueue="line")
    account.batch.update_job_queue(jobQueue="line", state="DISABLED")
    account.batch.delete_job_queue(jobQueue="line")
    delete(computeEnvironment=arn)
    assert account.environment() is None
    assert "does not exist" in refused(delete, computeEnvironment=arn)


def test_describe_gives_pages_and_leaves_unknown_names_out(account):
    for name in "abc":
        account.create(name)
    pages = account.batch.get_paginator("describe_compute_environments").paginate(PaginationConfig={"PageSize": 2})
    names = [[each["computeEnvironmentName"] for each in page["computeEnvironments"]] for page in pages]
    assert names == [["a", "b"], ["c"]]
    found = account.batch.describe_compute_environments(computeEnvironments=["ghost", "c"])["computeEnvironments"]
    assert [each["computeEnvironmentName"] for each in found] == ["c"]


def test_a_compute_environment_outlives_its_service_role_until_that_is_there_again(slow_account):
    batch, iam = slow_account.batch, slow_account.iam
    slow_account.create(serviceRole=slow_account.role)
    slow_account.environment()
    batch.update_compute_environment(computeEnvironment="work", state="DISABLED")
    slow_account.environment()
    batch.delete_compute_environment(computeEnvironment="work")
    policy = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
    iam.detach_role_policy(RoleName="service", PolicyArn=policy)
    iam.delete_role(RoleName="service")
    for _ in range(3):
        assert slow_account.environment()["status"] == "INVALID"
    trusted = slow_account.environment()["serviceRole"]
    assert trusted == slow_account.role
    document = {"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="service", AssumeRolePolicyDocument=json.dumps({"Statement": [document]}))
    batch.delete_compute_environment(computeEnvironment="work")
    assert [slow_account.environment() and "there" for _ in range(2)] == ["there", None]
