"""Security groups."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Final

from moto.ec2.models import ec2_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import living

API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
PEERS: Final = ("IpRanges", "UserIdGroupPairs", "PrefixListIds")


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
    "RevokeSecurityGroupEgress",
    restores="IPv6 rules, which moto keeps for ever where the VPC has no IPv6 range",
    aws=f"{API}/API_RevokeSecurityGroupEgress.html",
)
def revoke_ipv6(call: Call, forward: Forward) -> Answer:
    """Revoke them here, and let moto revoke the rest."""
    group: Any = ec2_backends[call.account][call.region].get_security_group_from_id(call.params.get("GroupId", ""))
    permissions = call.params.get("IpPermissions") or []
    named = {
        (permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"), entry["CidrIpv6"])
        for permission in permissions
        for entry in permission.pop("Ipv6Ranges", None) or []
    }
    if group is None or not named:
        return forward()
    found = {(rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv6): rule for rule in group.egress_rules}
    if named - found.keys():
        raise ServiceError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    group.egress_rules = [rule for rule in group.egress_rules if rule.id not in {found[key].id for key in named}]
    call.params["IpPermissions"] = [
        permission for permission in permissions if any(permission.get(key) for key in PEERS)
    ]
    return forward() if call.params["IpPermissions"] else {"Return": True}


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
    if used:
        raise ServiceError("DependencyViolation", f"resource {group_id} has a dependent object")
    return forward()


def _canonical(cidr: str) -> str:
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError as error:
        raise ServiceError("InvalidParameterValue", f"CIDR block {cidr} is malformed") from error


def _referred(group: dict[str, Any]) -> set[str]:
    permissions = [*group.get("IpPermissions", []), *group.get("IpPermissionsEgress", [])]
    return {pair["GroupId"] for permission in permissions for pair in permission.get("UserIdGroupPairs", [])}
