"""Values for people: JSON-like, on one line where they are short, taken apart where they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra.render import inert

INLINE = 60
UNKNOWN = "(known after apply)"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands where the document says that only AWS can tell a value."""

    def __str__(self) -> str:
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class Brief:
    """A value told in a few lines of prose, each of which is inert."""

    lines: tuple[str, ...]


def marked(value: Any, hidden: Any) -> Any:
    """`value` with `Unknown` wherever `hidden`, which has its shape, says `true`."""
    match value, hidden:
        case _, True:
            return Unknown()
        case Mapping(), Mapping():
            return {name: marked(item, hidden.get(name)) for name, item in value.items()}
        case list(), list() if len(value) == len(hidden):
            return [marked(item, there) for item, there in zip(value, hidden, strict=True)]
        case _:
            return value


def inline(value: Any) -> str:
    """`value` on one line."""
    match value:
        case Unknown():
            return UNKNOWN
        case Mapping():
            return "{" + ", ".join(f"{inert.key(name)}: {inline(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(inline(item) for item in value) + "]"
        case _:
            return inert.scalar(value)


def expanded(value: Any) -> Iterator[str]:
    """`value` on as many lines as it needs, each with its indentation; the first belongs behind the value's name."""
    value = parsed(value)
    if isinstance(value, Brief):
        alone = len(value.lines) == 1
        yield value.lines[0] if alone else ""
        yield from () if alone else (f"    {part}" for part in value.lines)
        return
    if isinstance(value, str) and "\n" in value:
        yield ""
        yield from (f"    | {inert.line(part)}" for part in value.split("\n"))
        return
    written = inline(value)
    if len(written) <= INLINE or not isinstance(value, (Mapping, list, tuple)):
        yield written
        return
    named = isinstance(value, Mapping)
    if isinstance(value, Mapping):
        rows = [(f"{inert.key(name)}: ", item) for name, item in value.items()]
    else:
        rows = [("", item) for item in value]
    yield "{" if named else "["
    for name, item in rows:
        first, *rest = expanded(item) if name or not isinstance(item, str) else [inert.scalar(item)]
        yield f"    {name}{first}".rstrip()
        yield from (f"    {part}" for part in rest)
    yield "}" if named else "]"


def parsed(value: Any) -> Any:
    """A JSON document that arrives as text, as its structure; anything else as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, (dict, list)) else value
