"""A key and its alias.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, of_terraform, policy, tags

TYPE = "aws_kms_key"
ALIAS = "aws_kms_alias"
USUAL_DAYS = 30
FIELDS = {"description": "description"}
FREE = {"description": "description", "policy": "policy", "enable_key_rotation": "rotation"}


def window(subject: Subject) -> dict[str, int]:
    """The days until a deletion counts, where they are not what Terraform takes by itself."""
    days = subject.spec.get("deletion_days")
    return {} if days in (None, USUAL_DAYS) else {"deletion_window_in_days": days}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The key, and the alias that it goes by."""
    arguments: dict[str, Any] = {**subject.fields(FIELDS), **window(subject)}
    if subject.spec["rotation"] is not None:
        arguments["enable_key_rotation"] = subject.spec["rotation"]
    if subject.says("policy"):
        arguments["policy"] = policy(subject.spec["policy"])
    yield Piece(TYPE, subject.outputs["id"], {**arguments, **tags(subject)}, ignore=free(subject, FREE))
    alias = subject.spec["alias"]
    yield Piece(ALIAS, alias, {"name": alias, "target_key_id": subject.own("id")})


FORM = Form(
    {"arn": (TYPE, "arn"), "id": (TYPE, "key_id"), "alias": (ALIAS, "name")},
    pieces,
    lambda subject: of_terraform(window(subject)),
)
