import pytest

from mfinfra.sandbox import network


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-southeast-2"])
def test_every_region_is_born_with_the_network(sandbox, client_of, region):
    ec2 = client_of("ec2", region)
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        said = ec2.describe_vpc_attribute(VpcId=network.VPC_ID, Attribute=attribute)
        assert said[attribute[0].upper() + attribute[1:]]["Value"] is True
    private = ec2.describe_subnets(SubnetIds=list(network.PRIVATE_SUBNETS))["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in private}) == 2
    assert all(subnet["AvailabilityZone"].startswith(region) for subnet in private)
    tables = ec2.describe_route_tables(RouteTableIds=[network.PUBLIC_ROUTE_TABLE])["RouteTables"]
    assert network.INTERNET_GATEWAY in [route.get("GatewayId") for route in tables[0]["Routes"]]
    assert [each["SubnetId"] for each in tables[0]["Associations"]] == [network.PUBLIC_SUBNET]


def test_the_private_table_is_the_main_one_of_both_private_subnets(sandbox, client_of):
    said = client_of("ec2").describe_route_tables(RouteTableIds=[network.PRIVATE_ROUTE_TABLE])["RouteTables"][0]
    associated = {each.get("SubnetId") for each in said["Associations"]}
    assert set(network.PRIVATE_SUBNETS) <= associated
    assert any(each["Main"] for each in said["Associations"])


def test_the_private_subnets_have_a_way_out(sandbox, client_of):
    ec2 = client_of("ec2")
    table = ec2.describe_route_tables(RouteTableIds=[network.PRIVATE_ROUTE_TABLE])["RouteTables"][0]
    ways = {row["DestinationCidrBlock"]: row.get("NatGatewayId") for row in table["Routes"]}
    assert ways["0.0.0.0/0"] == network.NAT_GATEWAY
    [gateway] = ec2.describe_nat_gateways(NatGatewayIds=[network.NAT_GATEWAY])["NatGateways"]
    assert (gateway["State"], gateway["SubnetId"]) == ("available", network.PUBLIC_SUBNET)
    assert gateway["NatGatewayAddresses"][0]["PublicIp"]


def test_the_network_is_there_again_after_a_reset(sandbox, client_of):
    ec2 = client_of("ec2")
    ec2.delete_subnet(SubnetId=network.PUBLIC_SUBNET)
    sandbox.reset()
    assert ec2.describe_subnets(SubnetIds=[network.PUBLIC_SUBNET])["Subnets"][0]["VpcId"] == network.VPC_ID


def test_ids_have_the_length_of_those_of_aws():
    ids = [getattr(network, name) for name in dir(network) if name.isupper()]
    kinds = {"vpc", "subnet", "rtb", "igw", "sg", "nat"}
    named = [each for each in ids if isinstance(each, str) and each.split("-")[0] in kinds]
    assert len(named) == 9
    assert all(len(each.split("-")[1]) == 17 for each in named)
