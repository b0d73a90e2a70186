"""The partition of a region, against the tables that botocore brings along."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session

from mfinfra.model import Scope


def tables(name: str) -> list[dict[str, Any]]:
    return get_session().get_component("data_loader").load_data(name)["partitions"]


def regions() -> list[tuple[str, str, str]]:
    """Region, partition and DNS suffix of all that botocore knows; its `…-global` are no regions."""
    found = {(region, row["partition"], row["dnsSuffix"]) for row in tables("endpoints") for region in row["regions"]}
    found |= {
        (region, row["id"], row["outputs"]["dnsSuffix"])
        for row in tables("partitions")
        for region in row["regions"]
        if not region.endswith("-global")
    }
    return sorted(found)


@pytest.mark.parametrize(("region", "partition", "suffix"), regions())
def test_a_region_is_in_the_partition_that_botocore_has_it_in(region, partition, suffix):
    scope = Scope("prod", "123456789012", region)

    assert (scope.partition, scope.dns_suffix) == (partition, suffix)
    assert scope.arn("batch", "job-queue/q") == f"arn:{partition}:batch:{region}:123456789012:job-queue/q"


def test_every_partition_that_botocore_knows_is_compared():
    assert {partition for _, partition, _ in regions()} == {row["id"] for row in tables("partitions")}
