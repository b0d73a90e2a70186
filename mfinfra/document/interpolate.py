"""`${…}` in text: cut into what is literal and what is asked for. Nothing is evaluated here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from mfinfra.model import Address, Ref, Template

# `dns_suffix` is what `amazonaws.com` is in this partition.
VARIABLES = ("environment", "account", "region", "partition", "dns_suffix")
KIND = r"[a-z][a-z0-9_]*"
NAME = r"[A-Za-z][A-Za-z0-9_-]{0,62}"

_TOKEN = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<asked>[^{}$]*)\}|(?P<open>\$\{)")
_ASKED = re.compile(rf"(?P<kind>{KIND})\.(?P<name>{NAME})\.(?P<attribute>[A-Za-z_][A-Za-z0-9_]*)")
_SELF = re.compile(r"self\.([a-z_]+)")
_ADDRESS = re.compile(rf"(?P<kind>{KIND})\.(?P<name>{NAME})")


@dataclass(frozen=True, slots=True)
class Variable:
    """`${account}` and the like."""

    name: str


@dataclass(frozen=True, slots=True)
class Own:
    """`${self.name}`, in schemas only."""

    field: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A `${` that asks for nothing that there is; `text` is what stands there."""

    text: str
    closed: bool


Piece = str | Variable | Own | Ref | Unreadable


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of `text`, in order; `VARIABLES` are the names that `${…}` may ask for alone."""
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            yield text[end : token.start()]
        end = token.end()
        if token["escape"]:
            yield "${"
        elif token["open"]:
            yield Unreadable(text[token.start() : token.start() + 30].partition(" ")[0], closed=False)
        else:
            yield _asked(token["asked"])
    if end < len(text):
        yield text[end:]


def _asked(text: str) -> Piece:
    if text in VARIABLES:
        return Variable(text)
    if own := _SELF.fullmatch(text):
        return Own(own[1])
    if found := _ASKED.fullmatch(text):
        return Ref(Address(found["kind"], found["name"]), found["attribute"])
    return Unreadable(f"${{{text}}}", closed=True)


def address(text: str) -> Address | None:
    """The address that `text` has the form of; whether there is such a kind is another question."""
    found = _ADDRESS.fullmatch(text)
    return Address(found["kind"], found["name"]) if found else None


def joined(parts: Iterable[str | Ref | Template]) -> str | Ref | Template:
    """The parts as one value: text if all are known, a bare `Ref` if it stands alone."""
    flat = (piece for part in parts for piece in (part.parts if isinstance(part, Template) else (part,)))
    grouped = ((known, list(run)) for known, run in groupby(flat, lambda piece: isinstance(piece, str)))
    whole: list[str | Ref] = []
    for known, run in grouped:
        whole += ["".join(map(str, run))] if known else run
    whole = [piece for piece in whole if piece != ""]
    if not whole:
        return ""
    return whole[0] if len(whole) == 1 else Template(tuple(whole))


def escaped(text: str) -> str:
    """`text` so that `pieces` gives it back."""
    return text.replace("${", "$${")
