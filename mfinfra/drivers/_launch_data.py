"""A launch template's fields as EC2's `LaunchTemplateData` has them, and back. What else stands there is kept.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from mfinfra import printable, user_data
from mfinfra.model import Document, Spec

ROOT = ("root_volume_gib", "root_volume_encrypted", "root_device")
FIELDS = ("image", *ROOT, "imdsv2", "hop_limit", "user_data", "key_pair")
PLAIN: Mapping[str, str] = {"image": "ImageId", "key_pair": "KeyName"}
METADATA: Mapping[str, str] = {"imdsv2": "HttpTokens", "hop_limit": "HttpPutResponseHopLimit"}
# The root devices of images near Batch. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
EMPTY: tuple[Any, ...] = (None, "", [], {})


def wished(spec: Spec) -> Spec:
    """The fields in the form that `fields` gives: without a size nothing of the root volume is managed."""
    left = dict.fromkeys(ROOT) if spec["root_volume_gib"] is None else {}
    text = spec["user_data"]
    return {**left, "user_data": user_data.written(text) if isinstance(text, str) else text}


def fields(held: Document, device: str | None) -> Spec:
    """The fields of a version; `device` is the root device that is looked for first."""
    root = _root(held, device)
    ebs, metadata = root.get("Ebs", {}), held.get("MetadataOptions", {})
    return {
        **{name: held.get(member, "") for name, member in PLAIN.items()},
        **{name: metadata.get(member) for name, member in METADATA.items()},
        "root_volume_gib": ebs.get("VolumeSize"),
        "root_volume_encrypted": ebs.get("Encrypted", False),
        "root_device": root.get("DeviceName"),
        "user_data": _text(held.get("UserData", "")),
    }


def full(held: Document, want: Spec) -> dict[str, Any]:
    """All that a version is to say: `want`, and of `held` what is no field of ours."""
    metadata = {**_rest(held.get("MetadataOptions", {})), **{METADATA[name]: want[name] for name in METADATA}}
    said = {
        **held,
        **{member: want[name] for name, member in PLAIN.items()},
        "BlockDeviceMappings": _mappings(held, want),
        "MetadataOptions": {member: value for member, value in metadata.items() if value not in EMPTY},
        "UserData": _encoded(held.get("UserData", ""), want["user_data"] or ""),
    }
    return {member: value for member, value in said.items() if value not in EMPTY}


def equal(one: Document, other: Document, device: str | None) -> bool:
    """Whether two versions say the same, however EC2 has completed them."""
    same: bool = _comparable(one, device) == _comparable(other, device)
    return same


def _comparable(held: Document, device: str | None) -> Any:
    root = _root(held, device)
    others = [row for row in held.get("BlockDeviceMappings", ()) if row != root]
    known = {*PLAIN.values(), "BlockDeviceMappings", "MetadataOptions", "UserData"}
    rest = {member: value for member, value in held.items() if member not in known}
    return fields(held, device), _rest(held.get("MetadataOptions", {})), others, rest


def _rest(metadata: Document) -> dict[str, Any]:
    """What is said of the metadata service besides; `State` is no setting, and cannot be sent."""
    return {member: value for member, value in metadata.items() if member not in ("State", *METADATA.values())}


def _mappings(held: Document, want: Spec) -> list[Document]:
    """The root volume as wished, and the other volumes as they are."""
    rows: list[Document] = held.get("BlockDeviceMappings", [])
    if want["root_volume_gib"] is None:
        return rows
    root = _root(held, want["root_device"])
    ebs = {**root.get("Ebs", {"VolumeType": "gp3", "DeleteOnTermination": True}), "VolumeSize": want["root_volume_gib"]}
    ebs.pop("Encrypted", None)
    if want["root_volume_encrypted"]:
        ebs["Encrypted"] = True
    mine = {**root, "DeviceName": want["root_device"] or ROOT_DEVICES[0], "Ebs": ebs}
    return [mine, *(row for row in rows if row != root)]


def _root(held: Document, device: str | None) -> Document:
    """The mapping of the root volume; empty where none is said."""
    rows: dict[str, Document] = {row["DeviceName"]: row for row in held.get("BlockDeviceMappings", ())}
    return next((rows[name] for name in (device, *ROOT_DEVICES) if name in rows), {})


def _encoded(held: str, text: str) -> str:
    """User data as EC2 takes it; what is not changed stays byte for byte, whatever it is."""
    return held if text == _text(held) else base64.b64encode(user_data.document(text).encode()).decode()


def _text(encoded: str) -> str:
    """User data as the file would have it; what is no text stays encoded."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded
    return user_data.written(printable.visible(text))
