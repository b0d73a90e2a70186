"""Which version of which launch template a compute environment starts its instances from: `NAME:VERSION`.

One text for both, so that the address of a launch template can stand for them, and a plan shows one number changing.
Batch looks `$Default` and `$Latest` up when it makes an environment or replaces its instances, and never in between.
https://docs.aws.amazon.com/batch/latest/APIReference/API_LaunchTemplateSpecification.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mfinfra.model import Document, Ref, Template

ID = re.compile(r"lt-[0-9a-f]{8,17}")
DEFAULT = "$Default"
SEPARATOR = ":"


def desired(value: Any) -> Any:
    """What the file says, in the form that `observed` gives; a mapping of name or id and version says the same."""
    match value:
        case Mapping() if not value:
            return ""
        case Mapping():
            return _joined(value.get("name") or value["id"], value.get("version", DEFAULT))
        case str() if value and SEPARATOR not in value:
            return _joined(value, DEFAULT)
        case _:
            return value


def observed(held: Document) -> str:
    """What Batch describes; empty for an environment without a launch template."""
    named = held.get("launchTemplateId") or held.get("launchTemplateName")
    return f"{named}{SEPARATOR}{held.get('version') or DEFAULT}" if named else ""


def members(value: Any) -> dict[str, Any]:
    """The members of a request that say `value`; an empty one takes the launch template away."""
    if isinstance(value, Ref):  # an address alone
        return {"launchTemplateName": Ref(value.address, "name"), "version": Ref(value.address, "version")}
    if not value:
        return {"launchTemplateId": ""}
    named, version = _split(value.parts if isinstance(value, Template) else (value,))
    by_id = named.attribute == "id" if isinstance(named, Ref) else ID.fullmatch(str(named))
    return {"launchTemplateId" if by_id else "launchTemplateName": named, "version": version}


def _joined(*parts: Any) -> str | Template:
    pieces: list[str | Ref] = []
    for index, part in enumerate(parts):
        pieces += [SEPARATOR] if index else []
        pieces += part.parts if isinstance(part, Template) else [part if isinstance(part, Ref) else str(part)]
    known = "".join(piece for piece in pieces if isinstance(piece, str))
    return Template(tuple(pieces)) if any(isinstance(piece, Ref) for piece in pieces) else known


def _split(parts: tuple[str | Ref, ...]) -> tuple[Any, Any]:
    """What stands before the separator, and what behind it."""
    at = next(index for index, part in enumerate(parts) if isinstance(part, str) and SEPARATOR in part)
    before, _, behind = str(parts[at]).partition(SEPARATOR)
    return _whole((*parts[:at], before)), _whole((behind, *parts[at + 1 :]))


def _whole(parts: tuple[str | Ref, ...]) -> str | Ref | Template:
    said = tuple(part for part in parts if part)
    return said[0] if len(said) == 1 else Template(said)
