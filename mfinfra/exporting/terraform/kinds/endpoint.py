"""A VPC endpoint.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, policy, tags

TYPE = "aws_vpc_endpoint"
FIELDS = {"vpc_id": "vpc", "service_name": "service", "vpc_endpoint_type": "type"}
INTERFACE = {"subnet_ids": "subnets", "security_group_ids": "security_groups", "private_dns_enabled": "private_dns"}
GATEWAY = {"route_table_ids": "route_tables"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The endpoint; what its type lacks, and what the file leaves to AWS, is not said: the provider reads it."""
    members = INTERFACE if subject.spec["type"] == "Interface" else GATEWAY
    said = {there: name for there, name in members.items() if name not in subject.free}
    arguments = {**subject.fields(FIELDS), **{there: subject.spec[name] for there, name in said.items()}}
    if subject.says("policy") and "policy" not in subject.free:
        arguments["policy"] = policy(subject.spec["policy"])
    yield Piece(TYPE, subject.outputs["id"], {**arguments, **tags(subject)})


FORM = Form({"id": (TYPE, "id")}, pieces)
