"""A role with its policies, and its instance profile.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting import roles
from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject

PROFILE = "Profile"
FIELDS = {
    "RoleName": "name",
    "Path": "path",
    "Description": "description",
    "AssumeRolePolicyDocument": "trust",
    "MaxSessionDuration": "max_session_seconds",
    "PermissionsBoundary": "permissions_boundary",
}


def items(subject: Subject) -> Iterator[Item]:
    """The role, and the profile where it has one."""
    name = subject.spec["name"]
    inline = [{"PolicyName": title, "PolicyDocument": document} for title, document in roles.inline(subject).items()]
    named = {"Policies": inline, "ManagedPolicyArns": roles.attached(subject)}
    policies = {there: value for there, value in named.items() if value}
    yield Item("AWS::IAM::Role", {"RoleName": name}, {**subject.fields(FIELDS), **policies, **tags(subject)})
    if roles.with_profile(subject):
        path = {"Path": found} if (found := roles.profiles_path(subject)) else {}
        properties = {"InstanceProfileName": name, **path, "Roles": [subject.own("name")]}
        yield Item("AWS::IAM::InstanceProfile", {"InstanceProfileName": name}, properties, PROFILE)


def notes(subject: Subject) -> Iterator[str]:
    """What CloudFormation has no word for."""
    if subject.spec.get("exclusive"):
        yield "CloudFormation leaves policies alone that others add, where mfinfra removes them"


FORM = Form({"arn": ("", "Arn"), "name": ("", ""), "instance_profile_arn": (PROFILE, "Arn")}, items, notes)
