"""A log group.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

CLASSES = ("STANDARD", "INFREQUENT_ACCESS")
FIELDS = {"LogGroupName": "name", "RetentionInDays": "retention_days", "KmsKeyId": "key"}


def items(subject: Subject) -> Iterator[Item]:
    """The group; without a number of days it keeps its events for ever."""
    properties = {name: value for name, value in subject.fields(FIELDS).items() if value != 0}
    if subject.spec["class"] in CLASSES:
        properties["LogGroupClass"] = subject.spec["class"]
    yield Item("AWS::Logs::LogGroup", {"LogGroupName": subject.spec["name"]}, {**properties, **tags(subject)})


def notes(subject: Subject) -> Iterator[str]:
    """What CloudFormation has no word for."""
    if subject.spec["class"] not in CLASSES:
        yield f"CloudFormation does not know the class `{subject.spec['class']}`, and leaves it as it is"


# Its ARN ends with `:*` there, and with nothing here.
FORM = Form({"name": ("", "")}, items, notes)
