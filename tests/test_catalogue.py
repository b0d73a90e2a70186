"""Rules that every kind keeps; a new kind is checked without an edit here."""

from __future__ import annotations

from pathlib import Path

import golden
import pytest

from mfinfra import catalogue, schemas
from mfinfra.drivers._declared import Kind

ROOT = Path(__file__).parent.parent
KINDS = catalogue.kinds()
each_kind = pytest.mark.parametrize("kind", KINDS)


def own_properties(kind):
    return {name: prop for name, prop in schemas.load(kind)["properties"].items() if name not in schemas.COMMON}


def test_every_schema_has_a_driver_and_every_driver_a_schema_and_golden_cases():
    assert set(schemas.kinds()) == set(KINDS) == {path.stem for path in golden.HERE.glob("*.yaml")}


@each_kind
def test_a_schema_is_closed_and_takes_what_every_resource_takes(kind):
    schema = schemas.load(kind)
    assert schema["additionalProperties"] is False
    assert set(schemas.COMMON) <= set(schema["properties"])


@each_kind
def test_every_object_inside_a_schema_is_closed(kind):
    schema = schemas.load(kind)
    for path, node in schemas._walk(schema, schema, ()):
        if "properties" in node:
            assert node.get("additionalProperties") is False or node.get("format") == "iam-policy", path


@each_kind
def test_every_property_is_described(kind):
    schema = schemas.load(kind)
    for path, node in schemas._walk(schema, schema, ()):
        if path and path[-1] != "*" and "$ref" not in node and path[-1] in str(node.get("title", path[-1])):
            assert any(
                place == path and other.get("description") for place, other in schemas._walk(schema, schema, ())
            ), path


@each_kind
def test_every_property_is_required_or_has_a_default(kind):
    schema = schemas.load(kind)
    for name, prop in own_properties(kind).items():
        assert name in schema["required"] or "default" in prop, name


@each_kind
def test_a_default_of_null_says_not_managed(kind):
    for name, prop in own_properties(kind).items():
        if "default" in prop and prop["default"] is None:
            assert "not managed" in prop["description"].lower(), name


@each_kind
def test_every_property_belongs_to_exactly_one_part_or_to_us(kind):
    driver = catalogue.driver(kind)
    assert isinstance(driver, Kind)
    owned = [name for part in driver.parts for name in part.fields] + list(driver.local)
    assert sorted(owned) == sorted(own_properties(kind))


@each_kind
def test_a_part_has_no_way_to_write_exactly_when_all_its_fields_are_create_only(kind):
    driver = catalogue.driver(kind)
    create_only = schemas.traits(kind).create_only
    for part in driver.parts:
        assert (part.write is None) == (set(part.fields) <= create_only), part.fields


@each_kind
def test_every_kind_has_golden_cases_for_create_update_no_op_and_delete(kind):
    actions = {case["action"] for case in golden.sheet(kind)["cases"]}
    assert {"create", "update", "no-op", "delete"} <= actions


@each_kind
def test_every_field_that_can_change_has_another_value_to_be_tried_with(kind):
    sheet = golden.sheet(kind)
    driver = catalogue.driver(kind)
    tried = {field for section in ("variations", "replacing", "untried") for field in sheet.get(section, {})}
    assert set(own_properties(kind)) - set(driver.local) <= tried


@each_kind
def test_the_attributes_that_others_may_refer_to_are_those_that_a_golden_observation_has(kind):
    promised = set(schemas.traits(kind).attributes)
    for case in golden.sheet(kind)["cases"]:
        if case["action"] == "no-op":
            observed = golden.observe(golden.resource_of(kind, case), golden.unfold(case["answers"], kind))
            assert set(observed.outputs) == promised


def test_a_kind_is_three_files_and_no_other_file_of_the_package_names_it():
    """Presets and lint rules know Metaflow's kinds by name; the engine knows none."""
    engine = [
        path
        for pattern in ("*.py", "planning/*.py", "aws/*.py", "render/*.py", "cli/*.py")
        for path in (ROOT / "mfinfra").glob(pattern)
    ]
    for kind in KINDS:
        if kind not in {"bucket", "role", "endpoint", "key", "secret"}:  # words that mean other things, too
            for path in engine:
                assert f'"{kind}"' not in path.read_text("utf-8"), f"{path} names {kind}"
