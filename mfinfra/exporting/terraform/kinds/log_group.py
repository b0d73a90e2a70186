"""A log group.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_log_group
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, tags

TYPE = "aws_cloudwatch_log_group"
FIELDS = {"name": "name", "log_group_class": "class", "retention_in_days": "retention_days", "kms_key_id": "key"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """A retention of 0, for ever, is said too."""
    retention = {"retention_in_days": subject.spec["retention_days"]}
    arguments = {**subject.fields(FIELDS), **retention, **tags(subject)}
    yield Piece(TYPE, subject.spec["name"], arguments, ignore=free(subject, FIELDS))


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name")}, pieces)
