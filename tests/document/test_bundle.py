from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry

from mfinfra import schemas
from mfinfra.document import bundle

PRODUCTION = Path(__file__).with_name("files") / "production.yaml"


def editor(schema):
    return Draft202012Validator(schema, registry=Registry())


def test_the_schema_for_editors_is_up_to_date():
    written = (schemas.folder() / "environment.json").read_text("utf-8")
    assert written == bundle.text(), "a schema has changed: run `python -m mfinfra.document`"


def test_the_hand_written_part_lists_no_kind():
    text = json.dumps(bundle.source()["properties"]["resources"])
    assert not [kind for kind in schemas.kinds() if f'"{kind}"' in text]


def test_every_kind_is_in_the_bundle_by_being_there():
    assert tuple(bundle.bundled()["properties"]["resources"]["properties"]) == schemas.kinds()


@pytest.mark.parametrize("kind", [None, *schemas.kinds()])
def test_every_bundle_is_a_schema_in_which_every_reference_resolves(kind):
    schema = bundle.bundled(kind)
    Draft202012Validator.check_schema(schema)
    found = list(references(schema))
    assert found
    for reference in found:
        node = schema
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    assert not editor(schema).is_valid([])


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_an_unknown_kind_is_a_key_error():
    with pytest.raises(KeyError):
        bundle.bundled("lambda")


def test_an_editor_accepts_what_the_tool_accepts():
    document = yaml.safe_load(PRODUCTION.read_text("utf-8"))
    editor(bundle.bundled()).validate(document)
    assert not editor(bundle.composed()).is_valid(document), "the strict form should not know `${account}` in a name"


def test_an_editor_accepts_null_and_references_and_refuses_typos():
    check = editor(bundle.bundled("log_group"))
    check.validate({"name": "x", "retention_days": None, "tags": None, "class": None, "key": "${account}"})
    for wrong in ({"name": None}, {"name": "x", "classs": "STANDARD"}, {"name": "x", "class": "standard"}, {}):
        with pytest.raises(jsonschema.ValidationError):
            check.validate(wrong)


def test_every_field_outside_of_resources_is_described():
    def walk(node, path):
        for name, part in node.get("properties", {}).items():
            if "$ref" not in part:
                assert part.get("description"), (*path, name)
            yield from walk(part, (*path, name))
            yield name
        for part in node.get("anyOf", ()):
            yield from walk(part, path)

    assert len(list(walk(bundle.source(), ()))) > 40
