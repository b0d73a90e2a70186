"""Names for what has none in a file yet: by its part in Metaflow, else by what AWS knows it as. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from mfinfra.importing.walk import Found
from mfinfra.model import Address
from mfinfra.ownership import Standing

LONGEST = 63
_SEPARATORS = re.compile(r"[^A-Za-z0-9_-]+")
_FIRST = re.compile(r"^[^A-Za-z]+")


def of(found: Iterable[Found]) -> Mapping[str, Address]:
    """The address of each, by its key; who knows a name for it comes first, so that nobody takes that away."""
    taken: dict[str, Address] = {}
    every = list(found)
    for one in sorted(every, key=lambda one: (one.owner.standing is not Standing.OURS, not one.seed.name)):
        taken[one.key] = next(address for address in _wishes(one) if address not in taken.values())
    return {one.key: taken[one.key] for one in every}


def _wishes(one: Found) -> Iterator[Address]:
    said = one.owner.address
    if said is not None and said.kind == one.kind:
        yield said  # a file of ours has had it there
    own = name(_live(one)) or one.kind
    for wished in filter(None, (name(one.seed.name), own)):
        yield Address(one.kind, wished)
    for number in count(2):
        yield Address(one.kind, f"{own[: LONGEST - len(str(number)) - 1]}-{number}")


def name(text: str) -> str:
    """`text` as the name in an address; empty if nothing of it can stand there."""
    return _FIRST.sub("", _SEPARATORS.sub("-", text)).strip("-")[:LONGEST].rstrip("-")


def _live(one: Found) -> str:
    match one.kind:
        case "key":
            return str(one.identity["alias"]).removeprefix("alias/")
        case "endpoint":
            return str(one.identity["service"]).rpartition("amazonaws.")[2].partition(".")[2]
        case "log_group" | "repository" | "secret":
            return str(one.identity["name"]).strip("/").rpartition("/")[2]
        case _:
            return str(one.identity["name"])
