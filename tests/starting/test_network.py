"""Which subnets a preset works in, told from EC2's own rows."""

from __future__ import annotations

import pytest

from mfinfra.starting import network
from mfinfra.starting.answers import Preset
from mfinfra.starting.network import CLUSTER, CONTAINERS, NO_WAY_OUT, Kind

VPC = "vpc-1"


def subnet(id_, zone="us-east-1a", vpc=VPC, **more):
    return {"SubnetId": id_, "VpcId": vpc, "AvailabilityZone": zone, "CidrBlock": "10.0.0.0/24"} | more


def table(id_, subnets, *routes, main=False):
    associations = [{"SubnetId": one} for one in subnets] + ([{"Main": True}] if main else [])
    return {"RouteTableId": id_, "VpcId": VPC, "Associations": associations, "Routes": list(routes)}


def default(**target):
    return {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **target}


IGW = default(GatewayId="igw-1")
NAT = {"NatGatewayId": "nat-1", "State": "available", "SubnetId": "public", "VpcId": VPC}
TABLES = (
    table("rtb-public", ["public", "open"], IGW),
    table("rtb-nat", ["nat"], default(NatGatewayId="nat-1")),
    table("rtb-regional", ["regional"], default(NatGatewayId="nat-2")),
    table("rtb-tgw", ["elsewhere"], default(TransitGatewayId="tgw-1")),
    table("rtb-black", ["black"], {**IGW, "State": "blackhole"}),
    table("rtb-main", [], main=True),
)
SUBNETS = (
    subnet("public"),
    subnet("open", MapPublicIpOnLaunch=True),
    subnet("nat"),
    subnet("regional"),
    subnet("elsewhere"),
    subnet("black"),
    subnet("isolated"),
)
KINDS = {
    "public": Kind.PUBLIC,
    "open": Kind.PUBLIC,
    "nat": Kind.NAT,
    "regional": Kind.NAT,
    "elsewhere": Kind.OTHER,
    "black": Kind.BROKEN,
    "isolated": Kind.ISOLATED,
}


def account(subnets=SUBNETS, tables=TABLES, nats=(NAT, {"NatGatewayId": "nat-2", "State": "available"}), endpoints=()):
    return network.read([{"VpcId": VPC, "CidrBlock": "10.0.0.0/16"}], subnets, tables, nats, endpoints)


def endpoint(service, **more):
    gateway = service in network.GATEWAY_SERVICES
    return {
        "VpcEndpointId": f"vpce-{service}",
        "VpcId": VPC,
        "State": "available",
        "ServiceName": f"com.amazonaws.us-east-1.{service}",
        "VpcEndpointType": "Gateway" if gateway else "Interface",
        "RouteTableIds": ["rtb-main"] if gateway else [],
        "PrivateDnsEnabled": not gateway,
    } | more


def test_subnets_are_told_apart_by_where_they_lead():
    assert {one.id: one.kind for one in account().subnets} == KINDS


def test_without_route_tables_no_kind_is_known_and_nothing_is_objected_to():
    found = account(tables=None)
    assert {one.kind for one in found.subnets} == {Kind.OTHER}
    assert all(found.objection(preset, one) is None for preset in Preset for one in found.subnets)


def test_without_nat_gateways_a_route_to_one_is_believed():
    assert {one.id: one.kind for one in account(nats=None).subnets}["nat"] is Kind.NAT


@pytest.mark.parametrize(
    ("preset", "works"),
    [
        (Preset.FARGATE, {"public", "open", "nat", "regional", "elsewhere"}),
        (Preset.EC2, {"open", "nat", "regional", "elsewhere"}),
        (Preset.SPOT, {"open", "nat", "regional", "elsewhere"}),
        (Preset.PRIVATE, set(KINDS)),
    ],
)
def test_where_a_preset_cannot_work_is_said_and_nowhere_else(preset, works):
    found = account()
    assert {one.id for one in found.subnets if found.objection(preset, one) is None} == works
    assert all(len(found.objection(preset, one)) > 20 for one in found.subnets if one.id not in works)


@pytest.mark.parametrize(
    ("preset", "there", "proposed"),
    [
        (Preset.FARGATE, ("nat", "public", "open", "isolated"), ("open", "public")),
        (Preset.FARGATE, ("nat", "isolated"), ("nat",)),
        (Preset.FARGATE, ("isolated", "elsewhere"), ("elsewhere",)),
        (Preset.FARGATE, ("isolated", "black"), ()),
        (Preset.EC2, ("nat", "public", "open"), ("nat",)),
        (Preset.EC2, ("public", "open"), ("open",)),
        (Preset.SPOT, ("public",), ()),
        (Preset.PRIVATE, ("nat", "isolated", "open"), ("isolated",)),
        (Preset.PRIVATE, ("nat", "open"), ("nat",)),
        (Preset.PRIVATE, ("open",), ()),
    ],
)
def test_what_is_proposed_is_all_of_the_best_kind(preset, there, proposed):
    found = account([row for row in SUBNETS if row["SubnetId"] in there])
    assert tuple(one.id for one in found.proposal(preset, VPC)) == proposed


@pytest.mark.parametrize(
    "odd",
    [{"AvailabilityZone": "us-west-2-lax-1a"}, {"OutpostArn": "arn:aws:outposts:x"}, {"Ipv6Native": True}],
    ids=lambda value: next(iter(value)),
)
def test_a_subnet_of_an_unusual_place_is_shown_and_not_proposed(odd):
    found = account((subnet("nat"), {**subnet("public"), **odd}))
    assert len(found.subnets) == 2
    assert [one.id for one in found.proposal(Preset.FARGATE, VPC)] == ["nat"]


def test_no_more_subnets_are_proposed_than_batch_takes():
    rows = [subnet(f"s{number:02}") for number in range(20)]
    found = account(rows, [table("rtb-main", [], IGW, main=True)])
    assert len(found.proposal(Preset.FARGATE, VPC)) == 16


@pytest.mark.parametrize(
    ("preset", "services", "changed", "objection"),
    [
        (Preset.FARGATE, CONTAINERS, {}, None),
        (Preset.FARGATE, CONTAINERS[1:], {}, NO_WAY_OUT),
        (Preset.EC2, CONTAINERS, {}, NO_WAY_OUT),
        (Preset.EC2, (*CONTAINERS, *CLUSTER), {}, None),
        (Preset.FARGATE, CONTAINERS, {"State": "failed"}, NO_WAY_OUT),
        (Preset.FARGATE, CONTAINERS, {"RouteTableIds": ["rtb-other"]}, NO_WAY_OUT),
        (Preset.FARGATE, CONTAINERS, {"PrivateDnsEnabled": False}, NO_WAY_OUT),
        (Preset.FARGATE, CONTAINERS, {"VpcId": "vpc-2"}, NO_WAY_OUT),
    ],
)
def test_an_isolated_subnet_does_where_all_endpoints_are_there_already(preset, services, changed, objection):
    found = account(endpoints=[endpoint(name, **changed) for name in services])
    isolated = next(one for one in found.subnets if one.id == "isolated")
    assert found.objection(preset, isolated) == objection


def test_endpoints_are_known_by_the_end_of_their_service_s_name_in_every_partition():
    rows = [
        endpoint("ecr.api", ServiceName="cn.com.amazonaws.cn-north-1.ecr.api"),
        endpoint("ecs-agent", ServiceName="com.amazonaws.us-gov-west-1.ecs-agent"),
        endpoint("s3"),
        endpoint("s3", VpcEndpointType="Interface", VpcEndpointId="vpce-other"),
    ]
    found = account(endpoints=rows).served(VPC)
    assert {name: one.id for name, one in found.items()} == {
        "ecr.api": "vpce-ecr.api",
        "ecs-agent": "vpce-ecs-agent",
        "s3": "vpce-s3",
    }


def test_an_interface_endpoint_takes_one_subnet_of_each_zone():
    rows = [subnet("a"), subnet("b"), subnet("c", "us-east-1b")]
    assert network.one_each(account(rows).subnets) == ("a", "c")


def test_vpcs_are_listed_the_default_one_first_then_by_name():
    rows = [
        {"VpcId": "vpc-3", "Tags": [{"Key": "Name", "Value": "z"}]},
        {"VpcId": "vpc-2", "Tags": [{"Key": "Name", "Value": "a"}]},
        {"VpcId": "vpc-4", "IsDefault": True},
    ]
    found = network.read(rows, (), (), (), ())
    assert [(one.id, one.name, one.default) for one in found.vpcs] == [
        ("vpc-4", "", True),
        ("vpc-2", "a", False),
        ("vpc-3", "z", False),
    ]
