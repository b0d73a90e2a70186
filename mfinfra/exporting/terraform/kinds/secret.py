"""A secret without its value, which stays where it is.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, tags

TYPE = "aws_secretsmanager_secret"
FIELDS = {"name": "name", "description": "description", "kms_key_id": "key", "recovery_window_in_days": "recovery_days"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The secret."""
    arguments = {**subject.fields(FIELDS), **tags(subject)}
    yield Piece(TYPE, subject.outputs["arn"], arguments, ignore=free(subject, FIELDS))


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name")}, pieces)
