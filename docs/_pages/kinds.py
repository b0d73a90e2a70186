"""A page for each kind, from `schemas/<kind>.json` and the examples beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mfinfra import schemas

from . import fields

EXAMPLES = Path(__file__).parent.parent / "_examples"
LINK = "{kind}.md"
ALSO = ", ".join(f"`{name}`" for name in schemas.COMMON)


def pages() -> Iterator[tuple[str, str]]:
    """The path and the text of each page, the index first."""
    yield "kinds/index.md", _index()
    for kind in schemas.kinds():
        yield f"kinds/{kind}.md", page(kind)


def _index() -> str:
    holds = {kind: "yes" if schemas.traits(kind).holds_data else "" for kind in schemas.kinds()}
    rows = "\n".join(
        f"| [`{kind}`]({kind}.md) | {schemas.load(kind)['description']} | {held} |" for kind, held in holds.items()
    )
    return f"""\
# Kinds

Each kind of resource has a page: its fields with their defaults and limits, what a change of each does, and what others
may refer to. They are made from the same schemas that `mfinfra validate` and your editor check a file with.

Every kind also takes the [fields of all resources](#fields-of-all-resources). What is written is managed; what is left
out has the default, which is managed too; `null` is left as AWS has it.

| Kind | What it is | Holds data |
|---|---|---|
{rows}

What holds data is protected: it is deleted or replaced only with `protect: false` in the file and a flag that names it.
See [guards](../concepts/guards.md).

## Fields of all resources

{_fields(schemas.load("common"), {name: schemas.load("common")["$defs"][name] for name in schemas.COMMON}, (), ())}
"""


def page(kind: str) -> str:
    """The page of `kind`."""
    schema, traits = schemas.load(kind), schemas.traits(kind)
    own = {name: schema["properties"][name] for name in traits.fields}
    parts = [
        f"# {kind}",
        fields.sentence(schema["description"]),
        _holding(traits),
        "## Examples",
        _example(kind, "minimal", "The smallest"),
        _example(kind, "fuller", "With more of its fields"),
        "## Fields",
        _conditions(schema),
        _fields(schema, own, traits.required, traits.create_only),
        f"It also takes the [fields of all resources](index.md#fields-of-all-resources): {ALSO}.",
        "## Attributes",
        _attributes(kind, traits),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _holding(traits: schemas.Traits) -> str:
    if not traits.holds_data:
        return ""
    return (
        '!!! warning "It holds data"\n'
        f"    A `{traits.kind}` is protected by default. To delete or replace one takes `protect: false` in the file,\n"
        "    and `--allow-destroy` or `--allow-replace` with its address."
    )


def example(kind: str, section: str) -> str:
    """The part of `docs/_examples/<kind>.yaml` between the marks of `section`; raises `ValueError` without them."""
    text = (EXAMPLES / f"{kind}.yaml").read_text("utf-8")
    _, opened, rest = text.partition(f"# [{section}]\n")
    inside, closed, _ = rest.partition(f"# [/{section}]")
    if not (opened and closed):
        raise ValueError(f"docs/_examples/{kind}.yaml has no section {section}")
    return textwrap.dedent("\n".join(inside.splitlines()[: -1 if not inside.endswith("\n") else None])).strip("\n")


def _example(kind: str, section: str, title: str) -> str:
    body = textwrap.indent(f"{kind}:\n{textwrap.indent(example(kind, section), '  ')}", "  ")
    return f'```yaml title="{title}"\nresources:\n{body}\n```'


def _conditions(schema: Mapping[str, Any]) -> str:
    return "\n".join(f"- {one}" for one in fields.conditions(schema))


def _fields(schema: Mapping[str, Any], own: Mapping[str, Any], required: Any, replacing: Any) -> str:
    return "\n\n".join(_field(schema, name, node, name in required, name in replacing) for name, node in own.items())


def _field(schema: Mapping[str, Any], name: str, node: Any, required: bool, replaces: bool) -> str:
    found = fields.resolved(schema, node)
    badges = [f'<span class="fact">{fields.kind_of(schema, node)}</span>']
    if required:
        badges.append('<span class="fact required">required</span>')
    if replaces:
        badges.append('<span class="fact replaces">a change replaces the resource</span>')
    parts = [f"### `{name}` {{ #{name} }}", " ".join(badges), fields.sentence(found.get("description", ""))]
    parts.append("\n".join(f"- {one}" for one in fields.told(schema, node, LINK)))
    if inside := "\n".join(fields.nested(schema, node, LINK)):
        parts.append(f"Inside:\n\n{inside}")
    return "\n\n".join(part for part in parts if part)


def _attributes(kind: str, traits: schemas.Traits) -> str:
    name = {"job_queue": "default", "bucket": "datastore"}.get(kind, "name")
    rows = "\n".join(
        f"| `{attribute}` | {about['description']} | {f'`{value}`' if (value := about.get('value')) else ''} |"
        for attribute, about in traits.attributes.items()
    )
    first = next(iter(traits.attributes))
    return f"""\
What the text of other fields may ask for, as `${{{kind}.{name}.{first}}}`. Where a value is shown, it follows from the
file and is known in every plan.

| Attribute | What it is | Value |
|---|---|---|
{rows}"""
