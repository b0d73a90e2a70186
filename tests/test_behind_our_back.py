"""Single changes made behind the back of the guide's stack: each is seen in its own field, and repaired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stack import Stack, changed

from mfinfra import desired
from mfinfra.planning import drift

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
OPEN_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}],
}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class World:
    """The live stack, by the names that the file gives."""

    def __init__(self, stack):
        self.stack = stack
        self.resources = {str(address): item for address, item in desired.read(SANDBOX).environment.resources.items()}

    def name(self, address):
        return self.resources[address].spec["name"]

    def __getattr__(self, service):
        return self.stack.client(service)

    def endpoint(self, address):
        rows = self.ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:mfinfra:address", "Values": [address]}])
        return rows["VpcEndpoints"][0]

    def group(self, address):
        rows = self.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [self.name(address)]}])
        return rows["SecurityGroups"][0]

    def policy_of(self, role):
        return self.iam.list_role_policies(RoleName=role)["PolicyNames"][0]


def bucket(call, **params):
    return lambda world: getattr(world.s3, call)(Bucket=world.name("bucket.datastore"), **params)


def foreign_group(world):
    return world.ec2.create_security_group(GroupName="other", Description="x", VpcId="vpc-0000000000000001")["GroupId"]


def swap_endpoint_group(world):
    endpoint = world.endpoint("endpoint.ecr-api")
    world.ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"],
        AddSecurityGroupIds=[foreign_group(world)],
        RemoveSecurityGroupIds=[group["GroupId"] for group in endpoint["Groups"]],
    )


def empty_profile(world):
    role = world.name("role.instance")
    world.iam.remove_role_from_instance_profile(InstanceProfileName=role, RoleName=role)


def open_ingress(world):
    world.ec2.authorize_security_group_ingress(
        GroupId=world.group("security_group.batch")["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )


def close_egress(world):
    group = world.group("security_group.batch")
    world.ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def compute(**params):
    return lambda world: world.batch.update_compute_environment(
        computeEnvironment=world.name("compute_environment.cpu"), **params
    )


def queue(**params):
    return lambda world: world.batch.update_job_queue(jobQueue=world.name("job_queue.default"), **params)


def role(call, address="role.batch-job", **params):
    return lambda world: getattr(world.iam, call)(RoleName=world.name(address), **params)


def weaken_inline(world):
    name = world.name("role.batch-job")
    world.iam.put_role_policy(RoleName=name, PolicyName=world.policy_of(name), PolicyDocument=json.dumps(ANYTHING))


def untag_role(world):
    world.iam.untag_role(RoleName=world.name("role.events"), TagKeys=["mfinfra:address"])


CHANGES = {
    "bucket versioning suspended": (
        "bucket.datastore", "versioning",
        bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"})),
    "bucket made public": ("bucket.datastore", "block_public_access", bucket("delete_public_access_block")),
    "bucket lets plain http in": ("bucket.datastore", "tls_only", bucket("delete_bucket_policy")),
    "bucket keeps old versions": ("bucket.datastore", "lifecycle_rules", bucket("delete_bucket_lifecycle")),
    "bucket takes access lists": (
        "bucket.datastore", "object_ownership",
        bucket("put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})),
    "bucket encrypts with kms": (
        "bucket.datastore", "encryption",
        bucket("put_bucket_encryption", ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})),
    "table without expiry": (
        "table.foreach", "ttl_attribute",
        lambda world: world.dynamodb.update_time_to_live(
            TableName=world.name("table.foreach"), TimeToLiveSpecification={"Enabled": False, "AttributeName": "ttl"})),
    "table protected": (
        "table.foreach", "deletion_protection",
        lambda world: world.dynamodb.update_table(
            TableName=world.name("table.foreach"), DeletionProtectionEnabled=True)),
    "logs kept for ever": (
        "log_group.step-functions", "retention_days",
        lambda world: world.logs.delete_retention_policy(logGroupName=world.name("log_group.step-functions"))),
    "administrator attached": (
        "role.batch-job", "managed_policies",
        role("attach_role_policy", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")),
    "inline policy added": (
        "role.batch-job", "policies", role("put_role_policy", PolicyName="x", PolicyDocument=json.dumps(ANYTHING))),
    "inline policy widened": ("role.batch-job", "policies", weaken_inline),
    "trust opened": (
        "role.batch-job", "trust", role("update_assume_role_policy", PolicyDocument=json.dumps(OPEN_TRUST))),
    "session lengthened": ("role.batch-job", "max_session_seconds", role("update_role", MaxSessionDuration=43200)),
    "instance profile emptied": ("role.instance", "instance_profile", empty_profile),
    "managed policy detached": (
        "role.instance", "managed_policies",
        role("detach_role_policy", "role.instance",
             PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role")),
    "ssh opened to the world": ("security_group.batch", "ingress", open_ingress),
    "egress closed": ("security_group.batch", "egress", close_egress),
    "gateway endpoint locked down": (
        "endpoint.s3", "policy",
        lambda world: world.ec2.modify_vpc_endpoint(
            VpcEndpointId=world.endpoint("endpoint.s3")["VpcEndpointId"],
            PolicyDocument=json.dumps({"Version": "2008-10-17", "Statement": []}))),
    "endpoint in another group": ("endpoint.ecr-api", "security_groups", swap_endpoint_group),
    "endpoint out of the route table": (
        "endpoint.s3", "route_tables",
        lambda world: world.ec2.modify_vpc_endpoint(
            VpcEndpointId=world.endpoint("endpoint.s3")["VpcEndpointId"],
            RemoveRouteTableIds=world.endpoint("endpoint.s3")["RouteTableIds"])),
    "private names off": (
        "endpoint.ecr-dkr", "private_dns",
        lambda world: world.ec2.modify_vpc_endpoint(
            VpcEndpointId=world.endpoint("endpoint.ecr-dkr")["VpcEndpointId"], PrivateDnsEnabled=False)),
    "images may be overwritten": (
        "repository.images", "immutable_tags",
        lambda world: world.ecr.put_image_tag_mutability(
            repositoryName=world.name("repository.images"), imageTagMutability="MUTABLE")),
    "images not scanned": (
        "repository.images", "scan_on_push",
        lambda world: world.ecr.put_image_scanning_configuration(
            repositoryName=world.name("repository.images"), imageScanningConfiguration={"scanOnPush": False})),
    "vcpus cut": ("compute_environment.cpu", "max_vcpus", compute(computeResources={"maxvCpus": 2})),
    "compute environment in one subnet": (
        "compute_environment.cpu", "subnets", compute(computeResources={"subnets": ["subnet-0000000000000000a"]})),
    "compute environment disabled": ("compute_environment.cpu", "state", compute(state="DISABLED")),
    "queue disabled": ("job_queue.default", "state", queue(state="DISABLED")),
    "queue priority raised": ("job_queue.default", "priority", queue(priority=7)),
    "ownership tag lost": ("role.events", "tags", untag_role),
}  # fmt: skip


@pytest.fixture(scope="module")
def settled(embedded, tmp_path_factory):
    """The stack, brought up once: every test puts it back. After one that failed it is brought up anew."""

    class Settled:
        def __init__(self):
            self.stack = Stack(embedded, tmp_path_factory.mktemp("settled"))
            self.clean = False

        def bring_up(self):
            if not self.clean:
                embedded.reset(transition_polls=0)
                self.stack.apply(SANDBOX)
            self.clean = False
            return self.stack

    return Settled()


@pytest.mark.parametrize("name", CHANGES)
def test_promise_2_a_single_change_behind_our_back_is_seen_and_put_back(settled, name):
    address, field, change = CHANGES[name]
    stack = settled.bring_up()
    change(World(stack))

    reviewed = stack.plan(SANDBOX, adopt=frozenset({address}) if field == "tags" else frozenset())
    assert changed(reviewed) == {address: [field]}
    causes = drift.causes(reviewed.plan)
    assert {str(one): str(cause.drift) for one, cause in causes.items() if cause.fields} == {address: "live"}
    stack.carry_out(reviewed)
    assert changed(stack.plan(SANDBOX)) == {}
    settled.clean = True
