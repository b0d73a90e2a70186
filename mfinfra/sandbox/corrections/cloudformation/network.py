"""Types of EC2: networks, security groups, endpoints, launch templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.cloudformation import shapes
from mfinfra.sandbox.corrections.cloudformation.making import Made, Making, Type, gone_is_fine, rows

RANGE: Final = ("IpProtocol", "FromPort", "ToPort")


def tag(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("ec2", "CreateTags", Resources=[made.physical], Tags=rows(tags))


def _delete(operation: str, param: str) -> Callable[[Making, str], None]:
    return lambda making, id_: gone_is_fine(lambda: making.ask("ec2", operation, **{param: id_}))


def vpc(making: Making) -> Made:
    making.only("CidrBlock", "EnableDnsSupport", "EnableDnsHostnames")
    id_ = making.ask("ec2", "CreateVpc", **making.among("CidrBlock"))["Vpc"]["VpcId"]
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        if name in making.properties:
            making.ask("ec2", "ModifyVpcAttribute", VpcId=id_, **{name: {"Value": making.properties[name]}})
    filters = [{"Name": "vpc-id", "Values": [id_]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = making.call.ask("ec2", "DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
    return Made(
        id_, {"VpcId": id_, "CidrBlock": making.properties["CidrBlock"], "DefaultSecurityGroup": default["GroupId"]}
    )


def subnet(making: Making) -> Made:
    making.only("AvailabilityZone", "CidrBlock", "VpcId", "MapPublicIpOnLaunch")
    wanted = making.among("AvailabilityZone", "CidrBlock", "VpcId")
    id_ = making.ask("ec2", "CreateSubnet", **wanted)["Subnet"]["SubnetId"]
    if "MapPublicIpOnLaunch" in making.properties:
        public = {"Value": making.properties["MapPublicIpOnLaunch"]}
        making.ask("ec2", "ModifySubnetAttribute", SubnetId=id_, MapPublicIpOnLaunch=public)
    return Made(id_, {"SubnetId": id_})


def gateway(making: Making) -> Made:
    making.only()
    return Made(making.ask("ec2", "CreateInternetGateway")["InternetGateway"]["InternetGatewayId"])


def attachment(making: Making) -> Made:
    making.only("VpcId", "InternetGatewayId")
    making.ask("ec2", "AttachInternetGateway", **making.among("VpcId", "InternetGatewayId"))
    return Made(f"IGW|{making.properties['VpcId']}")


def detach(making: Making, _id: str) -> None:
    wanted = making.among("VpcId", "InternetGatewayId")
    gone_is_fine(lambda: making.ask("ec2", "DetachInternetGateway", **wanted))


def route_table(making: Making) -> Made:
    making.only("VpcId")
    return Made(making.ask("ec2", "CreateRouteTable", **making.among("VpcId"))["RouteTable"]["RouteTableId"])


def route(making: Making) -> Made:
    known = ("RouteTableId", "DestinationCidrBlock", "GatewayId")
    making.only(*known)
    making.ask("ec2", "CreateRoute", **making.among(*known))
    return Made(f"{making.properties['RouteTableId']}|{making.properties['DestinationCidrBlock']}")


def delete_route(making: Making, _id: str) -> None:
    gone_is_fine(lambda: making.ask("ec2", "DeleteRoute", **making.among("RouteTableId", "DestinationCidrBlock")))


def association(making: Making) -> Made:
    making.only("SubnetId", "RouteTableId")
    made = making.ask("ec2", "AssociateRouteTable", **making.among("SubnetId", "RouteTableId"))
    return Made(made["AssociationId"])


def permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of a template as the permission that EC2 takes."""
    told = {"Description": rule["Description"]} if "Description" in rule else {}
    found: dict[str, Any] = {name: rule[name] for name in RANGE if name in rule}
    found["IpProtocol"] = str(found["IpProtocol"]).lower()
    for name, members, member in (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ("SourcePrefixListId", "PrefixListIds", "PrefixListId"),
        ("DestinationPrefixListId", "PrefixListIds", "PrefixListId"),
    ):
        if name in rule:
            found[members] = [{member: rule[name], **told}]
    return found


def group(making: Making) -> Made:
    """A group without `SecurityGroupEgress` keeps the rule that it is born with, one with it has only its own."""
    making.only("GroupDescription", "GroupName", "VpcId", "SecurityGroupIngress", "SecurityGroupEgress")
    wanted = {"GroupName": making.name, **making.among("GroupName", "VpcId", Description="GroupDescription")}
    id_ = making.ask("ec2", "CreateSecurityGroup", **wanted)["GroupId"]
    for rule in making.properties.get("SecurityGroupIngress", ()):
        making.ask("ec2", "AuthorizeSecurityGroupIngress", GroupId=id_, IpPermissions=[permission(rule)])
    if "SecurityGroupEgress" in making.properties:
        everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        making.ask("ec2", "RevokeSecurityGroupEgress", GroupId=id_, IpPermissions=everywhere)
    for rule in making.properties.get("SecurityGroupEgress", ()):
        making.ask("ec2", "AuthorizeSecurityGroupEgress", GroupId=id_, IpPermissions=[permission(rule)])
    return Made(id_, {"GroupId": id_, "Id": id_, **making.among("VpcId")})


def rule(direction: str) -> Type:
    """A rule that stands for itself; its id is the rule's."""

    def make(making: Making) -> Made:
        wanted = {"GroupId": making.properties["GroupId"], "IpPermissions": [permission(making.properties)]}
        made = making.ask("ec2", f"AuthorizeSecurityGroup{direction}", **wanted)
        return Made(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def delete(making: Making, id_: str) -> None:
        wanted = {"GroupId": making.properties["GroupId"], "SecurityGroupRuleIds": [id_]}
        gone_is_fine(lambda: making.ask("ec2", f"RevokeSecurityGroup{direction}", **wanted))

    return Type(make, delete)


def endpoint(making: Making) -> Made:
    known = ("VpcId", "ServiceName", "VpcEndpointType", "SubnetIds", "SecurityGroupIds", "RouteTableIds")
    making.only(*known, "PrivateDnsEnabled", "PolicyDocument")
    wanted = making.among(*known, "PrivateDnsEnabled", "PolicyDocument")
    if "PolicyDocument" in wanted:
        wanted["PolicyDocument"] = shapes.text(wanted["PolicyDocument"])
    id_ = making.ask("ec2", "CreateVpcEndpoint", **wanted)["VpcEndpoint"]["VpcEndpointId"]
    return Made(id_, {"Id": id_})


def delete_endpoint(making: Making, id_: str) -> None:
    gone_is_fine(lambda: making.ask("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[id_]))


def launch_template(making: Making) -> Made:
    making.only("LaunchTemplateName", "LaunchTemplateData", "VersionDescription", "TagSpecifications")
    wanted = making.among("LaunchTemplateName", "LaunchTemplateData", "VersionDescription")
    made = making.ask("ec2", "CreateLaunchTemplate", **{"LaunchTemplateName": making.name, **wanted})["LaunchTemplate"]
    versions = {name: str(made[name]) for name in ("DefaultVersionNumber", "LatestVersionNumber")}
    return Made(made["LaunchTemplateId"], {"LaunchTemplateId": made["LaunchTemplateId"], **versions})


TYPES: Final[Mapping[str, Type]] = {
    "AWS::EC2::VPC": Type(vpc, _delete("DeleteVpc", "VpcId"), tag),
    "AWS::EC2::Subnet": Type(subnet, _delete("DeleteSubnet", "SubnetId"), tag),
    "AWS::EC2::InternetGateway": Type(gateway, _delete("DeleteInternetGateway", "InternetGatewayId"), tag),
    "AWS::EC2::VPCGatewayAttachment": Type(attachment, detach),
    "AWS::EC2::RouteTable": Type(route_table, _delete("DeleteRouteTable", "RouteTableId"), tag),
    "AWS::EC2::Route": Type(route, delete_route),
    "AWS::EC2::SubnetRouteTableAssociation": Type(association, _delete("DisassociateRouteTable", "AssociationId")),
    "AWS::EC2::SecurityGroup": Type(group, _delete("DeleteSecurityGroup", "GroupId"), tag),
    "AWS::EC2::SecurityGroupIngress": rule("Ingress"),
    "AWS::EC2::SecurityGroupEgress": rule("Egress"),
    "AWS::EC2::VPCEndpoint": Type(endpoint, delete_endpoint, tag),
    "AWS::EC2::LaunchTemplate": Type(launch_template, _delete("DeleteLaunchTemplate", "LaunchTemplateId"), tag),
}
