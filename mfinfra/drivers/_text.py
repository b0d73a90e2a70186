"""Documents as the JSON text that AWS takes, also while values inside them are not known yet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mfinfra.model import Ref, Template

# NUL stands in no document, and JSON always escapes it: what is found between two of them is ours.
HELD = re.compile(r"\\u0000(\d+)\\u0000")


def json_text(document: Mapping[str, Any]) -> str | Template:
    """Compact JSON, keys in the author's order; a `Template` while a value in it is known after apply only.

    What AWS invents are ids, ARNs and numbers of versions: none needs escaping inside a JSON string.
    """
    unknown: list[Ref] = []

    def held(value: Any) -> Any:
        match value:
            case Ref():
                unknown.append(value)
                return f"\0{len(unknown) - 1}\0"
            case Template(parts):
                return "".join(part if isinstance(part, str) else held(part) for part in parts)
            case Mapping():
                return {key: held(item) for key, item in value.items()}
            case list() | tuple():
                return [held(item) for item in value]
            case _:
                return value

    pieces = HELD.split(json.dumps(held(document), separators=(",", ":"), ensure_ascii=False))
    if len(pieces) == 1:
        return pieces[0]
    return Template(tuple(unknown[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)))
