"""A scheduling policy.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/batch_scheduling_policy
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, blocks, tags
from mfinfra.exporting.terraform.hcl import Nested

TYPE = "aws_batch_scheduling_policy"
FIELDS = {"compute_reservation": "compute_reservation", "share_decay_seconds": "share_decay_seconds"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The policy with all its shares."""
    shares = subject.spec["shares"] or {}
    rows = ({"share_identifier": name, "weight_factor": shares[name]} for name in sorted(shares))
    fair = {there: subject.spec[name] for there, name in FIELDS.items()}
    distribution = {"share_distribution": blocks(rows)} if shares else {}
    arguments = {"name": subject.spec["name"], **tags(subject), "fair_share_policy": Nested({**fair, **distribution})}
    yield Piece(TYPE, subject.outputs["arn"], arguments)


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name")}, pieces)
