"""A secret without its value, which stays where it is.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

FIELDS = {"Name": "name", "Description": "description", "KmsKeyId": "key"}


def items(subject: Subject) -> Iterator[Item]:
    """The secret."""
    properties = {**subject.fields(FIELDS), **tags(subject)}
    yield Item("AWS::SecretsManager::Secret", {"Id": subject.outputs["arn"]}, properties)


FORM = Form({"arn": ("", "")}, items)
