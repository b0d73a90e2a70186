"""Environments made from fragments, and what becomes of a role in them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mfinfra import schemas
from mfinfra.errors import InvalidDocument
from mfinfra.metaflow.presets import expand, policy_name
from mfinfra.model import Access, Address, Environment, Mark, Resource, Scope, Source

SHEET = yaml.safe_load((Path(__file__).parent / "presets.yaml").read_text("utf-8"))
EVERYTHING = next(case["with"] for case in SHEET["cases"] if "everything" in case["name"])
UNWRITTEN = schemas.complete("role", {})


def merged(base, over):
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    both = {**base, **{key: merged(base[key], item) if key in base else item for key, item in over.items()}}
    return {key: item for key, item in both.items() if item is not None}


def environment(fragment=None, *, role=None, region="us-east-1"):
    sheet = merged(SHEET["base"], fragment or {})
    scope = Scope("prod", "123456789012", region)
    resources = {}
    for kind, named in {**sheet.get("resources", {})}.items():
        for name, spec in named.items():
            address = Address(kind, name)
            resources[address] = Resource(address, {**UNWRITTEN, **spec} if kind == "role" else spec, scope)
    if role:
        address = Address("role", "it")
        spec = {"name": "It", **UNWRITTEN, **role}
        resources[address] = Resource(address, spec, scope, mark=Mark("prod.yaml", 7, 3))
    return Environment(scope, resources, {}, sheet.get("metaflow", {}), Access(), Source("prod.yaml", ""))


def expanded(fragment=None, *, region="us-east-1", **role):
    return expand(environment(fragment, role=role, region=region)).resources[Address("role", "it")].spec


def statements(fragment=None, *, region="us-east-1", **role):
    spec = expanded(fragment, region=region, **role)
    return spec["policies"].get(policy_name(role["preset"]), {"Statement": []})["Statement"]


def problems(fragment=None, **role):
    with pytest.raises(InvalidDocument) as caught:
        expanded(fragment, **role)
    return caught.value.problems


def several(value):
    return value if isinstance(value, list) else [value]
