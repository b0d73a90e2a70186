"""What both targets say of a launch template: the whole of its default version, in EC2's words."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from mfinfra.drivers import _launch_data
from mfinfra.exporting.subjects import Subject


def data(subject: Subject) -> dict[str, Any]:
    """`LaunchTemplateData`: what is there, and what the file wishes in its place."""
    want = {name: subject.spec.get(name) for name in _launch_data.FIELDS}
    return _launch_data.full(subject.facts.get("said", {}), want)


def text(encoded: str) -> str | None:
    """The text of user data; `None` for bytes that are none."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def unsaid(subject: Subject) -> tuple[str, ...]:
    """The version, where somebody made a newer one that is not the default: others know the latest one in advance."""
    default = subject.outputs["version"]
    return () if str(subject.facts.get("latest", default)) == default else ("version",)
