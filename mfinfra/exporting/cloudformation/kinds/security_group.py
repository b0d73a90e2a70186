"""A security group with its rules.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

FIELDS = {"GroupName": "name", "GroupDescription": "description", "VpcId": "vpc"}
DIRECTIONS = {
    "ingress": ("SecurityGroupIngress", "SourceSecurityGroupId", "SourcePrefixListId"),
    "egress": ("SecurityGroupEgress", "DestinationSecurityGroupId", "DestinationPrefixListId"),
}
MEMBERS = {"from_port": "FromPort", "to_port": "ToPort", "cidr": "CidrIp", "cidr_ipv6": "CidrIpv6"}


def items(subject: Subject) -> Iterator[Item]:
    """The group; another one in a rule is a reference, the group itself is its id."""
    properties = {**subject.fields(FIELDS), **tags(subject)}
    for direction, (name, group, prefix_list) in DIRECTIONS.items():
        if subject.spec.get(direction):
            rows = [rule(one, subject, group, prefix_list) for one in subject.spec[direction]]
            properties[name] = sorted(rows, key=str)
    yield Item("AWS::EC2::SecurityGroup", {"Id": subject.outputs["id"]}, properties)


def rule(one: Mapping[str, Any], subject: Subject, group: str, prefix_list: str) -> dict[str, Any]:
    """One rule."""
    said: dict[str, Any] = {"IpProtocol": "-1" if one["protocol"] == "all" else one["protocol"]}
    said |= {there: one[name] for name, there in MEMBERS.items() if name in one}
    if "prefix_list" in one:
        said[prefix_list] = one["prefix_list"]
    if "security_group" in one:
        said[group] = subject.outputs["id"] if one["security_group"] == "self" else one["security_group"]
    if "account" in one and group.startswith("Source"):
        said["SourceSecurityGroupOwnerId"] = one["account"]
    return said | ({"Description": one["description"]} if one.get("description") else {})


def notes(subject: Subject) -> Iterator[str]:
    """What CloudFormation has no word for."""
    if subject.spec.get("egress") == []:
        yield "that nothing may go out cannot be said in a template; it stays so after the import"


FORM = Form({"id": ("", "GroupId")}, items, notes)
