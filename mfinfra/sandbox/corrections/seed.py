"""The network that a region of the sandbox is born with, made in moto under the ids of `mfinfra.sandbox.network`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.ec2.models import ec2_backends, internet_gateways, nat_gateways, route_tables, security_groups, subnets, vpcs

from mfinfra.sandbox import network as fixed
from mfinfra.sandbox.corrections.shelves import shelf

SUBNETS = (
    (fixed.PRIVATE_SUBNET_A, "10.20.0.0/20", 0, fixed.PRIVATE_ROUTE_TABLE),
    (fixed.PRIVATE_SUBNET_B, "10.20.16.0/20", 1, fixed.PRIVATE_ROUTE_TABLE),
    (fixed.PUBLIC_SUBNET, "10.20.32.0/20", 0, fixed.PUBLIC_ROUTE_TABLE),
)


def network(account: str, region: str) -> None:
    """Make the network of `region`, if it is not there yet."""
    seeded = shelf("seeded")
    if region in seeded:
        return
    seeded[region] = True
    try:
        ec2 = ec2_backends[account][region]
    except KeyError:  # no such region: moto's answer says so
        return
    with (
        _ids(vpcs, "random_vpc_id", fixed.VPC_ID),
        _ids(route_tables, "random_route_table_id", fixed.PRIVATE_ROUTE_TABLE),
        _ids(security_groups, "random_security_group_id", fixed.DEFAULT_SECURITY_GROUP),
    ):
        vpc = ec2.create_vpc(fixed.VPC_CIDR, tags=_named("metaflow"))
    vpc.enable_dns_support = vpc.enable_dns_hostnames = True
    with _ids(route_tables, "random_route_table_id", fixed.PUBLIC_ROUTE_TABLE):
        ec2.create_route_table(vpc.id, tags=_named("public"))
    with _ids(internet_gateways, "random_internet_gateway_id", fixed.INTERNET_GATEWAY):
        gateway = ec2.create_internet_gateway(tags=_named("metaflow"))
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    ec2.create_route(fixed.PUBLIC_ROUTE_TABLE, "0.0.0.0/0", gateway_id=gateway.id)
    zones = [zone.name for zone in ec2.describe_availability_zones()]
    for subnet_id, cidr, zone, table in SUBNETS:
        with _ids(subnets, "random_subnet_id", subnet_id):
            made = ec2.create_subnet(vpc.id, cidr, availability_zone=zones[zone])
        made.map_public_ip_on_launch = table == fixed.PUBLIC_ROUTE_TABLE
        ec2.associate_route_table(gateway_id=None, route_table_id=table, subnet_id=subnet_id)
    address = str(ec2.allocate_address("vpc").allocation_id)
    with _ids(nat_gateways, "random_nat_gateway_id", fixed.NAT_GATEWAY):
        ec2.create_nat_gateway(fixed.PUBLIC_SUBNET, address, tags={"Name": "metaflow"})
    ec2.create_route(fixed.PRIVATE_ROUTE_TABLE, "0.0.0.0/0", nat_gateway_id=fixed.NAT_GATEWAY)


def _named(name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}]


@contextmanager
def _ids(module: Any, generator: str, wanted: str) -> Iterator[None]:
    """Let `module` generate the id `wanted`. moto offers custom ids for other services, not for EC2's."""
    with patch.object(module, generator, lambda: wanted):
        yield
