"""A strict EC2. What AWS says of each: `mfinfra.sandbox.corrections.ec2.late`."""

import pytest
from looks import LATE, looks_until, refusal, refused

from mfinfra.sandbox.network import PRIVATE_ROUTE_TABLE, PRIVATE_SUBNET_A, VPC_ID

POLLS = 2
GATEWAY = {"VpcId": VPC_ID, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [PRIVATE_ROUTE_TABLE]}
INTERFACE = {
    "VpcId": VPC_ID,
    "ServiceName": "com.amazonaws.us-east-1.ecr.api",
    "VpcEndpointType": "Interface",
    "SubnetIds": [PRIVATE_SUBNET_A],
}
RULE = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}]
MISSING = "InvalidGroup.NotFound"


@pytest.fixture
def ec2(running, client_of):
    running.reset(transition_polls=POLLS, late_by=LATE)
    return client_of("ec2")


@pytest.fixture
def group(ec2):
    return ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=VPC_ID)["GroupId"]


def made(ec2, params, **more):
    return ec2.create_vpc_endpoint(**params, **more)["VpcEndpoint"]["VpcEndpointId"]


def listed(ec2):
    """The states of the endpoints; a list, and so never late."""
    return [row["State"] for row in ec2.describe_vpc_endpoints()["VpcEndpoints"]]


def delete(ec2, endpoint):
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []


def test_an_endpoint_is_pending_for_some_looks_and_by_its_id_not_found_for_one(ec2):
    endpoint = made(ec2, GATEWAY)
    assert listed(ec2) == ["pending"]
    code = "InvalidVpcEndpointId.NotFound"
    assert looks_until(code, ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint]) == 1
    assert listed(ec2) == ["available"]
    tag = {"Resources": [endpoint], "Tags": [{"Key": "a", "Value": "b"}]}
    assert looks_until(code, ec2.create_tags, **tag) == 1


def test_an_endpoint_is_deleting_for_some_looks_and_one_that_is_missing_is_told_inside_a_success(ec2):
    endpoint = made(ec2, GATEWAY)
    said = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, "vpce-0123"])["Unsuccessful"]
    assert [(row["ResourceId"], row["Error"]["Code"]) for row in said] == [("vpce-0123", "InvalidVpcEndpoint.NotFound")]
    assert [listed(ec2) for _ in range(POLLS + 1)] == [["deleting"], ["deleting"], []]


def test_a_route_table_leads_to_a_service_once(ec2):
    made(ec2, GATEWAY)
    assert refused(ec2.create_vpc_endpoint, **GATEWAY) == "RouteAlreadyExists"


def test_the_private_name_of_an_endpoint_is_free_some_looks_after_it_is_gone(ec2):
    endpoint = made(ec2, INTERFACE)
    said = refusal(ec2.create_vpc_endpoint, **INTERFACE)
    text = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
    assert said == f"InvalidParameter: {text} api.ecr.us-east-1.amazonaws.com in the VPC {VPC_ID}"
    delete(ec2, endpoint)
    assert refused(ec2.create_vpc_endpoint, **INTERFACE) == "InvalidParameter"
    while listed(ec2):
        pass
    assert looks_until("InvalidParameter", ec2.create_vpc_endpoint, **INTERFACE) == LATE


def test_each_operation_misses_a_new_group_once(ec2, group):
    assert looks_until(MISSING, ec2.describe_security_groups, GroupIds=[group]) == 1
    assert looks_until(MISSING, ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=RULE) == 1
    assert looks_until(MISSING, ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=RULE) == 1
    assert looks_until(MISSING, ec2.create_tags, Resources=[group], Tags=[{"Key": "a", "Value": "b"}]) == 1
    filters = [{"Name": "group-name", "Values": ["jobs"]}]
    assert len(ec2.describe_security_groups(Filters=filters)["SecurityGroups"]) == 1


@pytest.mark.parametrize("description", ["", "the same rule in other words"])
def test_groups_and_their_rules_are_there_once(ec2, group, description):
    again = {"GroupName": "jobs", "Description": "another", "VpcId": VPC_ID}
    assert refused(ec2.create_security_group, **again) == "InvalidGroup.Duplicate"
    looks_until(MISSING, ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=RULE)
    told = [{**RULE[0], "IpRanges": [{"CidrIp": "10.20.0.0/16", "Description": description}]}]
    assert refused(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=told) == (
        "InvalidPermission.Duplicate"
    )
    looks_until(MISSING, ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=RULE)
    assert refused(ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=RULE) == "InvalidPermission.NotFound"


def test_a_group_is_held_by_an_endpoint_and_for_some_looks_after_that(ec2, group):
    endpoint = made(ec2, INTERFACE, SecurityGroupIds=[group])
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    delete(ec2, endpoint)
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    while listed(ec2):
        pass
    assert looks_until("DependencyViolation", ec2.delete_security_group, GroupId=group) == LATE


def test_a_group_that_an_endpoint_no_longer_has_is_held_for_some_looks(ec2, group):
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=VPC_ID)["GroupId"]
    endpoint = made(ec2, INTERFACE, SecurityGroupIds=[group])
    while listed(ec2) != ["available"]:
        pass
    change = {"VpcEndpointId": endpoint, "AddSecurityGroupIds": [other], "RemoveSecurityGroupIds": [group]}
    assert looks_until("InvalidVpcEndpointId.NotFound", ec2.modify_vpc_endpoint, **change) == 1
    assert looks_until("DependencyViolation", ec2.delete_security_group, GroupId=group) == LATE


def test_a_group_is_held_by_a_compute_environment_and_for_some_looks_after_that(ec2, group, client_of):
    batch = client_of("batch")
    resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": [PRIVATE_SUBNET_A], "securityGroupIds": [group]}
    batch.create_compute_environment(computeEnvironmentName="ce", type="MANAGED", computeResources=resources)

    def standing():
        said = batch.describe_compute_environments(computeEnvironments=["ce"])["computeEnvironments"]
        return [row["status"] for row in said]

    while standing() == ["CREATING"]:
        assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    batch.update_compute_environment(computeEnvironment="ce", state="DISABLED")
    while standing() == ["UPDATING"]:
        pass
    batch.delete_compute_environment(computeEnvironment="ce")
    assert refused(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    while standing():
        pass
    assert looks_until("DependencyViolation", ec2.delete_security_group, GroupId=group) == LATE


def test_a_group_that_nothing_uses_goes_at_once(ec2, group):
    ec2.delete_security_group(GroupId=group)
