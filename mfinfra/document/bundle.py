"""One JSON Schema out of many: the environment's own, and every kind's, each found by being there.

`python -m mfinfra.document` writes `schemas/environment.json`, the form for editors: one document in which
every `$ref` resolves, so that it works offline. A new kind needs no edit here, only that command.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mfinfra import schemas

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"
FILE = "mfinfra.schema.json"
"""What a copy of it beside a file is called."""
_NAME_WORDS = "1 to 63 letters, digits, `-` and `_`, a letter first"
_RULES_OF_TEXT = ("pattern", "minLength", "maxLength", "enum", "format")
_LISTS = ("anyOf", "oneOf", "allOf")


@cache
def source() -> Schema:
    """The hand-written part: all of an environment file but the kinds."""
    found: Schema = json.loads(Path(__file__).with_name("environment.json").read_text("utf-8"))
    return found


@cache
def composed() -> Schema:
    """The schema of a whole environment file, as strict as the tool is once references are filled in."""
    whole = _inward(source(), "environment")
    kinds = {kind: _map_of(kind) for kind in schemas.kinds()}
    resources = {**whole["properties"]["resources"], "additionalProperties": False, "properties": kinds}
    whole["properties"] = {**whole["properties"], "resources": resources}
    own = whole.pop("$defs", {})
    shared = {name: _inward(schemas.load(name), name) for name in (*schemas.kinds(), "common")}
    return {**whole, "$defs": {"environment": {"$defs": own}, **shared}}


def bundled(kind: str | None = None) -> Schema:
    """The schema that an editor needs, of a whole file or of one `kind`; raises `KeyError` if there is none.

    It is wider than `composed`: an editor sees `${…}` and addresses where the tool sees what they stand for, and of a
    file that extends another it sees a part.
    """
    whole = composed()
    definitions = {name: _wider(part) for name, part in whole["$defs"].items()}
    if kind is None:
        rest = _wider({name: part for name, part in whole.items() if name != "$defs"})
        demanded = _whole_by_itself(rest, definitions)
        return {"$schema": DRAFT, **rest, **demanded, "$defs": definitions}
    wanted = schemas.load(kind)
    return {
        "$schema": DRAFT,
        "title": wanted.get("title", kind),
        "$ref": f"#/$defs/{kind}",
        "$defs": {name: definitions[name] for name in (kind, "common")},
    }


def _whole_by_itself(rest: Schema, definitions: dict[str, Schema]) -> Schema:
    """What a file and its kinds require, taken out of both: it holds for files that extend no other."""
    each = {kind: {"additionalProperties": found} for kind in schemas.kinds() if (found := _demands(definitions[kind]))}
    demanded = {**_demands(rest), "properties": {"resources": {"properties": each}}}
    return {"if": {"not": {"required": ["extends"]}}, "then": demanded}


def _demands(schema: Schema) -> Schema:
    """What `schema` says of missing properties, taken out of it."""
    rules = [rule for rule in schema.get("allOf", ()) if "required" in rule.get("then", {})]
    found = {word: schema.pop(word) for word in ("required",) if word in schema}
    if "required" in schema.get("then", {}):
        found |= {word: schema.pop(word) for word in ("if", "then", "else") if word in schema}
    if rules:
        schema["allOf"] = [rule for rule in schema["allOf"] if rule not in rules]
        found["allOf"] = rules
    return found


@cache
def references() -> Mapping[tuple[str, ...], Mapping[str, str]]:
    """Where addresses may stand outside of `resources`, and which attribute each of their kinds gives."""
    found: dict[tuple[str, ...], Mapping[str, str]] = {}

    def walk(node: Schema, path: tuple[str, ...]) -> None:
        node = source()["$defs"][node["$ref"].rpartition("/")[2]] if node.get("$ref", "").startswith("#") else node
        if "refersTo" in node:
            found[path] = node["refersTo"]
        for name, part in node.get("properties", {}).items():
            walk(part, (*path, name))
        for part in node.get("anyOf", ()):
            walk(part, path)

    walk(source(), ())
    return found


def text() -> str:
    """What `schemas/environment.json` holds."""
    return json.dumps(bundled(), indent=2, ensure_ascii=False) + "\n"


def _map_of(kind: str) -> Schema:
    return {
        "type": "object",
        "description": schemas.load(kind).get("description", kind),
        "propertyNames": {"pattern": NAME, "description": _NAME_WORDS},
        "additionalProperties": {"$ref": f"#/$defs/{kind}"},
    }


def _inward(schema: Mapping[str, Any], name: str) -> Schema:
    """`schema` with every `$ref` pointing into the one document, where it stands under `$defs/<name>`."""

    def turned(node: Any) -> Any:
        if isinstance(node, list):
            return [turned(item) for item in node]
        if not isinstance(node, dict):
            return node
        found = {key: turned(value) for key, value in node.items() if key not in ("$id", "$schema")}
        if isinstance(reference := node.get("$ref"), str):
            file, _, pointer = reference.partition("#")
            found["$ref"] = f"#/$defs/{file.removesuffix('.json') or name}{pointer}"
        return found

    whole: Schema = turned(schema)
    return whole


def _wider(node: Any) -> Any:
    """`node` for text that is not filled in yet, and with `null` (not managed) for every field that may be omitted."""
    if not isinstance(node, dict):
        return node
    found = _children(node, _wider)
    if "properties" in found:
        required = node.get("required", ())
        found["properties"] = {
            name: part if name in required else _nullable(part) for name, part in found["properties"].items()
        }
    return _open_text(found)


def _children(node: Schema, change: Callable[[Any], Any]) -> Schema:
    found = dict(node)
    for word in ("properties", "patternProperties", "dependentSchemas", "$defs"):
        if word in node:
            found[word] = {name: change(part) for name, part in node[word].items()}
    for word in _LISTS:
        if word in node:
            found[word] = [change(part) for part in node[word]]
    for word in ("items", "additionalProperties", "then", "else"):
        if word in node:
            found[word] = change(node[word])
    return found


def _open_text(node: Schema) -> Schema:
    types = node.get("type")
    rules = {word: node[word] for word in _RULES_OF_TEXT if word in node}
    if types != "string" or not rules.keys() & {"pattern", "enum", "maxLength"}:
        return node
    rest = {word: value for word, value in node.items() if word not in rules}
    kinds = "|".join(sorted(node.get("refersTo", ())))
    places = [{"pattern": r"\$\{"}, *([{"pattern": rf"^({kinds})\.[A-Za-z][A-Za-z0-9_-]*$"}] if kinds else [])]
    return {**rest, "anyOf": [rules, *places]}


def _nullable(node: Any) -> Any:
    if not isinstance(node, dict) or node.get("type") == "null":
        return node
    words = {word: node[word] for word in ("description", "default", "title") if word in node}
    if isinstance(node.get("type"), str) and not any(word in node for word in (*_LISTS, "enum", "const", "$ref")):
        return {**node, "type": [node["type"], "null"]}
    rest = {word: value for word, value in node.items() if word not in words}
    return {**words, "anyOf": [rest, {"type": "null"}]}
