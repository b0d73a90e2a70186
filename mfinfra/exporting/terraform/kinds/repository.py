"""A repository with its lifecycle and its policy.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecr_repository
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.exporting import repositories
from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, blocks, free, of_terraform, only, policy, tags
from mfinfra.exporting.terraform.hcl import Nested

TYPE = "aws_ecr_repository"
FREE = {
    "image_tag_mutability": "immutable_tags",
    "image_scanning_configuration": "scan_on_push",
    "encryption_configuration": "encryption",
}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The repository, its lifecycle and its policy."""
    spec, name = subject.spec, subject.spec["name"]
    mode, patterns = repositories.mutability(spec["immutable_tags"])
    arguments: dict[str, Any] = {"name": name, "image_tag_mutability": mode}
    arguments |= forced(subject)
    arguments |= tags(subject)
    arguments["image_tag_mutability_exclusion_filter"] = blocks(
        {"filter": pattern, "filter_type": "WILDCARD"} for pattern in patterns
    )
    arguments["image_scanning_configuration"] = Nested({"scan_on_push": spec["scan_on_push"]})
    arguments["encryption_configuration"] = Nested(encryption(spec["encryption"]))
    yield Piece(TYPE, name, {key: value for key, value in arguments.items() if value != ()}, ignore=free(subject, FREE))
    for kind, field in (("aws_ecr_lifecycle_policy", "lifecycle_policy"), ("aws_ecr_repository_policy", "policy")):
        if spec.get(field):
            yield Piece(kind, name, {"repository": subject.own("name"), "policy": policy(spec[field])})


def forced(subject: Subject) -> dict[str, bool]:
    """Whether deleting it deletes its images."""
    return {"force_delete": True} if subject.spec.get("force_destroy") else {}


def encryption(said: Mapping[str, Any]) -> dict[str, Any]:
    """How images are encrypted; the key that AWS took by itself the provider reads."""
    return only(encryption_type=said["type"], kms_key=said.get("key"))


FORM = Form(
    {"arn": (TYPE, "arn"), "name": (TYPE, "name"), "url": (TYPE, "repository_url")},
    pieces,
    lambda subject: of_terraform(forced(subject)),
)
