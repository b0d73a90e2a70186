"""What accounts really have: each is imported into its least words, and adopted without any change."""

from __future__ import annotations

import re

import pytest
import yaml
from stack import Stack
from variations import ROLES, STORES
from variations_of_computation import COMPUTATION, LIST, prepared
from whole_life import adopted, adopts_only, from_flags

pytestmark = pytest.mark.slow
VARIATIONS = (*STORES, *ROLES, *COMPUTATION)
CALLED = {"name", "vpc", "service", "alias"}


@pytest.fixture(scope="module")
def account(embedded, tmp_path_factory):
    """One account that has them all, with what leads to each."""
    embedded.reset(transition_polls=0)
    stack = Stack(embedded, tmp_path_factory.mktemp("account"))
    prepared(stack)
    return stack, {variation.name: variation.made(stack) for variation in VARIATIONS}


@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda one: one.name)
def test_what_stands_in_accounts_is_adopted_as_it_is(account, variation):
    stack, flags = account
    flag = flags[variation.name]
    imported = from_flags(stack, resource=(flag,))
    adopts_only(stack, imported)
    kind = flag.partition("=")[0]
    address = next(address for address in imported.found if address.kind == kind)
    text = re.sub(r"pl-[0-9a-f]+", LIST, imported.text)
    said = yaml.safe_load(text)["resources"][kind][address.name]
    assert {field: value for field, value in said.items() if field not in CALLED} == variation.says


def test_all_of_it_is_one_file_s(account):
    stack, flags = account
    imported = from_flags(stack, resource=tuple(flags.values()))
    assert len(imported.found) >= len(VARIATIONS)
    adopted(stack, imported)
