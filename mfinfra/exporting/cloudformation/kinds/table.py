"""A table.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

FIELDS = {"TableName": "name", "BillingMode": "billing_mode"}
UNITS = {"ReadCapacityUnits": "read_capacity", "WriteCapacityUnits": "write_capacity"}


def items(subject: Subject) -> Iterator[Item]:
    """The table."""
    spec, types = subject.spec, subject.spec["attributes"] or {}
    keys = {spec["hash_key"]: "HASH", **({spec["range_key"]: "RANGE"} if spec["range_key"] else {})}
    properties: dict[str, Any] = {
        **subject.fields(FIELDS),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": types.get(name, "S")} for name in keys],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        "DeletionProtectionEnabled": spec["deletion_protection"],
    }
    if spec["billing_mode"] == "PROVISIONED":
        properties["ProvisionedThroughput"] = subject.fields(UNITS)
    if subject.says("ttl_attribute"):
        properties["TimeToLiveSpecification"] = {"AttributeName": spec["ttl_attribute"], "Enabled": True}
    if spec["point_in_time_recovery"] is not None:
        enabled = {"PointInTimeRecoveryEnabled": spec["point_in_time_recovery"]}
        properties["PointInTimeRecoverySpecification"] = enabled
    if subject.says("encryption_key"):
        encryption = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": spec["encryption_key"]}
        properties["SSESpecification"] = encryption
    yield Item("AWS::DynamoDB::Table", {"TableName": spec["name"]}, {**properties, **tags(subject)})


FORM = Form({"arn": ("", "Arn"), "name": ("", "")}, items)
