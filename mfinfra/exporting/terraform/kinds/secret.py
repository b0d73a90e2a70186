"""A secret without its value, which stays where it is.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, of_terraform, tags

TYPE = "aws_secretsmanager_secret"
USUAL_DAYS = 30
FIELDS = {"name": "name", "description": "description", "kms_key_id": "key"}


def window(subject: Subject) -> dict[str, int]:
    """The days until a deletion counts: without them Terraform deletes at once."""
    return {"recovery_window_in_days": subject.spec.get("recovery_days") or USUAL_DAYS}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The secret."""
    arguments = {**subject.fields(FIELDS), **window(subject), **tags(subject)}
    yield Piece(TYPE, subject.outputs["arn"], arguments, ignore=free(subject, FIELDS))


FORM = Form(
    {"arn": (TYPE, "arn"), "name": (TYPE, "name")},
    pieces,
    lambda subject: of_terraform(window(subject)),
)
