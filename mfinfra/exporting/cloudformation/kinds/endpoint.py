"""A VPC endpoint.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

FIELDS = {"VpcId": "vpc", "ServiceName": "service", "VpcEndpointType": "type", "PolicyDocument": "policy"}
INTERFACE = {"SubnetIds": "subnets", "SecurityGroupIds": "security_groups"}
GATEWAY = {"RouteTableIds": "route_tables"}


def items(subject: Subject) -> Iterator[Item]:
    """The endpoint, with what its type has."""
    interface = subject.spec["type"] == "Interface"
    properties = {**subject.fields(FIELDS), **subject.fields(INTERFACE if interface else GATEWAY)}
    if interface:
        properties["PrivateDnsEnabled"] = subject.spec["private_dns"]
    yield Item("AWS::EC2::VPCEndpoint", {"Id": subject.outputs["id"]}, {**properties, **tags(subject)})


FORM = Form({"id": ("", "Id")}, items)
