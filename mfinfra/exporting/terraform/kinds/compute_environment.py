"""A compute environment.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/batch_compute_environment
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.exporting import environments
from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, tags
from mfinfra.exporting.terraform.hcl import Nested

TYPE = "aws_batch_compute_environment"
EVERYWHERE = {"type": "type", "max_vcpus": "max_vcpus", "subnets": "subnets", "security_group_ids": "security_groups"}
ON_INSTANCES = {
    "allocation_strategy": "allocation_strategy",
    "instance_role": "instance_role",
    "instance_type": "instance_types",
    "placement_group": "placement_group",
    "ec2_key_pair": "key_pair",
    "spot_iam_fleet_role": "spot_fleet_role",
}
FREE = {there: name for there, name in {**EVERYWHERE, **ON_INSTANCES}.items() if there != "type"}
FREE |= {"min_vcpus": "min_vcpus", "ec2_configuration": "image_type", "launch_template": "launch_template"}
LONGEST = 360
"""Minutes. https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/batch/compute_environment.go"""
BEST_FIT = "BEST_FIT"
INSIDE = "compute_resources[0]"
ITS_OWN = ("desired_vcpus", "bid_percentage")
"""The one belongs to Batch; the other is 100 where nobody has said it, and that cannot be told from 100."""


def pieces(subject: Subject) -> Iterator[Piece]:
    """The environment under the name that it goes by."""
    spec, on_instances = subject.spec, environments.on_instances(subject)
    arguments: dict[str, Any] = {"name": spec["name"], "type": "MANAGED", "state": spec["state"]}
    if role := environments.service_role(subject):
        arguments["service_role"] = role
    arguments |= tags(subject)
    arguments["compute_resources"] = Nested(resources(subject))
    if sayable(subject):
        policy = spec["update_policy"]
        arguments["update_policy"] = Nested(
            {
                "job_execution_timeout_minutes": policy["timeout_minutes"],
                "terminate_jobs_on_update": policy["terminate_jobs"],
            }
        )
    outer = (*free(subject, {"state": "state"}), *(() if sayable(subject) or not on_instances else ("update_policy",)))
    inner = (
        tuple(dict.fromkeys((*ITS_OWN, *usual(subject), *free(subject, FREE))))
        if on_instances
        else free(subject, EVERYWHERE)
    )
    yield Piece(TYPE, spec["name"], arguments, ignore=(*outer, *(f"{INSIDE}.{name}" for name in inner)))


def usual(subject: Subject) -> tuple[str, ...]:
    """The strategy that Batch takes where nobody has named one: it answers as it was asked, and that is not known."""
    return ("allocation_strategy",) if subject.spec.get("allocation_strategy") == BEST_FIT else ()


def sayable(subject: Subject) -> bool:
    """Whether the update policy can be written: the provider takes fewer minutes than Batch."""
    managed = environments.on_instances(subject) and "update_policy" not in subject.free
    return managed and subject.says("update_policy") and subject.spec["update_policy"]["timeout_minutes"] <= LONGEST


def resources(subject: Subject) -> dict[str, Any]:
    """`compute_resources`: on Fargate there are no instances to describe."""
    said = subject.fields(EVERYWHERE)
    if not environments.on_instances(subject):
        return said
    named = {there: name for there, name in ON_INSTANCES.items() if there not in usual(subject)}
    said |= {"min_vcpus": subject.spec["min_vcpus"], **subject.fields(named)}
    if environments.bid(subject):
        said["bid_percentage"] = environments.bid(subject)
    if template := environments.launch_template(subject):
        said["launch_template"] = Nested({TEMPLATE[name]: value for name, value in template.items()})
    if subject.says("image_type"):
        said["ec2_configuration"] = Nested({"image_type": subject.spec["image_type"]})
    return said


TEMPLATE: Mapping[str, str] = {"id": "launch_template_id", "name": "launch_template_name", "version": "version"}


def notes(subject: Subject) -> Iterator[str]:
    """What the provider has no room for."""
    if str(subject.spec.get("allocation_strategy", "")).endswith(("_ORDERED", "_PRIORITIZED")):
        yield "its instance types are tried in their order, and Terraform keeps none"
    if (subject.spec.get("update_policy") or {}).get("timeout_minutes", 0) > LONGEST:
        yield f"Terraform takes no update policy of more than {LONGEST} minutes, and leaves AWS's"


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name")}, pieces, notes)
