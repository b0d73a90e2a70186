"""What stands beside what: what is left behind keeps its identity, and takes the file's word on how it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import Address, Resource, Scope
from mfinfra.planning import beside

SCOPE = Scope("test", "123456789012", "us-east-1")


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_what_is_left_behind_can_still_be_asked_for_by_what_aws_calls_it(kind):
    """Some go by an id that is no field of the file."""
    at = Address(kind, "main")
    declared = Resource(at, schemas.complete(kind, {"name": "main"}), SCOPE, ownership.tags(SCOPE, at))
    identity = {"id": "x-1", "name": "old"}
    left = Resource(at, {**dict.fromkeys(declared.spec), **identity}, SCOPE, leftover=True)
    whole = beside.with_local(left, declared)

    assert {name: whole.spec[name] for name in identity} == identity
    assert whole.leftover


def test_what_is_left_behind_goes_as_the_file_says_of_its_address():
    at = Address("bucket", "data")
    spec = schemas.complete("bucket", {"name": "new", "force_destroy": True})
    left = replace(Resource(at, {**dict.fromkeys(spec), "name": "old"}, SCOPE), leftover=True)

    whole = beside.with_local(left, Resource(at, spec, SCOPE))
    assert (whole.spec["name"], whole.spec["force_destroy"]) == ("old", True)
