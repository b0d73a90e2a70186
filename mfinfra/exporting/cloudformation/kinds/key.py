"""A key and its alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

FIELDS = {"Description": "description", "KeyPolicy": "policy", "PendingWindowInDays": "deletion_days"}


def items(subject: Subject) -> Iterator[Item]:
    """The key, and the alias that it goes by."""
    rotation = {} if subject.spec["rotation"] is None else {"EnableKeyRotation": subject.spec["rotation"]}
    yield Item(
        "AWS::KMS::Key", {"KeyId": subject.outputs["id"]}, {**subject.fields(FIELDS), **rotation, **tags(subject)}
    )
    alias = subject.spec["alias"]
    said = {"AliasName": alias, "TargetKeyId": subject.own("id")}
    yield Item("AWS::KMS::Alias", {"AliasName": alias}, said, "Alias")


FORM = Form({"arn": ("", "Arn"), "id": ("", "")}, items)
