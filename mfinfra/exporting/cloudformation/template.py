"""The words of CloudFormation: values as YAML, with its short forms of references.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra import printable

INDENT = "  "
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?:::[A-Za-z0-9]+)*")
# YAML 1.1 takes these for something else than text.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """`!Ref Name`, `!GetAtt Name.Arn`, `!Sub "…"`: the function and what it is given."""

    function: str
    argument: Any


def document(value: Mapping[str, Any]) -> str:
    """The mapping as a YAML document; on its top level an empty line between entries."""
    entries = ["\n".join(_entry(key, item)) for key, item in value.items()]
    return "\n\n".join(entries) + "\n"


def literal(text: str) -> str:
    """Text inside `!Sub` that stands for itself."""
    return text.replace("${", "${!")


def scalar(value: Any) -> str:
    """A value on one line: text is quoted unless it can only be read as text."""
    match value:
        case Intrinsic(function, argument):
            return f"!{function} {scalar(argument)}"
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case str():
            return f'"{"".join(_character(one) for one in value)}"'
        case _:
            return json.dumps(value)


def _entry(key: str, value: Any) -> Iterator[str]:
    first, *rest = _value(value)
    yield f"{scalar(str(key))}:{first}"
    yield from rest


def _value(value: Any) -> list[str]:
    """What stands behind a colon, and the lines under it."""
    match value:
        case Mapping() if value:
            inner = (line for key, item in value.items() for line in _entry(key, item))
            return ["", *(f"{INDENT}{line}" if line else "" for line in inner)]
        case list() | tuple() if value:
            return ["", *(f"{INDENT}{line}" if line else "" for item in value for line in _item(item))]
        case Mapping():
            return [" {}"]
        case list() | tuple():
            return [" []"]
        case Intrinsic(function, str(text)) if block := _block(text):
            return [f" !{function} |", *block]
        case _:
            return [f" {scalar(value)}"]


def _item(value: Any) -> Iterator[str]:
    first, *rest = _value(value)
    if first or not rest:
        yield f"-{first}"
        yield from rest
        return
    # A mapping or a list begins on the line of its dash.
    yield f"- {rest[0].removeprefix(INDENT)}"
    yield from rest[1:]


def _block(text: str) -> list[str]:
    """The lines of a text that reads well as it is; empty for one that does not."""
    lines = text.split("\n")
    whole = len(lines) > 2 and not lines[-1] and lines[-2] and not lines[0].startswith((" ", "\t"))  # noqa: PLR2004 - one line and the end of it
    fits = all(line.isprintable() and line == line.rstrip() for line in lines) and lines[0]
    return [f"{INDENT}{line}" if line else "" for line in lines[:-1]] if whole and fits else []


def _character(one: str) -> str:
    if one in {'"', "\\"}:
        return f"\\{one}"
    if one.isprintable():
        return one
    return printable.escape(one)
