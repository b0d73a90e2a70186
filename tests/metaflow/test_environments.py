"""The example files: what they promise to who copies them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mfinfra import document, policy_lint
from mfinfra.metaflow.presets import expand
from mfinfra.sandbox import network

FOLDER = Path(__file__).parents[2] / "environments"
FILES = sorted(FOLDER.glob("*.yaml"))
NETWORK = {value for name, value in vars(network).items() if name.isupper() and isinstance(value, str)}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_the_examples_are_there():
    names = {"sandbox", "ec2", "spot", "fargate", "gpu", "private-vpc", "base", "staging", "production", "encrypted"}
    assert {path.stem for path in FILES} == names


def test_an_editor_finds_the_schema(path):
    first, rest = path.read_text("utf-8").split("\n", 1)
    assert first == "# yaml-language-server: $schema=../schemas/environment.json"
    assert rest.startswith("#\n# ")


def test_lines_are_short_and_partitions_are_left_out(path):
    text = path.read_text("utf-8")
    assert max(map(len, text.splitlines())) <= 120
    assert "arn:aws" not in text


def test_the_network_is_that_of_the_sandbox(path):
    ids = set(re.findall(r"\b(?:vpc|subnet|rtb|sg|igw)-[0-9a-f]{8,}\b", path.read_text("utf-8")))
    assert ids <= NETWORK


def test_only_the_sandbox_example_is_bound_to_the_sandbox(path):
    sheet = yaml.safe_load(path.read_text("utf-8"))
    assert (sheet["account"], sheet["region"]) == (network.ACCOUNT_ID, network.REGION)
    assert sheet.get("aws") == ({"endpoint": "sandbox"} if path.stem == "sandbox" else None)


def test_every_compute_environment_can_be_updated_in_place(path):
    sheet = yaml.safe_load(path.read_text("utf-8"))
    for spec in sheet["resources"].get("compute_environment", {}).values():
        assert not {"service_role", "spot_fleet_role"} & spec.keys()
        assert spec.get("allocation_strategy") != "BEST_FIT"


def test_every_role_of_an_example_is_spelled_out_and_sound(path):
    reading = document.read(path)
    assert reading.warnings == ()
    roles = [item for item in expand(reading.environment).resources.values() if item.kind == "role"]
    assert roles
    for role in roles:
        assert role.spec["preset"], "an example writes no policy by hand"
        assert policy_lint.problems(role.spec["trust"], kind="trust") == []
        assert role.spec["policies"] or role.spec["managed_policies"]
        for text in role.spec["policies"].values():
            assert policy_lint.problems(text, kind="identity") == []


@pytest.mark.parametrize("name", ["staging", "production"])
def test_an_environment_and_its_base_can_live_in_one_account(name):
    base = document.read(FOLDER / "base.yaml").environment
    above = document.read(FOLDER / f"{name}.yaml").environment
    assert above.resources.keys() >= base.resources.keys()
    names = [{item.spec["name"] for item in found.resources.values()} for found in (base, above)]
    assert not names[0] & names[1]
