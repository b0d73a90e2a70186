"""Pages of the documents that programs read: the plan, the events, and the environment file, from their schemas."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mfinfra import document, schemas

from . import fields

LINK = "../kinds/{kind}.md"
Schema = Mapping[str, Any]


def members(root: Schema, node: Schema, heading: str, skip: frozenset[str] = frozenset()) -> str:
    """A section for each member of the mapping `node`."""
    required = node.get("required", ())
    parts = []
    for name, member in node["properties"].items():
        if name in skip:
            continue
        found = fields.resolved(root, member)
        badge = f'<span class="fact">{fields.kind_of(root, member)}</span>'
        badge += ' <span class="fact required">required</span>' if name in required else ""
        facts = "\n".join(f"- {one}" for one in fields.facts(root, member, LINK))
        inside = "\n".join(fields.nested(root, member, LINK))
        parts += [
            f"{heading} `{name}` {{ #{name} }}",
            badge,
            fields.sentence(found.get("description", "")),
            facts,
            inside,
        ]
    return "\n\n".join(part for part in parts if part)


def plan() -> str:
    """The members of the plan document."""
    root = schemas.load("plan")
    return members(root, root, "##")


def events() -> str:
    """A section for each type of event."""
    root = schemas.load("events")
    parts = []
    for one in root["oneOf"]:
        name = one["$ref"].rpartition("/")[2]
        event = root["$defs"][name]
        own = {**event, "properties": {key: at for key, at in event["properties"].items() if key != "type"}}
        shown = "\n".join(
            fields.nested(root, {"properties": own["properties"], "required": event.get("required", ())}, LINK)
        )
        parts.append(f"## {name} {{ #{name} }}\n\n{fields.sentence(event.get('description', ''))}\n\n{shown}")
    return "\n\n".join(parts)


def environment() -> str:
    """The blocks of an environment file but `resources`, each with what may stand in it."""
    root = json.loads(Path(document.__file__).with_name("environment.json").read_text("utf-8"))
    return members(root, root, "##", frozenset({"resources"}))


SECTIONS: Mapping[str, Callable[[], str]] = {
    "<!-- members of plan.json -->": plan,
    "<!-- types of events.json -->": events,
    "<!-- blocks of the environment file -->": environment,
}
"""The mark of each section in a written page, and what makes it."""
