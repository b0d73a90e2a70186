"""A launch template: its data are EC2's own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-launchtemplate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting import launch
from mfinfra.exporting.cloudformation.form import Form, Item
from mfinfra.exporting.cloudformation.template import Intrinsic
from mfinfra.exporting.subjects import Subject


def items(subject: Subject) -> Iterator[Item]:
    """The template with all that its default version says."""
    said: dict[str, Any] = launch.data(subject)
    text = launch.text(said.get("UserData", ""))
    if text:
        said["UserData"] = Intrinsic("Base64", text)
    properties = {"LaunchTemplateName": subject.spec["name"], "LaunchTemplateData": said}
    if subject.tags:
        rows = [{"Key": key, "Value": value} for key, value in subject.tags.items()]
        properties["TagSpecifications"] = [{"ResourceType": "launch-template", "Tags": rows}]
    yield Item("AWS::EC2::LaunchTemplate", {"LaunchTemplateId": subject.outputs["id"]}, properties)


FORM = Form({"id": ("", ""), "version": ("", "LatestVersionNumber")}, items, unsaid=launch.unsaid)
