"""Which plan it is, and the command that carries it out: the same in every format."""

import pytest
from render import plans

from mfinfra.render import origin

WHOLE = {"applyable": True, "integrity": {"plan_sha256": "ab" * 32}}


@pytest.mark.parametrize(
    ("parts", "command"),
    [
        ({}, f"mfinfra apply environments/prod.yaml --checksum {'ab' * 32}"),
        ({"options": {"destroy": True}}, "mfinfra apply PLAN"),
        ({"options": {"destroy": False, "adopt": ["bucket.x"], "target": []}}, "mfinfra apply PLAN"),
        ({"options": {"destroy": False, "adopt": [], "target": []}},
         f"mfinfra apply environments/prod.yaml --checksum {'ab' * 32}"),
        ({"source": plans.SOURCE | {"path": "a b;$(id).yaml"}},
         f"mfinfra apply 'a b;$(id).yaml' --checksum {'ab' * 32}"),
        ({"source": plans.SOURCE | {"path": "--yes"}}, "mfinfra apply PLAN"),
        ({"source": plans.SOURCE | {"path": "a\u202eb.yaml"}}, "mfinfra apply PLAN"),
        ({"source": plans.SOURCE | {"path": "x" * 300}}, "mfinfra apply PLAN"),
        ({"integrity": {}}, "mfinfra apply PLAN"),
        ({"applyable": False}, ""),
        ({"resource_changes": [plans.unchanged()]}, ""),
    ],
)  # fmt: skip
def test_the_command_that_applies_the_plan_can_be_copied(parts, command):
    assert origin.command({**plans.document(plans.created()), **WHOLE, **parts}) == command
