"""The way out of a subnet, walked from live answers: route table, default route, gateway; each step is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mfinfra.metaflow.doctor.filters import EVERYWHERE
from mfinfra.metaflow.doctor.reading import Rows
from mfinfra.model import Document

# Targets behind which another network decides: member of a route → what it is.
ELSEWHERE = {
    "TransitGatewayId": "transit gateway",
    "VpcPeeringConnectionId": "peering connection",
    "InstanceId": "instance",
    "NetworkInterfaceId": "network interface",
    "LocalGatewayId": "local gateway",
    "CarrierGatewayId": "carrier gateway",
    "CoreNetworkArn": "core network",
    "EgressOnlyInternetGatewayId": "egress-only gateway",
}


class Way(StrEnum):
    """Whether the internet, with AWS's public endpoints in it, is reached from a subnet."""

    OPEN = "open"
    NONE = "none"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Walk:
    """How far one comes from a subnet: `code`, `why` and `fix` where it ends too early."""

    way: Way
    path: tuple[str, ...]
    code: str = ""
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        return " → ".join(self.path)


@dataclass(frozen=True, slots=True)
class Network:
    """What was read of the VPCs; `None` where AWS did not tell."""

    subnets: Rows = ()
    tables: Rows = ()
    nats: Rows = ()
    endpoints: Rows = ()
    groups: Rows = ()
    acls: Rows = ()
    dns: dict[str, dict[str, bool]] = field(default_factory=dict)

    def subnet(self, id_: str) -> Document | None:
        """The subnet of this id."""
        return _found(self.subnets, "SubnetId", id_)

    def group_rules(self, ids: Sequence[str], member: str) -> list[Document]:
        """The rules of several security groups together."""
        return [rule for row in self.groups or () if row["GroupId"] in ids for rule in row.get(member, ())]

    def table(self, subnet: Document) -> Document | None:
        """The route table of a subnet: its own association, or the main one of its VPC."""
        main = None
        for table in self.tables or ():
            for association in table.get("Associations", ()):
                if association.get("SubnetId") == subnet["SubnetId"]:
                    return table
                if association.get("Main") and table.get("VpcId") == subnet["VpcId"]:
                    main = table
        return main

    def acl(self, subnet: Document) -> Document | None:
        """The network ACL of a subnet."""
        for row in self.acls or ():
            if any(each.get("SubnetId") == subnet["SubnetId"] for each in row.get("Associations", ())):
                return row
        return None


def walk(network: Network, subnet: Document, *, public: bool | None) -> Walk:
    """From a subnet to the internet; `public` tells whether what starts there gets a public address, if known."""
    start = str(subnet["SubnetId"])
    table = network.table(subnet)
    if table is None:
        return Walk(Way.UNKNOWN, (start,), why="its route table could not be read")
    path = (start, str(table["RouteTableId"]))
    route = _default(table)
    if route is None:
        return Walk(Way.NONE, (*path, "no default route"))
    target = _target(route)
    if route.get("State") == "blackhole":
        return Walk(
            Way.BROKEN,
            (*path, target, "blackhole"),
            "MF5381",
            "the default route leads to something that was deleted",
            f"`aws ec2 replace-route --route-table-id {path[1]} --destination-cidr-block 0.0.0.0/0 --nat-gateway-id …`",
        )
    if target.startswith("nat-"):
        return _through_nat(network, target, path)
    if target.startswith("igw-"):
        return _through_gateway(target, path, public)
    kind = next((word for member, word in ELSEWHERE.items() if route.get(member)), "gateway")
    return Walk(
        Way.UNKNOWN,
        (*path, target),
        "MF5386",
        f"the default route leads to a {kind}: what is behind it is not seen from here",
        f"see that `{target}` leads on to the internet, or write the missing endpoints",
    )


def _through_gateway(target: str, path: tuple[str, ...], public: bool | None) -> Walk:
    if public is None:
        return Walk(
            Way.UNKNOWN,
            (*path, target),
            "MF5386",
            "a launch template decides whether instances get a public address, and it is not read",
            "see that it has `AssociatePublicIpAddress: true`",
        )
    if public:
        return Walk(Way.OPEN, (*path, target))
    return Walk(
        Way.BROKEN,
        (*path, target, "no public address"),
        "MF5385",
        "the subnet leads to the internet gateway, but its instances get no public address, and nothing answers to a "
        "private one",
        f"`aws ec2 modify-subnet-attribute --subnet-id {path[0]} --map-public-ip-on-launch`, or use subnets with a NAT",
    )


def _through_nat(network: Network, target: str, path: tuple[str, ...]) -> Walk:
    nat = _found(network.nats, "NatGatewayId", target)
    if nat is None:
        return Walk(Way.UNKNOWN, (*path, target), "MF5386", "the NAT gateway could not be read", f"look at `{target}`")
    state, reason = str(nat.get("State")), str(nat.get("FailureMessage") or "")
    if state != "available":
        return Walk(
            Way.BROKEN,
            (*path, target, state),
            "MF5382",
            f"the NAT gateway is {state}" + (f": {reason}" if reason else ""),
            "make another NAT gateway, and point the route at it",
        )
    if nat.get("ConnectivityType") == "private":
        return Walk(
            Way.BROKEN,
            (*path, target, "private"),
            "MF5383",
            "the NAT gateway is a private one, which leads to other networks and not to the internet",
            "make a public NAT gateway, and point the route at it",
        )
    home = network.subnet(str(nat["SubnetId"]))
    behind = network.table(home) if home else network.table({"SubnetId": nat["SubnetId"], "VpcId": nat.get("VpcId")})
    if behind is None:
        return Walk(Way.OPEN, (*path, target))
    route = _default(behind)
    onward = (*path, target, str(nat["SubnetId"]), str(behind["RouteTableId"]))
    gateway = _target(route) if route else ""
    if route and gateway.startswith("igw-") and route.get("State") != "blackhole":
        return Walk(Way.OPEN, (*onward, gateway))
    return Walk(
        Way.BROKEN,
        (*onward, gateway or "no default route"),
        "MF5384",
        "the NAT gateway stands in a subnet that has no internet gateway behind it",
        f"make a NAT gateway in a public subnet, or give `{behind['RouteTableId']}` a route to an internet gateway",
    )


def _default(table: Document) -> Document | None:
    routes: Sequence[Document] = table.get("Routes", ())
    return next((each for each in routes if each.get("DestinationCidrBlock") == EVERYWHERE), None)


def _target(route: Document) -> str:
    members = ("NatGatewayId", "GatewayId", *ELSEWHERE)
    return next((str(route[member]) for member in members if route.get(member)), "an unknown target")


def _found(rows: Rows, member: str, value: str) -> Document | None:
    return next((row for row in rows or () if row.get(member) == value), None)
