"""A compute environment.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-computeenvironment.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting import environments
from mfinfra.exporting.cloudformation.form import Form, Item, tag_map
from mfinfra.exporting.subjects import Subject

EVERYWHERE = {"Type": "type", "MaxvCpus": "max_vcpus", "Subnets": "subnets", "SecurityGroupIds": "security_groups"}
ON_INSTANCES = {
    "AllocationStrategy": "allocation_strategy",
    "InstanceRole": "instance_role",
    "InstanceTypes": "instance_types",
    "PlacementGroup": "placement_group",
    "Ec2KeyPair": "key_pair",
    "SpotIamFleetRole": "spot_fleet_role",
}
TEMPLATE = {"id": "LaunchTemplateId", "name": "LaunchTemplateName", "version": "Version"}


def items(subject: Subject) -> Iterator[Item]:
    """The environment under the name that it goes by. Without a word on it CloudFormation replaces it at every change.

    https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
    """
    spec, role = subject.spec, environments.service_role(subject)
    properties: dict[str, Any] = {
        "ComputeEnvironmentName": spec["name"],
        "Type": "MANAGED",
        "State": spec["state"],
        "ComputeResources": resources(subject),
    }
    if role:
        properties["ServiceRole"] = role
    elif spec.get("allocation_strategy") != "BEST_FIT":
        properties["ReplaceComputeEnvironment"] = False
    if environments.on_instances(subject) and subject.says("update_policy") and "update_policy" not in subject.free:
        policy = spec["update_policy"]
        properties["UpdatePolicy"] = {
            "JobExecutionTimeoutMinutes": policy["timeout_minutes"],
            "TerminateJobsOnUpdate": policy["terminate_jobs"],
        }
    identifier = {"ComputeEnvironmentArn": subject.outputs["arn"]}
    yield Item("AWS::Batch::ComputeEnvironment", identifier, {**properties, **tag_map(subject)})


def resources(subject: Subject) -> dict[str, Any]:
    """`ComputeResources`: on Fargate there are no instances to describe."""
    said = subject.fields(EVERYWHERE)
    if not environments.on_instances(subject):
        return said
    said |= {"MinvCpus": subject.spec["min_vcpus"], **subject.fields(ON_INSTANCES)}
    if environments.bid(subject):
        said["BidPercentage"] = environments.bid(subject)
    if template := environments.launch_template(subject):
        said["LaunchTemplate"] = {TEMPLATE[name]: value for name, value in template.items()}
    if subject.says("image_type"):
        said["Ec2Configuration"] = [{"ImageType": subject.spec["image_type"]}]
    return said


FORM = Form({"arn": ("", "ComputeEnvironmentArn")}, items)
