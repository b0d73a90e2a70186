"""What accounts really have: each is imported into its least words, and adopted without any change."""

from __future__ import annotations

import re

import pytest
import yaml
from making import computing, each_other, prepared, queue, table
from stack import ACCOUNT, Stack
from variations import ROLES, STORES
from variations_of_computation import COMPUTATION, IMAGE, LIST
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


def test_an_environment_that_batch_does_not_manage_stays_with_its_owner_and_its_queue_names_it(account):
    stack, _ = account
    batch = stack.client("batch")
    role = f"arn:aws:iam::{ACCOUNT}:role/v-batch"
    batch.create_compute_environment(computeEnvironmentName="v-unmanaged", type="UNMANAGED", serviceRole=role)
    batch.describe_compute_environments(computeEnvironments=["v-unmanaged"])
    imported = from_flags(stack, resource=(queue("v-stranger", "v-unmanaged", priority=1)(stack),))
    assert "job_queue.v-stranger" in {str(address) for address in imported.found}
    assert not any(address.kind == "compute_environment" for address in imported.found)
    said = yaml.safe_load(imported.text)["resources"]["job_queue"]["v-stranger"]
    assert said["compute_environments"] == ["v-unmanaged"]
    assert [one.why for one in imported.unmodelled if "v-unmanaged" in one.what] == [
        "`UNMANAGED` is not one of `EC2`, `SPOT`, `FARGATE`, `FARGATE_SPOT`"
    ]
    adopts_only(stack, imported)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (table("v-class", TableClass="STANDARD_INFREQUENT_ACCESS"), "the class of `table.v-class`"),
        (
            computing(
                "v-own-image",
                type="EC2",
                instanceTypes=["optimal"],
                ec2Configuration=[{"imageType": "ECS_AL2", "imageIdOverride": IMAGE}],
            ),
            "the image of its own of `compute_environment.v-own-image`",
        ),
    ],
    ids=["a table's class", "an environment's image"],
)
def test_what_no_field_says_is_told_and_stays(account, made, said):
    stack, _ = account
    imported = from_flags(stack, resource=(made(stack),))
    assert said in {one.what for one in imported.unmodelled}
    adopts_only(stack, imported)


def test_of_groups_that_let_each_other_in_one_names_the_other_by_its_id(account):
    stack, _ = account
    imported = from_flags(stack, resource=(each_other(stack),))
    adopts_only(stack, imported)
    ids = {str(address): one.observed.physical_id for address, one in imported.found.items()}
    said = yaml.safe_load(imported.text)["resources"]["security_group"]
    rules = {name: spec["ingress"] for name, spec in said.items()}
    assert rules == {
        "v-one": [{"protocol": "tcp", "port": 443, "security_group": ids["security_group.v-other-one"]}],
        "v-other-one": [{"protocol": "tcp", "port": 443, "security_group": "security_group.v-one"}],
    }


def test_all_of_it_is_one_file_s(account):
    """The last one: from here on it is ours."""
    stack, flags = account
    imported = from_flags(stack, resource=tuple(flags.values()))
    assert len(imported.found) >= len(VARIATIONS)
    adopted(stack, imported)
