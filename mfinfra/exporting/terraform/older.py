"""What an older major version of the AWS provider wants otherwise than the newest; each a change of one resource.

https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/guides/version-6-upgrade.html.markdown
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mfinfra.exporting.terraform.form import Piece
from mfinfra.exporting.terraform.hcl import Nested

MAJORS: Mapping[int, str] = {6: "~> 6.8", 5: "~> 5.98"}
"""By major version the first that has all that is written: patterns of tags came with 6.8."""
EXCLUSIONS = "image_tag_mutability_exclusion_filter"
ORDER = "compute_environment_order"


def adapted(piece: Piece, major: int) -> Piece:
    """The piece as that version takes it."""
    change = OTHERWISE.get(major, {}).get(piece.type)
    return change(piece) if change else piece


def _environment_name(piece: Piece) -> Piece:
    names = {"name": "compute_environment_name"}
    return replace(piece, arguments={names.get(name, name): value for name, value in piece.arguments.items()})


def _environments_of_queue(piece: Piece) -> Piece:
    """An import reads the old list, and the blocks would then be a change."""
    found: dict[str, Any] = dict(piece.arguments)
    found["compute_environments"] = [block.body["compute_environment"] for block in found.pop(ORDER)]
    return replace(piece, arguments=found)


def _tag_patterns(piece: Piece) -> Piece:
    """Tags that are immutable but for patterns are unknown there: what is set stays set."""
    if EXCLUSIONS not in piece.arguments:
        return piece
    unknown = (EXCLUSIONS, "image_tag_mutability")
    kept = {name: value for name, value in piece.arguments.items() if name not in unknown}
    return replace(piece, arguments=kept, ignore=(*piece.ignore, unknown[1]))


def _blocked_encryption(piece: Piece) -> Piece:
    """What is blocked is unknown there, and stays as it is."""
    rule = {name: value for name, value in piece.arguments["rule"].body.items() if name != "blocked_encryption_types"}
    return replace(piece, arguments={**piece.arguments, "rule": Nested(rule)})


OTHERWISE: Mapping[int, Mapping[str, Callable[[Piece], Piece]]] = {
    5: {
        "aws_batch_compute_environment": _environment_name,
        "aws_batch_job_queue": _environments_of_queue,
        "aws_s3_bucket_server_side_encryption_configuration": _blocked_encryption,
        "aws_ecr_repository": _tag_patterns,
    },
}
