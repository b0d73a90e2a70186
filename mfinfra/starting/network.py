"""The network that an account has: VPCs, subnets by kind, and which of them a preset can work in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mfinfra.document.lint_network import CLUSTER, GATEWAY_SERVICES, IMAGES
from mfinfra.metaflow.doctor.routes import Network, Way, walk
from mfinfra.model import Document
from mfinfra.starting.answers import Preset

MOST_SUBNETS = 16
"""As many as AWS Batch takes for one compute environment.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
"""
CONTAINERS = (*IMAGES, "logs")
SERVICE = re.compile(r"^.*amazonaws\.[a-z]+(-[a-z]+)+-[0-9]+\.")
ZONE = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+[a-z]")
NO_WAY_OUT = "has no way out: no image could be pulled, and no log written"


class Kind(StrEnum):
    """How a subnet reaches the internet, and with it AWS."""

    PUBLIC = "public"
    NAT = "behind NAT"
    ISOLATED = "isolated"
    BROKEN = "broken way"
    OTHER = "not known"


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC; `name` is empty where it has none."""

    id: str
    cidr: str = ""
    name: str = ""
    default: bool = False


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `addresses`: an instance gets a public address. `table` is its route table, empty if not known."""

    id: str
    vpc: str = ""
    zone: str = ""
    cidr: str = ""
    name: str = ""
    kind: Kind = Kind.OTHER
    addresses: bool = False
    table: str = ""
    why: str = ""
    usual: bool = True

    @property
    def remark(self) -> str:
        """What people want to know of it, in the file."""
        return ", ".join(part for part in (self.zone, str(self.kind) if self.kind is not Kind.OTHER else "") if part)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint that is there already.

    `tables` are the route tables of a gateway; `names` says whether one of the other type has private DNS.
    """

    id: str
    vpc: str
    service: str
    gateway: bool = False
    tables: tuple[str, ...] = ()
    names: bool = True

    def serves(self, subnet: Subnet) -> bool:
        """Whether jobs in `subnet` reach the service by it."""
        return subnet.vpc == self.vpc and (subnet.table in self.tables if self.gateway else self.names)


@dataclass(frozen=True, slots=True)
class Account:
    """What was found; `None` where the credentials may not look. `unread` says what, one line each."""

    vpcs: tuple[Vpc, ...] | None = None
    subnets: tuple[Subnet, ...] | None = None
    endpoints: tuple[Endpoint, ...] = ()
    unread: tuple[str, ...] = ()

    def inside(self, vpc: str) -> tuple[Subnet, ...]:
        """The subnets of a VPC."""
        return tuple(one for one in self.subnets or () if one.vpc == vpc)

    def served(self, vpc: str) -> Mapping[str, Endpoint]:
        """The endpoints of a VPC by the short name of their service."""
        return {one.service: one for one in self.endpoints if one.vpc == vpc}

    def objection(self, preset: Preset, subnet: Subnet) -> str | None:
        """Why jobs of a preset cannot work in a subnet; `None` where they can, or where nobody knows."""
        if preset in (Preset.PRIVATE, Preset.SANDBOX):
            return None
        if subnet.kind is Kind.ISOLATED:
            needed = {*CONTAINERS} if preset is Preset.FARGATE else {*CONTAINERS, *CLUSTER}
            return None if needed <= {one.service for one in self.endpoints if one.serves(subnet)} else NO_WAY_OUT
        if subnet.kind is Kind.BROKEN:
            return subnet.why
        if subnet.kind is Kind.PUBLIC and preset is not Preset.FARGATE and not subnet.addresses:
            return "is public, but gives instances no public address: nothing would answer them"
        return None

    def proposal(self, preset: Preset, vpc: str) -> tuple[Subnet, ...]:
        """The subnets of a VPC to run in: all of the best kind that there is; none where none would do."""
        for kind in (*WANTED.get(preset, ()), Kind.ISOLATED):
            there = (one for one in self.inside(vpc) if one.kind is kind and one.usual)
            if fit := [one for one in there if not self.objection(preset, one)]:
                return tuple(fit[:MOST_SUBNETS])
        return ()


# The kinds that a preset works in, the best first.
WANTED: Mapping[Preset, tuple[Kind, ...]] = {
    # Metaflow gives every Fargate task a public address: `assignPublicIp` in its `batch_client.py`, 2.19.39.
    Preset.FARGATE: (Kind.PUBLIC, Kind.NAT, Kind.OTHER),
    Preset.EC2: (Kind.NAT, Kind.PUBLIC, Kind.OTHER),
    Preset.SPOT: (Kind.NAT, Kind.PUBLIC, Kind.OTHER),
    Preset.PRIVATE: (Kind.ISOLATED, Kind.NAT, Kind.OTHER, Kind.BROKEN),
}


def read(
    vpcs: Sequence[Document] | None,
    subnets: Sequence[Document] | None,
    tables: Sequence[Document] | None,
    nats: Sequence[Document] | None,
    endpoints: Sequence[Document] | None,
) -> Account:
    """The account, from the rows of EC2's answers; `None` stands for rows that it did not give."""
    # A NAT gateway of a whole region is in no subnet; what is behind it is AWS's business.
    homed = None if nats is None else tuple(row for row in nats if row.get("SubnetId"))
    network = Network(subnets=subnets, tables=tables, nats=homed)
    found = None if subnets is None else tuple(_subnet(network, row) for row in subnets)
    return Account(
        None if vpcs is None else tuple(sorted(map(_vpc, vpcs), key=lambda one: (not one.default, one.name, one.id))),
        None if found is None else tuple(sorted(found, key=_order)),
        tuple(_endpoints(endpoints or ())),
    )


def one_each(subnets: Sequence[Subnet]) -> tuple[str, ...]:
    """The first subnet of each zone: an interface endpoint takes no more.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    chosen: dict[str, str] = {}
    for one in subnets:
        chosen.setdefault(one.zone or one.id, one.id)
    return tuple(chosen.values())


def counted(subnets: Sequence[Subnet]) -> str:
    """`2 public, 1 isolated`."""
    kinds = [one.kind for one in subnets]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in Kind if kind in kinds) or "no subnets"


def _order(one: Subnet) -> tuple[str, int, str, str]:
    return one.vpc, [*Kind].index(one.kind), one.zone, one.id


def _vpc(row: Document) -> Vpc:
    return Vpc(str(row["VpcId"]), str(row.get("CidrBlock", "")), _name(row), bool(row.get("IsDefault")))


def _subnet(network: Network, row: Document) -> Subnet:
    zone = str(row.get("AvailabilityZone", ""))
    kind, why = _kind(network, row)
    table = network.table(row)
    return Subnet(
        str(row["SubnetId"]),
        str(row["VpcId"]),
        zone,
        str(row.get("CidrBlock", "")),
        _name(row),
        kind,
        bool(row.get("MapPublicIpOnLaunch")),
        str(table["RouteTableId"]) if table else "",
        why,
        # Local and Wavelength zones have longer names, and have neither Fargate nor all endpoints.
        not row.get("OutpostArn") and not row.get("Ipv6Native") and bool(ZONE.fullmatch(zone)),
    )


def _kind(network: Network, row: Document) -> tuple[Kind, str]:
    found = walk(network, row, public=True)
    target = next((step for step in found.path[2:3]), "")
    if found.way is Way.NONE:
        return Kind.ISOLATED, ""
    if found.way is Way.BROKEN:
        return Kind.BROKEN, f"reaches nothing: {found.why}"
    if target.startswith("igw-"):
        return Kind.PUBLIC, ""
    return (Kind.NAT if target.startswith("nat-") else Kind.OTHER), ""


def _endpoints(rows: Iterable[Document]) -> Iterator[Endpoint]:
    for row in rows:
        if str(row.get("State", "available")).lower() not in ("available", "pending"):
            continue
        gateway = row.get("VpcEndpointType", "Gateway") == "Gateway"
        service = SERVICE.sub("", str(row["ServiceName"]))
        if gateway is not (service in GATEWAY_SERVICES):
            continue  # an interface of S3 stands beside its gateway and does not take its place
        tables = tuple(map(str, row.get("RouteTableIds", ())))
        names = bool(row.get("PrivateDnsEnabled"))
        yield Endpoint(str(row["VpcEndpointId"]), str(row["VpcId"]), service, gateway, tables, names)


def _name(row: Document) -> str:
    return next((str(tag["Value"]) for tag in row.get("Tags", ()) if tag.get("Key") == "Name"), "")
