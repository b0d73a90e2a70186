"""The record of an apply on the resource itself: a digest of every field and tag that the file asked for. Pure.

The tag `mfinfra:spec` holds `1.` and one entry for each managed field, then `.` and one for each of the resource's own
tags. An entry is two characters for the name and four for the value: 24 bits name who changed something. They never
decide whether something is changed. The file's wish is digested in AWS's canonical form with its references as text, so
that the tag is known before anything exists, and one for all ways of writing the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mfinfra import compare, schemas
from mfinfra.model import Ref, Resource, Spec, fill

TAG = "mfinfra:spec"
FORMAT = "1"
# https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html: every service takes these many.
LONGEST = 256
NAME = 2
VALUE = 4
ENTRY = NAME + VALUE
_ENTRIES = rf"(?:[\w-]{{{ENTRY}}})*"
_TAG = re.compile(rf"{FORMAT}\.({_ENTRIES})\.({_ENTRIES}|[\w-]{{{VALUE}}})", re.ASCII)
_VERSION = re.compile(r"(\d+)\.", re.ASCII)

Digests = Mapping[str, str]


class Drift(StrEnum):
    """Who changed something since the last apply."""

    NONE = "none"
    LIVE = "live"
    FILE = "file"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Record:
    """What a tag says: by code of the field, and by code of the tag, the digest of the value that was asked for.

    `together`: there were too many tags for an entry each, so one under the code `""` stands for all.
    """

    fields: Digests
    tags: Digests
    together: bool = False

    def __str__(self) -> str:
        fields, tags = ("".join(f"{code}{held[code]}" for code in sorted(held)) for held in (self.fields, self.tags))
        return f"{FORMAT}.{fields}.{tags}"


def together(found: Iterable[Drift]) -> Drift:
    """Who changed a whole whose parts were changed by `found`."""
    parts = set(found) - {Drift.NONE}
    return parts.pop() if len(parts) == 1 else Drift.BOTH if parts else Drift.NONE


def record(resource: Resource, wish: Spec) -> Record:
    """What an apply of `resource` puts on it; `wish` holds its managed fields in AWS's canonical form."""
    fields = {code(name): digest(resource, name, value) for name, value in wish.items()}
    tags = {name: value for name, value in resource.tags.items() if name != TAG}
    apart = Record(fields, tag_digests(tags))
    return apart if len(str(apart)) <= LONGEST else Record(fields, tag_digests(tags, together=True), together=True)


def read(text: str | None) -> Record | None:
    """The record that a tag holds; `None` without a tag, or with one that this version cannot read."""
    found = _TAG.fullmatch(text or "")
    if found is None:
        return None
    whole = len(found[2]) == VALUE
    return Record(_entries(found[1]), {"": found[2]} if whole else _entries(found[2]), whole)


def garbled(text: str | None) -> bool:
    """Whether a tag is nothing that any version of mfinfra has written."""
    if text is None or _TAG.fullmatch(text):
        return False
    version = _VERSION.match(text)
    return version is None or version[1] == FORMAT


def code(name: str) -> str:
    """The two characters that stand for a field or a tag."""
    return _hash(["name", name])[:NAME]


def digest(resource: Resource, name: str, value: Any) -> str:
    """The digest of a field's value: the same for all values that AWS holds for the same."""
    known = schemas.traits(resource.kind)
    written = fill(value, text_of)
    return _hash([resource.kind, name, compare.canonical(written, known, resource.scope, (name,))])[:VALUE]


def tag_digests(tags: Mapping[str, str], *, together: bool = False) -> dict[str, str]:
    """The digest of each tag by its code; tags with one code, or all of them `together`, share one."""
    shared: dict[str, dict[str, str]] = {}
    for name, value in tags.items():
        shared.setdefault("" if together else code(name), {})[name] = value
    return {key: _hash(["tags", group])[:VALUE] for key, group in shared.items()}


def text_of(ref: Ref) -> str:
    """A reference as the file has it."""
    return f"${{{ref}}}"


def _entries(text: str) -> dict[str, str]:
    rows = [text[start : start + ENTRY] for start in range(0, len(text), ENTRY)]
    return {row[:NAME]: row[NAME:] for row in rows}


def _hash(value: Any) -> str:
    """Letters, digits, `-` and `_`, which every service takes in a tag."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).decode()
