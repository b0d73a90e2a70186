"""What the Terraform form of a kind is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mfinfra.exporting.subjects import Subject, silent
from mfinfra.exporting.terraform.hcl import Function, Nested


@dataclass(frozen=True, slots=True)
class Piece:
    """One Terraform resource; a kind is one of them, or several that stand for its parts.

    `id` is what the provider documents for importing it; `arguments` are in the words of the provider's newest major
    version. `beside` tells pieces of one type apart. `ignore` are arguments that others change, and shall.
    """

    type: str
    id: Any
    arguments: Mapping[str, Any]
    beside: str = ""
    ignore: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A kind in Terraform's words: `attributes` are those that others refer to, each with its type and name there.

    `notes` are sentences about what Terraform cannot say of a resource, `unsaid` the attributes that mean something
    else there for this one.
    """

    attributes: Mapping[str, tuple[str, str]]
    pieces: Callable[[Subject], Iterable[Piece]]
    notes: Callable[[Subject], Iterable[str]] = field(default=silent)
    unsaid: Callable[[Subject], Iterable[str]] = field(default=silent)


def policy(document: Any) -> Function:
    """A policy document as Terraform writes it: by its values, so that no white space counts."""
    return Function("jsonencode", document)


def tags(subject: Subject) -> dict[str, Any]:
    """The argument of the tags, where there are any."""
    return {"tags": dict(subject.tags)} if subject.tags else {}


def free(subject: Subject, names: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments (name there → field) whose fields the file leaves as AWS has them: Terraform leaves them too."""
    return tuple(there for there, name in names.items() if name in subject.free)


def only(**given: Any) -> dict[str, Any]:
    """The arguments that say something."""
    return {name: value for name, value in given.items() if value not in (None, False, "", [], {}, ())}


def blocks(rows: Iterable[Mapping[str, Any]]) -> tuple[Nested, ...]:
    """A block for each row."""
    return tuple(Nested(row) for row in rows)


def of_terraform(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The word about arguments that are no settings of AWS: no import reads them, so that they are a change once."""
    named = ", ".join(f"`{name}`" for name in arguments)
    return (f"{named} is for Terraform alone; setting it is the one change of its plan",) if named else ()
