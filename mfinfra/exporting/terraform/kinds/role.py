"""A role, its policies, its attachments and its instance profile, each a resource of its own.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policies_exclusive
"""

from __future__ import annotations

from collections.abc import Iterator

from mfinfra.exporting import roles
from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, only, policy, tags

TYPE = "aws_iam_role"
PROFILE = "aws_iam_instance_profile"
FIELDS = {
    "name": "name",
    "path": "path",
    "description": "description",
    "max_session_duration": "max_session_seconds",
    "permissions_boundary": "permissions_boundary",
}
FREE = {**FIELDS, "assume_role_policy": "trust"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The role, and what stands beside it."""
    name = subject.spec["name"]
    arguments = {**subject.fields(FIELDS), "assume_role_policy": policy(subject.spec["trust"]), **tags(subject)}
    yield Piece(TYPE, name, arguments, ignore=free(subject, FREE))
    yield from inline(subject)
    yield from attached(subject)
    if roles.with_profile(subject):
        path = only(path=roles.profiles_path(subject))
        yield Piece(PROFILE, name, {"name": name, **path, "role": subject.own("name"), **tags(subject)})


def inline(subject: Subject) -> Iterator[Piece]:
    """Inline policies; where the file's are all there are, Terraform removes others too."""
    role, name = subject.own("name"), subject.spec["name"]
    documents = roles.inline(subject)
    for title, said in documents.items():
        yield Piece(
            "aws_iam_role_policy", f"{name}:{title}", {"name": title, "role": role, "policy": policy(said)}, title
        )
    if roles.exclusive(subject, "policies"):
        arguments = {"role_name": role, "policy_names": list(documents)}
        yield Piece("aws_iam_role_policies_exclusive", name, arguments)


def attached(subject: Subject) -> Iterator[Piece]:
    """Attached policies, by the same rule."""
    role, name = subject.own("name"), subject.spec["name"]
    arns = roles.attached(subject)
    for arn in arns:
        arguments = {"role": role, "policy_arn": arn}
        yield Piece("aws_iam_role_policy_attachment", f"{name}/{arn}", arguments, str(arn).rpartition("/")[2])
    if roles.exclusive(subject, "managed_policies"):
        yield Piece("aws_iam_role_policy_attachments_exclusive", name, {"role_name": role, "policy_arns": arns})


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "name"), "instance_profile_arn": (PROFILE, "arn")}, pieces)
