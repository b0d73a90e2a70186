"""Whether a VPC endpoint serves a subnet: its state, its names, who may reach it, and what it lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra.evaluate import Decision, Request, UnjudgedError, decide
from mfinfra.metaflow.doctor import filters
from mfinfra.metaflow.doctor.case import Compute
from mfinfra.metaflow.doctor.routes import Network, Way
from mfinfra.metaflow.doctor.services import LAYERS, Need
from mfinfra.model import Document, Verdict


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing wrong with an endpoint, as seen from one subnet."""

    code: str
    message: str
    evidence: tuple[str, ...]
    fix: str
    verdict: Verdict = Verdict.FAILED


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one looks from: a subnet of a compute environment, and what way leads out of it."""

    network: Network
    compute: Compute
    subnet: Document
    way: Way


def of_service(network: Network, subnet: Document, service: str, region: str) -> list[Document]:
    """The endpoints in the VPC of `subnet` for a service, by the end of its name."""
    rows = [row for row in network.endpoints or () if row.get("VpcId") == subnet["VpcId"]]
    there = [row for row in rows if str(row.get("State", "")).lower() not in {"deleting", "deleted"}]
    return [row for row in there if str(row.get("ServiceName", "")).partition(f".{region}.")[2] == service]


def troubles(endpoint: Document, stand: Stand, need: Need) -> tuple[Trouble, ...]:
    """What keeps `endpoint` from serving `need`, or from letting it by another way.

    With a way out an endpoint only matters where packets take it: a gateway that the route table has, an interface
    whose names are resolved to it.
    """
    gateway = endpoint.get("VpcEndpointType", "Gateway") == "Gateway"
    found = tuple(_gateway(endpoint, stand) if gateway else _interface(endpoint, stand))
    taken = stand.way is not Way.OPEN or (_associated(endpoint, stand) if gateway else _resolves(endpoint, stand))
    if not taken:
        return ()
    return (*found, *_policy(endpoint, need))


def _gateway(endpoint: Document, stand: Stand) -> Iterator[Trouble]:
    id_ = str(endpoint["VpcEndpointId"])
    table = stand.network.table(stand.subnet)
    if table and not _associated(endpoint, stand):
        yield Trouble(
            "MF5387",
            "a gateway endpoint is not in the route table of its subnets",
            (f"{stand.subnet['SubnetId']} → {table['RouteTableId']}; {id_}: {_listed(endpoint, 'RouteTableIds')}",),
            f"write `route_tables: [{table['RouteTableId']}]` at the endpoint",
        )
    yield from _state(endpoint)


def _interface(endpoint: Document, stand: Stand) -> Iterator[Trouble]:
    id_, subnet = str(endpoint["VpcEndpointId"]), stand.subnet
    yield from _state(endpoint)
    if not endpoint.get("PrivateDnsEnabled"):
        yield Trouble(
            "MF5389",
            "an endpoint has no private DNS: the service's name leads past it",
            (f"{id_} has PrivateDnsEnabled false",),
            "write `private_dns: true` at the endpoint",
        )
    dns = stand.network.dns.get(str(subnet["VpcId"]), {})
    if off := [name for name, on in dns.items() if not on]:
        yield Trouble(
            "MF5390",
            "the VPC does not resolve private names: endpoints of interface type are not found",
            (f"{subnet['VpcId']} has {' and '.join(f'{name} false' for name in sorted(off))}",),
            f"`aws ec2 modify-vpc-attribute --vpc-id {subnet['VpcId']} --{_dashed(min(off))}`",
        )
    yield from _entry(endpoint, stand)
    yield from _exit(endpoint, stand)
    yield from _zones(endpoint, stand)


def _state(endpoint: Document) -> Iterator[Trouble]:
    state, id_ = str(endpoint.get("State", "available")), str(endpoint["VpcEndpointId"])
    if state.lower() != "available":
        error = (endpoint.get("LastError") or {}).get("Message")
        yield Trouble(
            "MF5388",
            f"an endpoint that it needs is {state}",
            (f"{id_} is {state}" + (f": {error}" if error else ""),),
            "run `mfinfra apply FILE`, which makes a failed endpoint anew; `pendingAcceptance` its owner has to accept",
        )


def _entry(endpoint: Document, stand: Stand) -> Iterator[Trouble]:
    ids = _groups(endpoint)
    if stand.network.groups is None or not ids or not stand.compute.groups:
        return
    rules = stand.network.group_rules(ids, "IpPermissions")
    if not filters.reaches(rules, (str(stand.subnet["CidrBlock"]),), stand.compute.groups):
        yield Trouble(
            "MF5391",
            "the security groups of endpoints let no HTTPS in from it",
            (f"{', '.join(stand.compute.groups)} → {', '.join(ids)} ({endpoint['VpcEndpointId']}): no tcp 443",),
            "write `ingress: [{protocol: tcp, port: 443, security_group: security_group.NAME}]` at its group",
        )


def _exit(endpoint: Document, stand: Stand) -> Iterator[Trouble]:
    groups = stand.compute.groups
    if stand.network.groups is None or not groups:
        return
    rules = stand.network.group_rules(groups, "IpPermissionsEgress")
    homes = [stand.network.subnet(str(id_)) for id_ in endpoint.get("SubnetIds", ())]
    cidrs = [str(home["CidrBlock"]) for home in homes if home] or [str(stand.subnet["CidrBlock"])]
    if not (filters.shut(rules) or filters.reaches(rules, cidrs, _groups(endpoint))):
        yield Trouble(
            "MF5392",
            "its security groups let no HTTPS out to endpoints",
            (f"{', '.join(groups)} → {', '.join(_groups(endpoint))} ({endpoint['VpcEndpointId']}): no tcp 443",),
            "write `egress: [{protocol: tcp, port: 443, cidr: 0.0.0.0/0}]` at the compute environment's group",
        )


def _zones(endpoint: Document, stand: Stand) -> Iterator[Trouble]:
    homes = [stand.network.subnet(str(id_)) for id_ in endpoint.get("SubnetIds", ())]
    zones = {str(home["AvailabilityZone"]) for home in homes if home}
    zone = str(stand.subnet.get("AvailabilityZone", ""))
    if zones and all(homes) and zone and zone not in zones:
        yield Trouble(
            "MF5397",
            "an endpoint has no address in every zone that it runs in: it works until that zone fails, and its traffic "
            "between zones costs",
            (f"{stand.subnet['SubnetId']} is in {zone}, {endpoint['VpcEndpointId']} in {', '.join(sorted(zones))}",),
            f"write `{stand.subnet['SubnetId']}` into the endpoint's `subnets`",
            Verdict.WARNING,
        )


def _policy(endpoint: Document, need: Need) -> Iterator[Trouble]:
    document = endpoint.get("PolicyDocument")
    if not document:
        return
    known = _decidable(document)
    for code, request in need.requests:
        if _lets(request, known):
            continue
        what = "the bucket of ECR's layers" if code == LAYERS else f"`{request.resource}`"
        yield Trouble(
            code,
            f"the policy of an endpoint keeps `{request.action}` on {what} from passing",
            (f"{endpoint['VpcEndpointId']} does not allow {request.action} on {request.resource}",),
            f"add to the endpoint's `policy`: Allow `{request.action}` on `{request.resource}`",
        )
        return


def _lets(request: Request, policy: Mapping[str, Any]) -> bool:
    try:
        return decide(request, [policy]) is Decision.ALLOWED
    except UnjudgedError:  # what cannot be decided is not claimed to deny
        return True


def _decidable(document: str | Mapping[str, Any]) -> dict[str, Any]:
    """The policy without what cannot be decided here: who asks, and under which conditions.

    An Allow that has such a part counts as allowing, a Deny as not denying: nothing is claimed that is not known.
    """
    whole = json.loads(document) if isinstance(document, str) else document
    written, kept = whole.get("Statement") or (), []
    for each in [written] if isinstance(written, Mapping) else written:
        anyone = each.get("Principal", "*") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        if each.get("Effect") == "Deny" and (each.get("Condition") or not anyone):
            continue
        kept.append(
            {key: value for key, value in each.items() if key not in {"Principal", "NotPrincipal", "Condition"}}
        )
    return {"Version": "2012-10-17", "Statement": kept}


def _associated(endpoint: Document, stand: Stand) -> bool:
    table = stand.network.table(stand.subnet)
    return table is not None and table["RouteTableId"] in endpoint.get("RouteTableIds", ())


def _resolves(endpoint: Document, stand: Stand) -> bool:
    dns = stand.network.dns.get(str(stand.subnet["VpcId"]), {})
    return bool(endpoint.get("PrivateDnsEnabled")) and all(dns.values()) and endpoint.get("State") == "available"


def _groups(endpoint: Document) -> list[str]:
    return [str(row["GroupId"]) for row in endpoint.get("Groups", ())]


def _listed(endpoint: Document, member: str) -> str:
    return ", ".join(map(str, endpoint.get(member, ()))) or "none"


def _dashed(name: str) -> str:
    return {"enableDnsSupport": "enable-dns-support", "enableDnsHostnames": "enable-dns-hostnames"}[name]
