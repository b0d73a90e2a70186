"""A scheduling policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-schedulingpolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.cloudformation.form import Form, Item, tag_map
from mfinfra.exporting.subjects import Subject

FIELDS = {"ComputeReservation": "compute_reservation", "ShareDecaySeconds": "share_decay_seconds"}


def items(subject: Subject) -> Iterator[Item]:
    """The policy with all its shares."""
    shares = subject.spec["shares"] or {}
    rows = [{"ShareIdentifier": name, "WeightFactor": shares[name]} for name in sorted(shares)]
    fair = {there: subject.spec[name] for there, name in FIELDS.items()}
    properties = {
        "Name": subject.spec["name"],
        "FairsharePolicy": {**fair, **({"ShareDistribution": rows} if rows else {})},
    }
    yield Item("AWS::Batch::SchedulingPolicy", {"Arn": subject.outputs["arn"]}, {**properties, **tag_map(subject)})


FORM = Form({"arn": ("", "Arn")}, items)
