"""A bucket and its settings, which are resources of their own.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mfinfra.exporting import buckets
from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, blocks, of_terraform, only, policy, tags
from mfinfra.exporting.terraform.hcl import Nested

TYPE = "aws_s3_bucket"


def pieces(subject: Subject) -> Iterator[Piece]:
    """What is as if nobody had set it is no resource: Terraform imports none that is not there."""
    name = subject.spec["name"]
    yield Piece(TYPE, name, {"bucket": name, **forced(subject), **tags(subject)})
    for kind, part in PARTS.items():
        if said := part(subject):
            yield Piece(f"{TYPE}_{kind}", name, {"bucket": subject.own("name"), **said})


def forced(subject: Subject) -> dict[str, bool]:
    """Whether deleting it deletes its objects."""
    return {"force_destroy": True} if subject.spec.get("force_destroy") else {}


def ownership(subject: Subject) -> Mapping[str, Any]:
    """The controls; a bucket without any is as old as this word."""
    rule = subject.spec.get("object_ownership")
    return {} if rule in (None, "ObjectWriter") else {"rule": Nested({"object_ownership": rule})}


def access(subject: Subject) -> Mapping[str, Any]:
    """The four settings; all off is as good as none."""
    return buckets.access(subject.spec.get("block_public_access"))


def encryption(subject: Subject) -> Mapping[str, Any]:
    """The default encryption."""
    said = subject.spec.get("encryption")
    if not said:
        return {}
    default = Nested(only(sse_algorithm=said["algorithm"], kms_master_key_id=said.get("key")))
    more = only(bucket_key_enabled=bool(said.get("bucket_key")), blocked_encryption_types=buckets.blocked(subject))
    return {"rule": Nested({**more, "apply_server_side_encryption_by_default": default})}


def versioning(subject: Subject) -> Mapping[str, Any]:
    """Versions that are kept; suspended and never switched on is not told apart, and stays with AWS."""
    return {"versioning_configuration": Nested({"status": "Enabled"})} if subject.spec.get("versioning") else {}


def lifecycle(subject: Subject) -> Mapping[str, Any]:
    """The rules, all of them."""
    rules = subject.spec.get("lifecycle_rules") or ()
    more = only(transition_default_minimum_object_size=buckets.smallest(subject))
    return {**more, "rule": blocks(rule(one) for one in rules)} if rules else {}


def rule(one: Mapping[str, Any]) -> dict[str, Any]:
    """One rule: fields of one name there stand in one block."""
    said: dict[str, Any] = {"id": one["id"], "status": "Enabled" if one.get("enabled", True) else "Disabled"}
    said["filter"] = Nested(narrowed(one))
    for block, members in BLOCKS.items():
        if inner := {there: buckets.midnight(one[name]) for there, name in members.items() if name in one}:
            said[block] = Nested(inner)
    for block, name in MOVES.items():
        rows = ({there: buckets.midnight(value) for there, value in move.items()} for move in one.get(name) or ())
        if moves := blocks(rows):
            said[block] = moves
    return said


def narrowed(one: Mapping[str, Any]) -> dict[str, Any]:
    """The filter: one condition alone, several in an `and`."""
    found = {name: one[name] for name in NARROW if one.get(name)}
    marks = one.get("tags") or {}
    if len(found) + len(marks) > 1:
        return {"and": Nested({**found, **({"tags": dict(marks)} if marks else {})})}
    if marks:
        ((key, value),) = marks.items()
        return {"tag": Nested({"key": key, "value": value})}
    return found


def document(subject: Subject) -> Mapping[str, Any]:
    """The whole bucket policy, the statement for TLS among it."""
    found = buckets.policy(subject)
    return {"policy": policy(found)} if found else {}


NARROW = ("prefix", "object_size_greater_than", "object_size_less_than")
BLOCKS = {
    "expiration": {
        "days": "expiration_days",
        "date": "expiration_date",
        "expired_object_delete_marker": "expired_object_delete_marker",
    },
    "noncurrent_version_expiration": {
        "noncurrent_days": "noncurrent_days",
        "newer_noncurrent_versions": "newer_noncurrent_versions",
    },
    "abort_incomplete_multipart_upload": {"days_after_initiation": "abort_upload_days"},
}
MOVES = {"transition": "transitions", "noncurrent_version_transition": "noncurrent_transitions"}
PARTS: Mapping[str, Callable[[Subject], Mapping[str, Any]]] = {
    "ownership_controls": ownership,
    "public_access_block": access,
    "server_side_encryption_configuration": encryption,
    "versioning": versioning,
    "lifecycle_configuration": lifecycle,
    "policy": document,
}


def notes(subject: Subject) -> Iterator[str]:
    """What stays in AWS as it is, without Terraform, and what only Terraform knows."""
    yield from of_terraform(forced(subject))
    yield from buckets.untold(subject, "Terraform")
    if subject.spec.get("object_ownership") == "ObjectWriter":
        yield "objects belong to whoever writes them, and Terraform is told nothing of it"


FORM = Form({"arn": (TYPE, "arn"), "name": (TYPE, "bucket")}, pieces, notes)
