"""Security groups."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any, Final

from moto.ec2.models import ec2_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import living
from mfinfra.sandbox.corrections.ec2.late import held

API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
PEERS: Final = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "UserIdGroupPairs": "GroupId",
    "PrefixListIds": "PrefixListId",
}


@correction(
    "ec2",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
    restores="CIDRs in their canonical form: 10.0.3.7/16 is 10.0.0.0/16; protocols without ports",
    aws=f"{API}/API_AuthorizeSecurityGroupIngress.html",
)
def canonical_ranges(call: Call, forward: Forward) -> Answer:
    """Write every range of addresses with its host bits at zero, and a port where moto insists on one."""
    for permission in call.params.get("IpPermissions") or []:
        if permission.get("IpProtocol", "-1") != "-1":
            permission |= {"FromPort": permission.get("FromPort", -1), "ToPort": permission.get("ToPort", -1)}
        for entries, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for entry in permission.get(entries) or []:
                entry[key] = _canonical(entry[key])
    if cidr := call.params.get("CidrIp"):
        call.params["CidrIp"] = _canonical(cidr)
    return forward()


@correction(
    "ec2",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    restores="IPv6 rules, which moto keeps where the VPC has no IPv6 range, and described rules about other groups",
    aws=f"{API}/API_RevokeSecurityGroupEgress.html",
)
def revoke(call: Call, forward: Forward) -> Answer:
    """Revoke the rules, whatever their descriptions: all of them or none."""
    named = _named(call)
    if not named or _group(call) is None:
        return forward()
    found = _found(call)
    if named.keys() - found.keys():
        raise ServiceError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    setattr(_group(call), _direction(call), [rule for key, rule in found.items() if key not in named])
    return {"Return": True}


@correction(
    "ec2",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
    restores="descriptions of rules about other groups, and that an omitted description is removed",
    aws=f"{API}/API_UpdateSecurityGroupRuleDescriptionsIngress.html",
)
def describe(call: Call, forward: Forward) -> Answer:
    """Describe the rules anew."""
    named, found = _named(call), _found(call)
    if not named or named.keys() - found.keys():
        return forward()
    for key, description in named.items():
        rule = found[key]
        told = rule.ip_range or rule.source_group
        told.pop("Description", None)
        told |= {"Description": description} if description else {}
    return {"Return": True}


@correction(
    "ec2",
    "DescribeSecurityGroups",
    restores="filters for names with brackets, which moto takes for a regular expression",
    aws="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html#Filtering_Resources_CLI",
)
def by_name(call: Call, forward: Forward) -> Answer:
    """Compare names here; `*` and `?` alone stand for other characters."""
    filters = call.params.get("Filters") or []
    wanted = [row["Values"] for row in filters if row["Name"] == "group-name"]
    if not wanted:
        return forward()
    call.params["Filters"] = [row for row in filters if row["Name"] != "group-name"]
    patterns = [re.compile(re.escape(name).replace("\\*", ".*").replace("\\?", ".")) for name in wanted[0]]
    answer = forward()
    rows = [row for row in answer["SecurityGroups"] if any(name.fullmatch(row["GroupName"]) for name in patterns)]
    return answer | {"SecurityGroups": rows}


@correction(
    "ec2",
    "CreateSecurityGroup",
    restores="that a name cannot look like an id",
    aws=f"{API}/API_CreateSecurityGroup.html",
)
def group_name(call: Call, forward: Forward) -> Answer:
    """Refuse names that begin with `sg-`."""
    name = call.params["GroupName"]
    if name.lower().startswith("sg-"):
        text = f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
        raise ServiceError("InvalidParameterValue", text)
    return forward()


@correction(
    "ec2",
    "DeleteSecurityGroup",
    restores="that a group in use is not deleted, nor a VPC's default group",
    aws=f"{API}/API_DeleteSecurityGroup.html",
)
def delete_group(call: Call, forward: Forward) -> Answer:
    """Refuse while rules of other groups, endpoints or network interfaces refer to the group."""
    group_id = call.params.get("GroupId")
    groups = call.ask("ec2", "DescribeSecurityGroups")["SecurityGroups"]
    this = next((group for group in groups if group["GroupId"] == group_id), None)
    if this is None:
        return forward()
    if this["GroupName"] == "default":
        text = f'the specified group: "{group_id}" name: "default" cannot be deleted by a user'
        raise ServiceError("CannotDelete", text)
    others = [group for group in groups if group["GroupId"] != group_id]
    interfaces = call.ask("ec2", "DescribeNetworkInterfaces")["NetworkInterfaces"]
    used = (
        any(group_id in _referred(group) for group in others)
        or any(group_id in endpoint.security_group_ids for endpoint in living(call).values())
        or any(group_id == group["GroupId"] for eni in interfaces for group in eni.get("Groups", []))
    )
    if used or held(call, str(group_id)):
        raise ServiceError("DependencyViolation", f"resource {group_id} has a dependent object")
    return forward()


def _group(call: Call) -> Any:
    return ec2_backends[call.account][call.region].get_security_group_from_id(call.params.get("GroupId", ""))


def _direction(call: Call) -> str:
    return "ingress_rules" if call.operation.endswith("Ingress") else "egress_rules"


def _found(call: Call) -> dict[tuple[Any, ...], Any]:
    rules = getattr(_group(call), _direction(call), [])
    return {(*_ports(rule.ip_protocol, rule.from_port, rule.to_port), _peer(rule)): rule for rule in rules}


def _named(call: Call) -> dict[tuple[Any, ...], str]:
    """The rules that a request names, each with its description."""
    return {
        (*_ports(permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort")), entry[key]): str(
            entry.get("Description") or ""
        )
        for permission in call.params.get("IpPermissions") or []
        for entries, key in PEERS.items()
        for entry in permission.get(entries) or []
        if key in entry
    }


def _ports(protocol: str, first: Any, last: Any) -> tuple[Any, ...]:
    return (protocol, None, None) if protocol == "-1" else (protocol, first, last)


def _peer(rule: Any) -> Any:
    return rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id or rule.source_group.get("GroupId")


def _canonical(cidr: str) -> str:
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError as error:
        raise ServiceError("InvalidParameterValue", f"CIDR block {cidr} is malformed") from error


def _referred(group: dict[str, Any]) -> set[str]:
    permissions = [*group.get("IpPermissions", []), *group.get("IpPermissionsEgress", [])]
    return {pair["GroupId"] for permission in permissions for pair in permission.get("UserIdGroupPairs", [])}
