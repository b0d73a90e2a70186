import json

import boto3
import pytest
from botocore.config import Config

from mfinfra.sandbox.embedded import EmbeddedServer
from mfinfra.sandbox.network import ACCESS_KEY_ID, PRIVATE_SUBNET_A, PRIVATE_SUBNETS, REGION, SECRET_ACCESS_KEY


@pytest.fixture(scope="session")
def running():
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def sandbox(running):
    """The sandbox, empty, with statuses that turn at once."""
    running.reset(transition_polls=0)
    return running


@pytest.fixture
def slow_sandbox(running):
    """The sandbox, empty, whose statuses are seen passing by one read."""
    running.reset(transition_polls=1)
    return running


@pytest.fixture(scope="session")
def client_of(running):
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    made = {}

    def client(service, region=REGION):
        if (service, region) not in made:
            made[service, region] = session.client(
                service, endpoint_url=running.endpoint, region_name=region, config=config
            )
        return made[service, region]

    yield client
    for each in made.values():
        each.close()


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


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
