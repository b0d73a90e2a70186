"""What lets packets through: security groups and network ACLs. AWS evaluates both; so does this, for TCP and IPv4."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from ipaddress import IPv4Network, ip_network
from typing import Any

from mfinfra.model import Document

HTTPS = (443, 443)
EPHEMERAL = (32_768, 60_999)
"""The ports that Linux answers on; a network ACL has to let answers back in.

https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
"""
EVERYWHERE = "0.0.0.0/0"
_TCP = "6"


class Passage(StrEnum):
    """Whether packets get through; `PARTLY` where it depends on the address at the other end."""

    OPEN = "open"
    PARTLY = "partly"
    SHUT = "shut"


def group_ids(rules: Sequence[Document], ports: tuple[int, int] = HTTPS) -> frozenset[str]:
    """The security groups that rules name for all of `ports`."""
    pairs = [pair for rule in _covering(rules, ports) for pair in rule.get("UserIdGroupPairs", ())]
    return frozenset(str(pair["GroupId"]) for pair in pairs if pair.get("GroupId"))


def lists(rules: Sequence[Document], ports: tuple[int, int] = HTTPS) -> frozenset[str]:
    """The prefix lists that rules name for all of `ports`."""
    return frozenset(
        str(row["PrefixListId"]) for rule in _covering(rules, ports) for row in rule.get("PrefixListIds", ())
    )


def reaches(rules: Sequence[Document], cidrs: Collection[str], groups: Collection[str]) -> bool:
    """Whether rules let HTTPS through to or from a peer in one of `groups`, or all of one of `cidrs`.

    What a prefix list holds is not asked for: it counts as letting through.
    """
    named = bool(group_ids(rules) & set(groups)) or bool(lists(rules))
    return named or any(_within(cidr, blocks(rules)) for cidr in cidrs)


def shut(rules: Sequence[Document]) -> bool:
    """Whether rules let HTTPS through to nobody at all."""
    return not (blocks(rules) or group_ids(rules) or lists(rules))


def blocks(rules: Sequence[Document], ports: tuple[int, int] = HTTPS) -> tuple[str, ...]:
    """The IPv4 blocks that rules name for all of `ports`."""
    return tuple(str(row["CidrIp"]) for rule in _covering(rules, ports) for row in rule.get("IpRanges", ()))


def acl(entries: Sequence[Document], ports: tuple[int, int], *, egress: bool) -> Passage:
    """What a network ACL does with TCP to all of `ports`, anywhere: the first rule by number decides."""
    partly = False
    for entry in sorted(entries, key=lambda each: int(each["RuleNumber"])):
        if (
            bool(entry.get("Egress")) != egress
            or entry.get("Protocol") not in {"-1", _TCP}
            or not entry.get("CidrBlock")
        ):
            continue
        ranged = entry.get("PortRange")
        low, high = (ranged.get("From", 0), ranged.get("To", 65_535)) if ranged else (0, 65_535)
        allows = entry.get("RuleAction") == "allow"
        if high < ports[0] or low > ports[1]:
            continue
        if entry["CidrBlock"] == EVERYWHERE and low <= ports[0] and ports[1] <= high:
            return Passage.OPEN if allows and not partly else Passage.PARTLY if allows or partly else Passage.SHUT
        partly = True
    return Passage.PARTLY if partly else Passage.SHUT


def _covering(rules: Sequence[Document], ports: tuple[int, int]) -> list[Document]:
    return [rule for rule in rules if _covers(rule, ports)]


def _covers(rule: Document, ports: tuple[int, int]) -> bool:
    protocol: Any = rule.get("IpProtocol")
    if protocol == "-1":
        return True
    low, high = rule.get("FromPort", 0), rule.get("ToPort", 65_535)
    return protocol in {"tcp", _TCP} and low <= ports[0] and ports[1] <= high


def _within(cidr: str, blocks_: Sequence[str]) -> bool:
    inner = ip_network(cidr)
    return any(isinstance(outer := ip_network(each), IPv4Network) and inner.subnet_of(outer) for each in blocks_)  # type: ignore[arg-type] # both are IPv4
