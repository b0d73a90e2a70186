"""Security groups."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import living

API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"


@correction(
    "ec2",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
    restores="CIDRs in their canonical form: 10.0.3.7/16 is 10.0.0.0/16",
    aws=f"{API}/API_AuthorizeSecurityGroupIngress.html",
)
def canonical_ranges(call: Call, forward: Forward) -> Answer:
    """Write every range of addresses with its host bits at zero."""
    for permission in call.params.get("IpPermissions") or []:
        for entries, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for entry in permission.get(entries) or []:
                entry[key] = _canonical(entry[key])
    if cidr := call.params.get("CidrIp"):
        call.params["CidrIp"] = _canonical(cidr)
    return forward()


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
