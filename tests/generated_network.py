"""Security groups and endpoints, drawn."""

from __future__ import annotations

from typing import Any

from generated import GATEWAYS, NETWORKS, NETWORKS_IPV6, SERVICES, ZONES, body, fixed, lines, named
from generated_policies import documents, some_of
from hypothesis import strategies as some

from mfinfra.sandbox import network


@fixed("security_group")
def _(draw, skeleton):
    fields = draw(some.sampled_from([{}, {"description": "a (b) #c"}, {"description": None}]))
    return skeleton.add("security_group", **named(draw, skeleton, "security_group"), vpc=network.VPC_ID, **fields)


@body("security_group")
def _(draw, skeleton, name, fields):
    before = skeleton.before("security_group", name)
    rules = some.lists(network_rules(before), max_size=4, unique_by=what_it_is)
    return lines(draw, "security_group", frozenset({"name", "vpc", "description"}), {"ingress": rules, "egress": rules})


def what_it_is(rule):
    """A rule without its description, as AWS would know it; coarse, for spellings differ."""
    peer = next(rule[name] for name in ("cidr", "cidr_ipv6", "security_group") if name in rule)
    return str(peer).split("/")[0][:8].lower(), str(rule.get("from_port", rule.get("port")))


@some.composite
def network_rules(draw, groups):
    """One rule: a peer, and ports that fit its protocol."""
    peer, values = draw(
        some.sampled_from(
            [
                ("cidr", NETWORKS),
                ("cidr_ipv6", NETWORKS_IPV6),
                ("security_group", ["self", network.DEFAULT_SECURITY_GROUP, *groups]),
            ]
        )
    )
    rule: dict[str, Any] = {peer: draw(some.sampled_from(values))}
    protocol = draw(some.sampled_from([None, "all", "-1", -1, "tcp", 6, "17", "udp", "icmp", "icmpv6", 58, 50, "112"]))
    if protocol is not None:
        rule["protocol"] = protocol
    if protocol in ("tcp", 6, "17", "udp"):
        rule |= draw(
            some.sampled_from([{}, {"port": 0}, {"port": 443}, {"from_port": 1, "to_port": 65535}, {"from_port": 53}])
        )
    if protocol in ("icmp", "icmpv6", 58):
        rule |= draw(
            some.sampled_from([{}, {"from_port": -1}, {"from_port": 8, "to_port": -1}, {"from_port": 3, "to_port": 4}])
        )
    if peer == "security_group" and draw(some.booleans()):
        rule["account"] = network.ACCOUNT_ID
    if draw(some.booleans()):
        rule["description"] = draw(some.sampled_from(["", "a rule", "x (y) #1"]))
    return rule


@fixed("endpoint")
def _(draw, skeleton):
    there = skeleton.fixed.get("endpoint", {}).values()
    free = [name for name in SERVICES if name not in {entry["service"].split("us-east-1.")[-1] for entry in there}]
    service = draw(some.sampled_from(free))
    types = [{}, {"type": "auto"}, {"type": "Interface"}, *([{"type": "Gateway"}] if service in GATEWAYS else [])]
    written = draw(some.sampled_from([service, f"com.amazonaws.us-east-1.{service}"]))
    return skeleton.add("endpoint", vpc=network.VPC_ID, service=written, **draw(some.sampled_from(types)))


@body("endpoint")
def _(draw, skeleton, name, fields):
    auto = "Gateway" if fields["service"].split("us-east-1.")[-1] in GATEWAYS else "Interface"
    groups = [network.DEFAULT_SECURITY_GROUP, *skeleton.all_of("security_group")]
    tables = [network.PRIVATE_ROUTE_TABLE, network.PUBLIC_ROUTE_TABLE]
    by_hand = {
        "subnets": some.sampled_from(ZONES),
        "security_groups": some_of(groups),
        "route_tables": some.lists(some.sampled_from(tables), unique=True),
        "policy": documents("endpoint", skeleton.all_of("role")) | some.just({}),
    }
    spec = lines(draw, "endpoint", frozenset({"vpc", "service", "type"}), by_hand)
    kind = fields.get("type", "auto")
    for extra in (
        ("subnets", "security_groups") if (auto if kind == "auto" else kind) == "Gateway" else ("route_tables",)
    ):
        spec.pop(extra, None)
    if "route_tables" not in spec and (auto if kind == "auto" else kind) == "Interface":
        spec["subnets"] = spec.get("subnets") or draw(some.sampled_from(ZONES))
    return spec
