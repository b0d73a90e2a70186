"""Where an import begins: what a source (a Metaflow configuration, a stack, names, tags) says is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Seed:
    """Something live to look at.

    `identity` holds the fields of `kind`'s schema that it goes by in AWS, as `Driver.locate` gives them. `name` is what
    its address should be called, empty where nobody knows better. `why` completes "imported because it is …".
    """

    kind: str
    identity: Mapping[str, Any]
    why: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """Something that the source names and no kind describes: it stays as it is, and the report says so."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Start:
    """All that a source says.

    `settings` are `METAFLOW_*` keys with their values, from which the file's `metaflow` block is written. `handover`
    are the steps, one sentence or command each, that must be done before anything here can be adopted; `files` are
    those that the steps name, by name, to be written where the steps say; `stacks` are those that let go by the steps.
    """

    seeds: tuple[Seed, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    unmodelled: tuple[Unmodelled, ...] = ()
    handover: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    stacks: frozenset[str] = frozenset()
