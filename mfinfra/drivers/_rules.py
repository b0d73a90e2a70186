"""Rules of security groups: one range of ports and one peer each, as AWS tells them apart.

AWS groups rules as it likes, answers with another spelling than it was sent, and knows a rule by everything but its
description. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from mfinfra.compare import sort_key
from mfinfra.errors import UserError
from mfinfra.model import Ref, Resource

Rule: TypeAlias = dict[str, Any]

SELF = "self"
ALL = "all"
PROTOCOLS = {"-1": ALL, "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
WITH_PORTS = frozenset({"tcp", "udp"})
WITH_TYPES = frozenset({"icmp", "icmpv6"})
LAST_PORT = 65535
ANY = -1
# Our field, and the list of an IpPermission with the member that holds the same.
PEERS = {
    "cidr": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list": ("PrefixListIds", "PrefixListId"),
    "security_group": ("UserIdGroupPairs", "GroupId"),
}
EVERYTHING_OUT: Rule = {"protocol": ALL, "cidr": "0.0.0.0/0"}
EVERYTHING_OUT_IPV6: Rule = {"protocol": ALL, "cidr_ipv6": "::/0"}


def wished(rules: Iterable[Mapping[str, Any]], resource: Resource) -> list[Rule]:
    """The file's rules in canonical form; raises `UserError` for two that differ in their description only."""
    found: dict[Any, Rule] = {}
    for rule in (_wished(rule, resource) for rule in rules):
        if found.setdefault(identity(rule), rule) != rule:
            raise UserError(
                f"two rules of `{resource.address}` differ in their `description` only",
                hint="AWS holds them for one rule: keep one of them",
                code="MF1115",
            )
    return list(found.values())


def found(permissions: Iterable[Mapping[str, Any]], group: str, resource: Resource) -> list[Rule]:
    """What AWS answers about `group`, one rule for every peer."""
    written = [rule.get("security_group") for name in ("ingress", "egress") for rule in resource.spec[name] or ()]
    names = {group: group if group in written else SELF}
    return [
        _rule(permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"))
        | _found_peer(field, member, row, names, resource.scope.account)
        | ({"description": row["Description"]} if row.get("Description") else {})
        for permission in permissions
        for field, (rows, member) in PEERS.items()
        for row in permission.get(rows, ())
    ]


def permission(rule: Rule, group: str | Ref) -> dict[str, Any]:
    """The rule as a call takes it; `group` is the id of the group that it belongs to."""
    field = next(name for name in PEERS if name in rule)
    rows, member = PEERS[field]
    peer = {member: group if rule[field] == SELF else rule[field]}
    if "account" in rule:
        peer["UserId"] = rule["account"]
    if rule.get("description"):
        peer["Description"] = rule["description"]
    ports = {"FromPort": rule["from_port"], "ToPort": rule["to_port"]} if "from_port" in rule else {}
    return {"IpProtocol": "-1" if rule["protocol"] == ALL else rule["protocol"], **ports, rows: [peer]}


def identity(rule: Rule) -> str:
    """What AWS knows a rule by: all of it but the description."""
    return sort_key({name: value for name, value in rule.items() if name != "description"})


def _wished(rule: Mapping[str, Any], resource: Resource) -> Rule:
    port = rule.get("port")
    first = rule.get("from_port") if port is None else port
    canonical = _rule(rule.get("protocol", ALL), first, rule.get("to_port"))
    for field in PEERS:
        if rule.get(field) is not None:
            canonical[field] = _peer(field, rule[field], resource)
    if rule.get("account") not in (None, "", resource.scope.account):
        canonical["account"] = rule["account"]
    if rule.get("description"):
        canonical["description"] = rule["description"]
    return canonical


def _rule(protocol: str | int, first: int | None, last: int | None) -> Rule:
    """Protocol and ports; for ICMP these are type and code, for protocols without either they mean nothing."""
    name = PROTOCOLS.get(str(protocol).lower(), str(protocol).lower())
    if name in WITH_TYPES:
        return {
            "protocol": name,
            "from_port": ANY if first is None else first,
            "to_port": ANY if last is None else last,
        }
    if name not in WITH_PORTS:
        return {"protocol": name}
    if first in (None, ANY):
        return {"protocol": name, "from_port": 0, "to_port": LAST_PORT}
    return {"protocol": name, "from_port": first, "to_port": first if last is None else last}


def _peer(field: str, value: Any, resource: Resource) -> Any:
    if field == "security_group":
        return SELF if value == resource.output("id") else value
    return _network(value) if field.startswith("cidr") and isinstance(value, str) else value


def _found_peer(field: str, member: str, row: Mapping[str, Any], names: Mapping[str, str], account: str) -> Rule:
    if field != "security_group":
        return {field: _network(row[member]) if field.startswith("cidr") else row[member]}
    # A group that AWS itself owns, such as a Classic Load Balancer's, is known by its name only.
    peer = row.get(member) or row.get("GroupName", "")
    owner = row.get("UserId", account)
    return {field: names.get(peer, peer)} | ({} if owner == account else {"account": owner})


def _network(text: str) -> str:
    """`10.0.3.7/16` is `10.0.0.0/16`, as EC2 stores it; what is no range stays, and AWS says what is wrong with it."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text
