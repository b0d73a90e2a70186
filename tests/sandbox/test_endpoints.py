import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.network import (
    DEFAULT_SECURITY_GROUP,
    PRIVATE_ROUTE_TABLE,
    PRIVATE_SUBNET_A,
    PRIVATE_SUBNET_B,
    PRIVATE_SUBNETS,
    PUBLIC_ROUTE_TABLE,
    PUBLIC_SUBNET,
    VPC_ID,
)

S3 = "com.amazonaws.us-east-1.s3"
ECR = "com.amazonaws.us-east-1.ecr.api"


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def ec2(sandbox, client_of):
    return client_of("ec2")


@pytest.fixture
def slow_ec2(slow_sandbox, client_of):
    return client_of("ec2")


def gateway(ec2, tables=(PRIVATE_ROUTE_TABLE,), **more):
    made = ec2.create_vpc_endpoint(VpcId=VPC_ID, ServiceName=S3, RouteTableIds=list(tables), **more)
    return made["VpcEndpoint"]


def interface(ec2, **more):
    params = {"SubnetIds": [PRIVATE_SUBNET_A], "VpcEndpointType": "Interface", **more}
    return ec2.create_vpc_endpoint(VpcId=VPC_ID, ServiceName=ECR, **params)["VpcEndpoint"]


def described(ec2, endpoint):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"][0]


def routes(ec2, table=PRIVATE_ROUTE_TABLE):
    found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return [route["GatewayId"] for route in found if "DestinationPrefixListId" in route]


def test_an_endpoint_is_a_gateway_unless_it_says_otherwise(ec2):
    made = gateway(ec2)
    assert made["VpcEndpointType"] == "Gateway"
    assert made["RouteTableIds"] == [PRIVATE_ROUTE_TABLE]
    policy = json.loads(made["PolicyDocument"])
    assert policy["Statement"] == [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
    assert routes(ec2) == [made["VpcEndpointId"]]


def test_a_second_gateway_on_a_route_table_is_refused(ec2):
    gateway(ec2)
    params = {"VpcId": VPC_ID, "ServiceName": S3, "RouteTableIds": [PRIVATE_ROUTE_TABLE]}
    assert PRIVATE_ROUTE_TABLE in refused("RouteAlreadyExists", ec2.create_vpc_endpoint, **params)


def test_the_routes_of_a_gateway_follow_its_route_tables(ec2):
    made = gateway(ec2)
    change = {"AddRouteTableIds": [PUBLIC_ROUTE_TABLE], "RemoveRouteTableIds": [PRIVATE_ROUTE_TABLE]}
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], **change)
    assert described(ec2, made)["RouteTableIds"] == [PUBLIC_ROUTE_TABLE]
    assert (routes(ec2), routes(ec2, PUBLIC_ROUTE_TABLE)) == ([], [made["VpcEndpointId"]])


def test_an_interface_gets_the_default_group_and_private_dns(ec2):
    made = described(ec2, interface(ec2))
    assert made["VpcEndpointType"] == "Interface"
    assert made["Groups"] == [{"GroupId": DEFAULT_SECURITY_GROUP, "GroupName": "default"}]
    assert made["PrivateDnsEnabled"] is True
    assert len(made["NetworkInterfaceIds"]) == 1


def test_an_interface_changes_subnets_groups_and_private_dns(ec2):
    made = interface(ec2)
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=VPC_ID)["GroupId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        AddSubnetIds=[PRIVATE_SUBNET_B],
        RemoveSubnetIds=[PRIVATE_SUBNET_A],
        AddSecurityGroupIds=[group],
        RemoveSecurityGroupIds=[DEFAULT_SECURITY_GROUP],
        PrivateDnsEnabled=False,
    )
    said = described(ec2, made)
    assert said["SubnetIds"] == [PRIVATE_SUBNET_B]
    assert [each["GroupId"] for each in said["Groups"]] == [group]
    assert said["PrivateDnsEnabled"] is False
    assert len(said["NetworkInterfaceIds"]) == 1


def test_a_policy_is_changed_and_reset(ec2):
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "*"}]})
    made = gateway(ec2, PolicyDocument=policy)
    assert json.loads(described(ec2, made)["PolicyDocument"]) == json.loads(policy)
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], ResetPolicy=True)
    assert json.loads(described(ec2, made)["PolicyDocument"])["Statement"][0]["Action"] == "*"
    refused("InvalidPolicyDocument", ec2.modify_vpc_endpoint, VpcEndpointId=made["VpcEndpointId"], PolicyDocument="{")


def test_an_endpoint_is_pending_then_available_then_deleting_then_gone(slow_ec2):
    made = interface(slow_ec2)
    assert made["State"] == "pending"
    assert [described(slow_ec2, made)["State"] for _ in range(2)] == ["pending", "available"]
    slow_ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert described(slow_ec2, made)["State"] == "deleting"
    assert slow_ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    refused(
        "InvalidVpcEndpointId.NotFound",
        slow_ec2.describe_vpc_endpoints,
        VpcEndpointIds=[made["VpcEndpointId"]],
    )


def test_two_endpoints_cannot_claim_one_private_name(ec2):
    interface(ec2)
    with pytest.raises(ClientError, match="conflicting DNS domain"):
        interface(ec2)
    interface(ec2, PrivateDnsEnabled=False)


def test_private_dns_needs_a_vpc_that_resolves_names(ec2):
    ec2.modify_vpc_attribute(VpcId=VPC_ID, EnableDnsHostnames={"Value": False})
    with pytest.raises(ClientError, match="enableDnsHostnames"):
        interface(ec2)


def test_services_that_are_not_offered_are_refused(ec2):
    create = ec2.create_vpc_endpoint
    refused("InvalidServiceName", create, VpcId=VPC_ID, ServiceName="com.amazonaws.us-east-1.ghost")
    refused("InvalidServiceName", create, VpcId=VPC_ID, ServiceName="com.amazonaws.eu-west-1.s3")
    assert "does not match" in refused("InvalidParameter", create, VpcId=VPC_ID, ServiceName=ECR)
    refused("InvalidVpcID.NotFound", create, VpcId="vpc-0123456789abcdef0", ServiceName=S3)


def test_the_offered_services_are_described(ec2):
    found = ec2.describe_vpc_endpoint_services(ServiceNames=[S3])
    assert found["ServiceNames"] == [S3]
    kinds = {detail["ServiceType"][0]["ServiceType"] for detail in found["ServiceDetails"]}
    assert kinds == {"Gateway", "Interface"}


def test_two_subnets_of_one_zone_are_refused(ec2):
    with pytest.raises(ClientError, match="DuplicateSubnetsInSameZone"):
        interface(ec2, SubnetIds=[PRIVATE_SUBNET_A, PUBLIC_SUBNET])
    interface(ec2, SubnetIds=list(PRIVATE_SUBNETS))


def test_deleting_an_unknown_endpoint_is_told_in_an_answer_of_200(ec2):
    made = gateway(ec2)
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0", made["VpcEndpointId"]])
    assert [each["ResourceId"] for each in answer["Unsuccessful"]] == ["vpce-0123456789abcdef0"]
    assert answer["Unsuccessful"][0]["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert routes(ec2) == []


def test_one_client_token_makes_one_endpoint(ec2):
    first, again = gateway(ec2, ClientToken="t"), gateway(ec2, ClientToken="t")
    assert first["VpcEndpointId"] == again["VpcEndpointId"]
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        gateway(ec2, tables=[PUBLIC_ROUTE_TABLE], ClientToken="t")


def test_endpoints_are_found_by_vpc_service_and_tag(ec2):
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "owner", "Value": "me"}]}]
    made = gateway(ec2, TagSpecifications=tags)
    interface(ec2)
    for name, value in (("service-name", S3), ("tag:owner", "me"), ("vpc-endpoint-type", "Gateway")):
        filters = [{"Name": "vpc-id", "Values": [VPC_ID]}, {"Name": name, "Values": [value]}]
        found = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        assert [each["VpcEndpointId"] for each in found] == [made["VpcEndpointId"]]
    ec2.create_tags(Resources=[made["VpcEndpointId"]], Tags=[{"Key": "more", "Value": "1"}])
    ec2.delete_tags(Resources=[made["VpcEndpointId"]], Tags=[{"Key": "owner"}])
    assert described(ec2, made)["Tags"] == [{"Key": "more", "Value": "1"}]


def test_settings_of_the_other_type_are_refused(ec2):
    made = gateway(ec2)
    refused(
        "InvalidParameter",
        ec2.modify_vpc_endpoint,
        VpcEndpointId=made["VpcEndpointId"],
        AddSubnetIds=[PRIVATE_SUBNET_A],
    )
    with pytest.raises(ClientError, match="InvalidParameter"):
        interface(ec2, RouteTableIds=[PRIVATE_ROUTE_TABLE])


def test_an_endpoint_that_is_still_pending_is_not_changed(slow_ec2):
    made = interface(slow_ec2)
    refused(
        "IncorrectState", slow_ec2.modify_vpc_endpoint, VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=False
    )


def test_an_endpoint_that_is_not_there_is_not_tagged(ec2):
    tags = [{"Key": "a", "Value": "b"}]
    refused("InvalidVpcEndpointId.NotFound", ec2.create_tags, Resources=["vpce-0123456789abcdef0"], Tags=tags)
