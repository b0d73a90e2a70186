"""The words of Terraform: values and blocks as HCL, laid out as `terraform fmt` lays it out.

https://developer.hashicorp.com/terraform/language/syntax/configuration
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra import printable

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
INDENT = "  "
WIDTH = 100
# `$${` stands for `${`. What is not closed, or has another `$` before it, is taken apart differently by every reader.
_TOKEN = re.compile(r"(?P<usual>(?<![$%])[$%]\{[^{}$%\"\\\n]*\})|(?P<odd>[$%](?=\{))|(?P<other>[\"\\]|[^ -~])")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Expression:
    """What stands there as it is: `aws_iam_role.batch.arn`."""

    text: str


@dataclass(frozen=True, slots=True)
class Interpolated:
    """Text with expressions in it."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A call with one argument; text of several lines is then written as such."""

    name: str
    argument: Any


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its type, its labels, and what is in it. Several of one type stand in a tuple of bodies."""

    type: str
    labels: tuple[str, ...]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nested:
    """The body of a block inside another; the argument's name is its type."""

    body: Mapping[str, Any]


def document(blocks: Iterable[Block]) -> str:
    """The blocks, with an empty line between them."""
    return "\n".join("".join(f"{line}\n" for line in _block(block)) for block in blocks)


def value(given: Any) -> str:
    """A value on one line or on several, without any indentation before the first one."""
    return "\n".join(_value(given))


def quoted(text: str) -> str:
    """A quoted string: nothing in it is a template."""
    return f'"{_TOKEN.sub(_escape, text)}"'


def _block(block: Block) -> Iterator[str]:
    yield " ".join([block.type, *(quoted(label) for label in block.labels), "{"])
    yield from _indented(_body(block.body))
    yield "}"


def _body(body: Mapping[str, Any]) -> Iterator[str]:
    """Arguments first, then the blocks inside, an empty line before each."""
    plain = {name: given for name, given in body.items() if not _nested(given)}
    yield from _aligned([(name, _value(given)) for name, given in plain.items()], "")
    first = not plain
    for name, given in body.items():
        for inner in _nested(given):
            if not first:
                yield ""
            first = False
            yield from _block(Block(name, (), inner.body))


def _nested(given: Any) -> tuple[Nested, ...]:
    match given:
        case Nested():
            return (given,)
        case (Nested(), *_):
            return tuple(given)
        case _:
            return ()


def _aligned(rows: Sequence[tuple[str, list[str]]], ending: str) -> Iterator[str]:
    """`name = value` with the `=` of neighbours under each other; a value of several lines stands for itself."""
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and len(rows[end][1]) == 1:
            end += 1
        width = max((len(name) for name, _ in rows[start:end]), default=0)
        for name, lines in rows[start:end]:
            yield f"{name.ljust(width)} = {lines[0]}{ending}"
        for name, lines in rows[end : end + 1]:
            yield f"{name} = {lines[0]}"
            yield from lines[1:-1]
            yield f"{lines[-1]}{ending}"
        start = end + 1


def _value(given: Any) -> list[str]:
    match given:
        case Expression(text):
            return [text]
        case Interpolated(parts):
            inner = (f"${{{part.text}}}" if isinstance(part, Expression) else quoted(part)[1:-1] for part in parts)
            return [f'"{"".join(inner)}"']
        case Function(name, argument):
            return _function(name, argument)
        case str():
            return [quoted(given)]
        case Mapping():
            return _bracketed("{", _aligned([(_key(key), _value(item)) for key, item in given.items()], ""), "}")
        case list() | tuple():
            return _list([_value(item) for item in given])
        case _:  # JSON's words for booleans, numbers and null are HCL's
            return [json.dumps(given)]


def _list(items: list[list[str]]) -> list[str]:
    short = f"[{', '.join(lines[0] for lines in items)}]"
    if all(len(lines) == 1 for lines in items) and len(short) <= WIDTH:
        return [short]
    return _bracketed("[", (line for lines in items for line in (*lines[:-1], f"{lines[-1]},")), "]")


def _bracketed(opening: str, inner: Iterable[str], closing: str) -> list[str]:
    lines = list(_indented(inner))
    return [opening, *lines, closing] if lines else [f"{opening}{closing}"]


def _function(name: str, argument: Any) -> list[str]:
    if isinstance(argument, str) and (lines := _heredoc(argument)):
        return [f"{name}(<<{lines[0]}", *lines[1:], ")"]
    first, *rest = _value(argument)
    return [f"{name}({first}", *rest[:-1], f"{rest[-1]})"] if rest else [f"{name}({first})"]


def _heredoc(text: str) -> list[str]:
    """The mark and the lines of a text that reads well as it is; empty for one that does not."""
    odd = any(found["odd"] for found in _TOKEN.finditer(text))
    lines = text.split("\n")
    plain = all(line.replace("\t", "").isprintable() for line in lines)
    if len(lines) <= 2 or lines[-1] or odd or not plain:  # noqa: PLR2004 - one line and the end of it
        return []
    mark = "EOT"
    while any(line.strip() == mark for line in lines):
        mark += "_"
    return [mark, *(Verbatim(_TOKEN.sub(_doubled, line)) for line in lines[:-1]), Verbatim(mark)]


class Verbatim(str):
    """A line that no indentation may change."""

    __slots__ = ()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line if isinstance(line, Verbatim) or not line else f"{INDENT}{line}"


def _key(key: Any) -> str:
    return str(key) if IDENTIFIER.fullmatch(str(key)) else quoted(str(key))


def _escape(found: re.Match[str]) -> str:
    text = found[0]
    if found["usual"]:
        return f"{text[0]}{text[:2]}{_TOKEN.sub(_escape, text[2:])}"
    if text in _ESCAPES or (text.isprintable() and not found["odd"]):
        return _ESCAPES.get(text, text)
    return printable.escape(text)


def _doubled(found: re.Match[str]) -> str:
    return f"{found[0][0]}{found[0]}" if found["usual"] else found[0]
