"""A launch template.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/launch_template
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.exporting import launch
from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, blocks, tags
from mfinfra.exporting.terraform.hcl import Function, Nested

TYPE = "aws_launch_template"
PLAIN = {"ImageId": "image_id", "KeyName": "key_name"}
METADATA = {
    "HttpTokens": "http_tokens",
    "HttpPutResponseHopLimit": "http_put_response_hop_limit",
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "InstanceMetadataTags": "instance_metadata_tags",
}
VOLUME = {
    "VolumeSize": "volume_size",
    "VolumeType": "volume_type",
    "Iops": "iops",
    "Throughput": "throughput",
    "KmsKeyId": "kms_key_id",
    "SnapshotId": "snapshot_id",
    "Encrypted": "encrypted",
    "DeleteOnTermination": "delete_on_termination",
}
AS_TEXT = ("Encrypted", "DeleteOnTermination")
WRITTEN = {*PLAIN, "MetadataOptions", "BlockDeviceMappings", "UserData"}


def pieces(subject: Subject) -> Iterator[Piece]:
    """The template with all that its default version says; what no field here stands for Terraform leaves as it is."""
    said = launch.data(subject)
    arguments: dict[str, Any] = {"name": subject.spec["name"]}
    arguments |= renamed(said, PLAIN)
    if said.get("UserData"):
        arguments["user_data"] = user_data(said["UserData"])
    arguments |= tags(subject)
    if mappings := said.get("BlockDeviceMappings"):
        arguments["block_device_mappings"] = blocks(mapping(row) for row in mappings)
    if metadata := renamed(said.get("MetadataOptions", {}), METADATA):
        arguments["metadata_options"] = Nested(metadata)
    yield Piece(TYPE, subject.outputs["id"], arguments, ignore=tuple(map(snake, sorted(said.keys() - WRITTEN))))


def renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The members under Terraform's names; some of its booleans are text."""
    return {
        names[member]: str(value).lower() if member in AS_TEXT else value
        for member, value in given.items()
        if member in names
    }


def mapping(row: Mapping[str, Any]) -> dict[str, Any]:
    """A volume."""
    ebs = renamed(row.get("Ebs", {}), VOLUME)
    return {"device_name": row["DeviceName"], **({"ebs": Nested(ebs)} if ebs else {})}


def user_data(encoded: str) -> Any:
    """The text that an instance runs first, so that it can be read; what is no text stays encoded."""
    text = launch.text(encoded)
    return encoded if text is None else Function("base64encode", text)


def snake(member: str) -> str:
    """`NetworkInterfaces` → `network_interfaces`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", member).lower()


FORM = Form(
    {"id": (TYPE, "id"), "name": (TYPE, "name"), "version": (TYPE, "latest_version")}, pieces, unsaid=launch.unsaid
)
