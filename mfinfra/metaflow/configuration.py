"""A profile of Metaflow: what an environment puts into it, and how that differs from what stands there. Pure.

A profile is a file of one JSON object, which others write too: people, and Metaflow's wizard, which drops every key
that it does not ask for. So nothing is remembered here. A key is *ours* if it follows from the environment now, *stale*
if it is one that follows from some environment (`DERIVABLE`) and does not from this one, and else somebody else's.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mfinfra.confidential import HIDDEN, SECRET, is_secret, masked
from mfinfra.metaflow import settings
from mfinfra.metaflow.parts import DISTRIBUTED_MAP_SETTING
from mfinfra.model import Environment, Ref, fill, refs

OFF = ("0", "false", "")
DERIVABLE = frozenset(
    {
        *settings.PLAYED,
        *settings.WRITTEN,
        settings.HEADERS,
        settings.ROOT,
        DISTRIBUTED_MAP_SETTING,
        "METAFLOW_DEFAULT_DATASTORE",
        "METAFLOW_DATATOOLS_S3ROOT",
        "METAFLOW_CARD_S3ROOT",
        "METAFLOW_BATCH_EMIT_TAGS",
        "METAFLOW_DEFAULT_METADATA",
        "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION",
    }
)
"""The keys that some environment file sets without naming them."""
Kinds = Mapping[str, str]
"""Key → what Metaflow reads it as: `text`, `integer`, `switch`, `object` or `list`."""


@dataclass(frozen=True, slots=True)
class Produced:
    """What an environment says: `values` with the types of the file, sorted by key.

    `secrets` are keys with where their value is: the ARN or the name of a secret. `waiting` are keys that only AWS
    can tell the value of, with what they wait for.
    """

    values: Mapping[str, Any]
    secrets: Mapping[str, str]
    waiting: Mapping[str, tuple[Ref, ...]]

    @property
    def keys(self) -> frozenset[str]:
        """Every key that is ours."""
        return frozenset({*self.values, *self.secrets, *self.waiting})


class Sign(StrEnum):
    """What becomes of a key of a profile."""

    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"
    SAME = "="
    UNREAD = "*"
    """A secret that stands there, and was not compared."""
    STALE = "?"
    KEPT = " "


@dataclass(frozen=True, slots=True)
class Row:
    """One key of a profile; `before` and `after` are texts to be shown, without any secret."""

    key: str
    sign: Sign
    before: str | None = None
    after: str | None = None

    @property
    def writes(self) -> bool:
        """Whether the file differs from what it should be."""
        return self.sign in {Sign.ADDED, Sign.CHANGED, Sign.REMOVED}


def produce(environment: Environment, known: settings.Lookup | None = None) -> Produced:
    """The configuration of `environment`; `known` answers what only AWS can tell."""
    values = settings.values(environment, known)
    derived = settings.derived(environment)

    def unfilled(value: Any) -> tuple[Ref, ...]:
        left = refs(fill(value, lambda ref: settings.named(environment, ref)))
        return tuple(sorted(left, key=str))

    waiting = {key: unfilled(value) for key, value in derived.items() if key not in values}
    return Produced(values, _places(environment), waiting)


def _places(environment: Environment) -> dict[str, str]:
    """Each secret with what Secrets Manager finds it by; one of ours goes by its name, as AWS invents its ARN's end."""
    found = {}
    for key, where in settings.withheld(environment).items():
        if isinstance(where, Ref):
            found[key] = str(environment.resources[where.address].spec["name"])
        elif isinstance(where, str) and where != HIDDEN:
            found[key] = where
    return found


def meaning(value: Any, kind: str) -> Any:
    """What Metaflow takes `value` for: `"true"` is true to it, and JSON text is what it says.

    Source: `from_conf()` in `metaflow_config_funcs.py`, 2.19.39.
    """
    match kind, value:
        case "switch", str():
            return value.lower() not in OFF
        case "integer", str():
            with suppress(ValueError):
                return int(value)
        case "object" | "list", str():
            with suppress(ValueError, RecursionError):
                return json.loads(value)
        case "text", bool() | int() | float():
            return settings.text(value)
    return value


def misread(values: Mapping[str, Any], kinds: Kinds) -> dict[str, str]:
    """The keys whose value Metaflow cannot read, each with what it wants."""
    wanted = {
        "switch": (bool, "`true` or `false`"),
        "integer": (int, "a whole number"),
        "object": (Mapping, "an object"),
        "list": (list, "a list"),
    }
    found = {}
    for key, value in values.items():
        kind, said = kinds.get(key, "text"), meaning(value, kinds.get(key, "text"))
        if kind == "text":
            wrong = isinstance(said, Mapping)
            words = "text"
        else:
            type_, words = wanted[kind]
            wrong = not isinstance(said, type_) or (kind == "integer" and isinstance(said, bool))
        if wrong:
            found[key] = words
    return found


def compare(
    produced: Produced,
    live: Mapping[str, Any],
    kinds: Kinds,
    *,
    secrets: Mapping[str, Any] | None = None,
    prune: bool = False,
) -> tuple[Row, ...]:
    """Every key of both, sorted; `secrets` are the values that were read, `prune` takes stale keys away."""
    read, rows = secrets or {}, []
    for key in sorted({*live, *produced.keys}):
        before = shown(key, live[key]) if key in live else None
        if key in produced.values or key in read:
            value = produced.values[key] if key in produced.values else read[key]
            rows.append(Row(key, _sign(key, live, value, kinds), before, shown(key, value)))
        elif key in produced.secrets:
            rows.append(Row(key, Sign.UNREAD if key in live else Sign.ADDED, before, HIDDEN))
        elif key in live:
            stale = key not in produced.waiting and (key in DERIVABLE or live[key] in ("", None))
            sign = (Sign.REMOVED if prune else Sign.STALE) if stale else Sign.KEPT
            rows.append(Row(key, sign, before, None if sign is Sign.REMOVED else before))
    return tuple(rows)


def _sign(key: str, live: Mapping[str, Any], value: Any, kinds: Kinds) -> Sign:
    if key not in live:
        return Sign.ADDED
    kind = kinds.get(key, "text")
    same = live[key] not in ("", None) and meaning(live[key], kind) == meaning(value, kind)
    return Sign.SAME if same else Sign.CHANGED


def merged(live: Mapping[str, Any], rows: Iterable[Row], values: Mapping[str, Any]) -> dict[str, Any]:
    """The profile as it is going to be: what stands there, with the `values` of what differs."""
    found = dict(live)
    for row in rows:
        if row.sign is Sign.REMOVED:
            del found[row.key]
        elif row.writes:
            found[row.key] = values[row.key]
    return found


def document(values: Mapping[str, Any]) -> str:
    """A profile as Metaflow's own wizard writes it."""
    return json.dumps(values, indent=4, sort_keys=True)


def exports(values: Mapping[str, Any]) -> str:
    """The same as lines that a POSIX shell can `eval`."""
    return "".join(f"export {key}={shlex.quote(settings.text(values[key]))}\n" for key in sorted(values))


def shown(key: str, value: Any) -> str:
    """A value as people may see it."""
    if key in SECRET or is_secret(key, value):
        return HIDDEN
    return masked(settings.text(value))
