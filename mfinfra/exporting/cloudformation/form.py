"""What the CloudFormation form of a kind is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra.exporting.subjects import Subject, silent


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a template; a kind is one of them, or several.

    `identifier` is what CloudFormation imports it by. `beside` tells those of one kind apart.
    """

    type: str
    identifier: Mapping[str, str]
    properties: Mapping[str, Any]
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind in CloudFormation's words: `attributes` are those that others refer to.

    Each maps to what the item is called beside the kind's own one, and to the attribute of `!GetAtt`; empty: `!Ref`.
    `notes` are sentences about what CloudFormation cannot say, `unsaid` the attributes that mean something else there.
    """

    attributes: Mapping[str, tuple[str, str]]
    items: Callable[[Subject], Iterable[Item]]
    notes: Callable[[Subject], Iterable[str]] = field(default=silent)
    unsaid: Callable[[Subject], Iterable[str]] = field(default=silent)


def tags(subject: Subject) -> dict[str, Any]:
    """The property of the tags, where there are any."""
    rows = [{"Key": key, "Value": value} for key, value in subject.tags.items()]
    return {"Tags": rows} if rows else {}


def tag_map(subject: Subject) -> dict[str, Any]:
    """The same for Batch, whose tags are a mapping."""
    return {"Tags": dict(subject.tags)} if subject.tags else {}
