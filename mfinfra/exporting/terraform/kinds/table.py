"""A table.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/dynamodb_table
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, blocks, free, tags
from mfinfra.exporting.terraform.hcl import Nested

TYPE = "aws_dynamodb_table"
FIELDS = {
    "name": "name",
    "billing_mode": "billing_mode",
    "hash_key": "hash_key",
    "range_key": "range_key",
    "read_capacity": "read_capacity",
    "write_capacity": "write_capacity",
}
FREE = {
    **FIELDS,
    "ttl": "ttl_attribute",
    "point_in_time_recovery": "point_in_time_recovery",
    "server_side_encryption": "encryption_key",
    "deletion_protection_enabled": "deletion_protection",
}
UNMODELLED = ("attribute", "global_secondary_index", "local_secondary_index", "replica", "stream_enabled")
"""What a table may have and no file here says: Terraform would take it away. An index brings attributes of its own."""


def pieces(subject: Subject) -> Iterator[Piece]:
    """What is off and was never on is not said: the provider reads nothing there."""
    spec = subject.spec
    arguments: dict[str, Any] = subject.fields(FIELDS)
    arguments["deletion_protection_enabled"] = spec["deletion_protection"]
    arguments |= tags(subject)
    types = spec["attributes"] or {}
    arguments["attribute"] = blocks({"name": name, "type": types[name]} for name in sorted(types))
    if subject.says("ttl_attribute"):
        arguments["ttl"] = Nested({"attribute_name": spec["ttl_attribute"], "enabled": True})
    if spec["point_in_time_recovery"] is not None:
        arguments["point_in_time_recovery"] = Nested({"enabled": spec["point_in_time_recovery"]})
    if subject.says("encryption_key"):
        arguments["server_side_encryption"] = Nested({"enabled": True, "kms_key_arn": spec["encryption_key"]})
    ignore = dict.fromkeys((*UNMODELLED, *free(subject, FREE)))
    yield Piece(TYPE, spec["name"], arguments, ignore=tuple(ignore))


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name")}, pieces)
