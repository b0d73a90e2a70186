"""Markdown of a field, from its JSON Schema. A word of a schema that is not known here is an error, not left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra import schemas

Schema = Mapping[str, Any]
SAID = frozenset({
    "$comment", "additionalProperties", "allOf", "anyOf", "const", "createOnlyProperties", "default",
    "dependentRequired",
    "dependentSchemas", "description", "enum", "format", "insertionOrder", "items", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "not", "oneOf", "pattern",
    "properties", "propertyNames", "refersTo", "required", "title", "type", "unevaluatedProperties", "uniqueItems",
    "if", "then", "propertyOrder",
})  # fmt: skip
LIMITS = (
    ("minimum", "maximum", "{} to {}"),
    ("minLength", "maxLength", "{} to {} characters"),
    ("minItems", "maxItems", "{} to {} members"),
    ("minProperties", "maxProperties", "{} to {} members"),
)
DEEPEST = 5


def resolved(root: Schema, node: Schema | bool) -> Schema:
    """`node` over what its `$ref` points at; raises `ValueError` for a word that nobody explains."""
    if isinstance(node, bool):
        return {}  # anything, or nothing
    while "$ref" in node:
        below = schemas.resolve(root, node["$ref"])
        node = {**below, **{word: value for word, value in node.items() if word != "$ref"}}
    if unknown := node.keys() - SAID:
        raise ValueError(f"the documentation says nothing of {sorted(unknown)} in a schema")
    return node


def kind_of(root: Schema, node: Schema) -> str:
    """What a value of `node` is, in words: `string`, `list of strings`, `integer or string`."""
    node = resolved(root, node)
    if node.get("format") == "iam-policy":
        return "policy document"
    if "type" in node:
        types = [node["type"]] if isinstance(node["type"], str) else [one for one in node["type"] if one != "null"]
        return " or ".join(_named(root, node, one) for one in types)
    branches = [kind_of(root, one) for word in ("anyOf", "oneOf") for one in node.get(word, ())]
    kinds = [one for one in dict.fromkeys(branches) if one not in {"any", "null"}]
    if kinds:
        return " or ".join(kinds)
    return "string" if {"enum", "const", "pattern"} & node.keys() else "any"


def _named(root: Schema, node: Schema, name: str) -> str:
    if name == "array" and "items" in node:
        one = kind_of(root, node["items"])
        return "list of mappings" if one == "mapping" else f"list of {one}s"
    if name == "object" and "properties" not in node and isinstance(node.get("additionalProperties"), Mapping):
        return f"mapping of names to {kind_of(root, node['additionalProperties'])}s"
    return {"array": "list", "object": "mapping"}.get(name, name)


def facts(root: Schema, node: Schema, link: str) -> Iterator[str]:
    """What is to be said of a value beside its description, one sentence each; `link` leads to the page of `{kind}`."""
    node = resolved(root, node)
    if "default" in node:
        default = node["default"]
        yield "Default: not managed" if default is None else f"Default: `{json.dumps(default, ensure_ascii=False)}`"
    if "const" in node:
        yield f"Always `{json.dumps(node['const'])}`"
    yield from _allowed(root, node)
    yield from _limits(node)
    for one in (node, *_branches(node), *_members(root, node)):
        for kind, attribute in one.get("refersTo", {}).items():
            yield f"May be the address of a [{kind}]({link.format(kind=kind)}), which means its `{attribute}`"
    if node.get("insertionOrder") is False:
        yield "A set: its order means nothing"
    if node.get("format") == "iam-policy":
        yield "Compared by meaning: the order of statements and actions is no difference"


def _allowed(root: Schema, node: Schema) -> Iterator[str]:
    for one in (node, *_branches(node), *_members(root, node)):
        if "enum" in one:
            words = (f"`{value}`" if value not in ("", None) else "empty" for value in one["enum"])
            yield f"One of {', '.join(words)}"


def _limits(node: Schema) -> Iterator[str]:
    for low, high, form in LIMITS:
        if low in node and high in node:
            yield form.format(f"{node[low]:,}", f"{node[high]:,}").capitalize()
        elif low in node and (node[low] or low == "minimum"):
            yield f"At least {_counted(form, node[low])}"
        elif high in node:
            yield f"At most {_counted(form, node[high])}"


def _counted(form: str, number: int) -> str:
    return form.removeprefix("{} to ").format(f"{number:,}").removesuffix("s" if number == 1 else "")


def _branches(node: Schema) -> Iterator[Schema]:
    for word in ("anyOf", "oneOf"):
        yield from (one for one in node.get(word, ()) if "properties" not in one)


def _members(root: Schema, node: Schema) -> Iterator[Schema]:
    """The schema of the members of a list of plain values: what is said of each is said of the list."""
    if isinstance(node.get("items"), Mapping):
        members = resolved(root, node["items"])
        if "properties" not in members:
            yield members
            yield from _branches(members)


def nested(root: Schema, node: Schema, link: str, depth: int = 0) -> Iterator[str]:
    """Lines of a Markdown list with the members of a mapping, or of each member of a list, as deep as they go."""
    node = resolved(root, node)
    if depth > DEEPEST:
        raise ValueError("a schema is nested deeper than a page can show")
    inside = [node, *(one for word in ("anyOf", "oneOf") for one in node.get(word, ()))]
    for one in inside:
        for word in ("items", "additionalProperties"):
            if isinstance(one.get(word), Mapping):
                yield from nested(root, one[word], link, depth)
        for name, member in resolved(root, one).get("properties", {}).items():
            found = resolved(root, member)
            if not {"description", "type", "enum", "anyOf"} & found.keys():
                continue  # a condition on another member, as `if` has them
            indent, need = "    " * depth, ", **required**" if name in one.get("required", ()) else ""
            about = sentence(found.get("description", ""))
            yield f"{indent}- `{name}` ({kind_of(root, member)}{need}){f': {about}' if about else ''}"
            if extra := ". ".join(told(root, member, link)):
                yield f"{indent}  {extra}."
            yield from nested(root, member, link, depth + 1)


def told(root: Schema, node: Schema, link: str) -> list[str]:
    """The facts that the description does not tell: it has `Default: …` in words where the default is not managed."""
    about = resolved(root, node).get("description", "")
    return [fact for fact in facts(root, node, link) if fact != "Default: not managed" or "Default:" not in about]


def sentence(text: str) -> str:
    """`text` with a full stop, as schemas leave it out, and safe between Markdown's own signs."""
    text = text.replace("<", "&lt;") if "`" not in text else text
    return text if not text or text.endswith((".", "…", "?")) else f"{text}."


def conditions(schema: Schema) -> Iterator[str]:
    """What holds only if other fields say so, one sentence each, from `if`/`then` at the top of a kind's schema."""
    rules = [*schema.get("allOf", ()), *([schema] if "if" in schema else [])]
    for rule in rules:
        unexplained = rule.keys() - {"if", "then"} if rule is not schema else set()
        if unexplained:
            raise ValueError(f"the documentation says nothing of {sorted(unexplained)} in a condition")
        yield f"With {_when(rule['if'])}: {_then(rule['then'])}."


def _when(condition: Schema) -> str:
    parts = []
    for name, one in condition.get("properties", {}).items():
        values = one["enum"] if "enum" in one else [one["const"]]
        said = " or ".join("empty" if value == "" else f"`{value}`" for value in values)
        parts.append(f"`{name}` {said}")
    parts += [f"no `{name}`" for name in condition.get("not", {}).get("required", ())]
    if not parts or condition.keys() - {"properties", "required", "not"}:
        raise ValueError(f"the documentation cannot say when {condition} holds")
    return " and ".join(parts)


def _then(wanted: Schema) -> str:
    if "required" in wanted:
        return f"{_listed(wanted['required'])} must be written"
    parts = []
    for name, one in wanted["properties"].items():
        if "enum" in one:
            values = ", ".join("empty" if value == "" else f"`{value}`" for value in one["enum"])
            parts.append(f"`{name}` is one of {values}")
        elif one == {"maxItems": 0}:
            parts.append(f"`{name}` stays empty")
        else:
            raise ValueError(f"the documentation cannot say {one}")
    return " and ".join(parts)


def _listed(names: Any) -> str:
    return " and ".join(f"`{name}`" for name in names)
