import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.network import PRIVATE_SUBNET_A, PRIVATE_SUBNETS

ACCOUNT = "123456789012"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def account(sandbox, client_of):
    return Account(client_of)


@pytest.fixture
def slow_account(slow_sandbox, client_of):
    return Account(client_of)


class Account:
    """What a compute environment needs: a security group, an instance profile, a service role."""

    def __init__(self, client_of):
        self.batch, self.iam, ec2 = client_of("batch"), client_of("iam"), client_of("ec2")
        self.group = ec2.create_security_group(GroupName="jobs", Description="jobs")["GroupId"]
        self.iam.create_role(RoleName="instances", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
        self.iam.create_instance_profile(InstanceProfileName="instances")
        self.iam.add_role_to_instance_profile(InstanceProfileName="instances", RoleName="instances")
        role = self.iam.create_role(RoleName="service", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
        self.role = role["Role"]["Arn"]
        policy = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
        self.iam.attach_role_policy(RoleName="service", PolicyArn=policy)

    def instances(self, **changes):
        usual = {"type": "EC2", "minvCpus": 0, "maxvCpus": 16, "instanceTypes": ["optimal"]}
        usual |= {"subnets": list(PRIVATE_SUBNETS), "securityGroupIds": [self.group], "instanceRole": "instances"}
        return {key: value for key, value in {**usual, **changes}.items() if value is not None}

    def fargate(self, **changes):
        usual = {"type": "FARGATE", "maxvCpus": 8, "subnets": [PRIVATE_SUBNET_A], "securityGroupIds": [self.group]}
        return {**usual, **changes}

    def create(self, name="work", resources=None, **more):
        resources = self.instances() if resources is None else resources
        return self.batch.create_compute_environment(
            computeEnvironmentName=name, type="MANAGED", computeResources=resources, **more
        )["computeEnvironmentArn"]

    def environment(self, name="work"):
        found = self.batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
        return found[0] if found else None

    def queue(self, name="line"):
        found = self.batch.describe_job_queues(jobQueues=[name])["jobQueues"]
        return found[0] if found else None

    def create_queue(self, *members, name="line", **more):
        order = [{"order": place, "computeEnvironment": member} for place, member in enumerate(members, 1)]
        return self.batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order, **more)


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
    text = refused(
        account.batch.update_compute_environment, computeEnvironment="work", computeResources={"subnets": ["x"]}
    )
    assert "having a Batch Service Linked Role" in text


def test_an_infrastructure_update_changes_everything_it_names(account):
    account.create(resources=account.instances(allocationStrategy="BEST_FIT_PROGRESSIVE"))
    change = {"type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED", "instanceTypes": ["m5", "c5.large"]}
    change |= {"subnets": [PRIVATE_SUBNET_A], "tags": {"a": "b"}, "bidPercentage": 60}
    policy = {"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 60}
    account.batch.update_compute_environment(
        computeEnvironment="work", computeResources=change, updatePolicy=policy
    )
    said = account.environment()
    assert change.items() <= said["computeResources"].items()
    assert said["updatePolicy"] == policy
    assert said["computeResources"]["instanceRole"] == "instances"


def test_subnets_and_groups_of_fargate_change_in_place(account):
    account.create(resources=account.fargate(), serviceRole=account.role)
    change = {"subnets": list(PRIVATE_SUBNETS), "type": "FARGATE_SPOT"}
    account.batch.update_compute_environment(computeEnvironment="work", computeResources=change)
    assert change.items() <= account.environment()["computeResources"].items()
    refused(
        account.batch.update_compute_environment, computeEnvironment="work", computeResources={"minvCpus": 1}
    )


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


def test_a_queue_shows_arns_and_its_time_limits(account):
    arn = account.create()
    limit = {"reason": "stuck", "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    account.create_queue("work", jobStateTimeLimitActions=[limit], tags={"team": "ml"})
    said = account.queue()
    assert said["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": arn}]
    assert said["jobStateTimeLimitActions"] == [limit]
    assert (said["state"], said["status"], said["tags"]) == ("ENABLED", "VALID", {"team": "ml"})
    account.batch.update_job_queue(jobQueue="line", jobStateTimeLimitActions=[])
    assert account.queue()["jobStateTimeLimitActions"] == []


def test_a_queue_update_keeps_what_it_does_not_name(account):
    account.create("a")
    second = account.create("b")
    account.create_queue("a")
    account.batch.update_job_queue(jobQueue="line", priority=7)
    account.batch.update_job_queue(
        jobQueue="line", computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "b"}]
    )
    said = account.queue()
    assert (said["priority"], said["state"]) == (7, "ENABLED")
    assert said["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": second}]


def test_a_queue_needs_valid_environments(slow_account):
    slow_account.create()
    with pytest.raises(ClientError, match="not valid"):
        slow_account.create_queue("work")
    slow_account.environment()
    slow_account.create_queue("work")
    assert [slow_account.queue()["status"] for _ in range(2)] == ["CREATING", "VALID"]


def test_orders_that_batch_refuses_are_refused(account):
    for name in "abcd":
        account.create(name)
    account.create("f", resources=account.fargate())
    for members in (["ghost"], [], ["a", "f"], ["a", "b", "c", "d"]):
        with pytest.raises(ClientError) as caught:
            account.create_queue(*members)
        assert caught.value.response["Error"]["Code"] == "ClientException"
    assert account.queue() is None


def test_a_scheduling_policy_is_exchanged_but_neither_added_nor_deleted_in_use(account):
    account.create()
    policies = [account.batch.create_scheduling_policy(name=name)["arn"] for name in ("p", "q")]
    account.create_queue("work")
    account.create_queue("work", name="fair", schedulingPolicyArn=policies[0])
    update = account.batch.update_job_queue
    assert "fairshare" in refused(update, jobQueue="line", schedulingPolicyArn=policies[0])
    update(jobQueue="fair", schedulingPolicyArn=policies[1])
    assert account.queue("fair")["schedulingPolicyArn"] == policies[1]
    assert "in use" in refused(account.batch.delete_scheduling_policy, arn=policies[1])
    account.batch.delete_scheduling_policy(arn=policies[0])


def test_tags_are_added_listed_and_taken_away(account):
    arn = account.create(tags={"a": "1"})
    account.batch.tag_resource(resourceArn=arn, tags={"b": "2"})
    account.batch.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert account.batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert account.environment()["tags"] == {"b": "2"}


def test_a_job_is_submitted_to_a_queue(account):
    account.create()
    account.create_queue("work")
    properties = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
    account.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    job = account.batch.submit_job(jobName="j", jobQueue="line", jobDefinition="d")["jobId"]
    assert account.batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "SUCCEEDED"
