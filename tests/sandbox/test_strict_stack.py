"""Everything that Metaflow can use, against a Batch and an IAM that are as late as AWS: up in one apply, and down."""

from pathlib import Path

import pytest
import yaml
from stack import addresses, changed, inventory, unprotected

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parents[2] / "environments" / "sandbox.yaml"


def linked():
    """The file that users begin with: Batch has its own role."""
    return yaml.safe_load(SANDBOX.read_text("utf-8"))


def of_the_guide():
    """The same with a service role of our own, which is made in the same apply and is young then."""
    body = linked()
    body["resources"]["role"]["service"] = {"name": "aws-batch-service-role", "preset": "batch_service"}
    body["resources"]["compute_environment"]["cpu"]["service_role"] = "role.service"
    return body


@pytest.mark.parametrize("environment", [linked(), of_the_guide()], ids=["Batch's own role", "a role of ours"])
def test_the_guides_stack_is_made_in_one_apply_and_destroyed_in_one(stack, environment):
    stack.server.reset(transition_polls=2, late_by=3)
    before = inventory(stack)
    stack.apply(environment)
    nudges = stack.operations.count("batch.UpdateComputeEnvironment")
    assert nudges, "the roles were never young: the sandbox is not strict"
    assert changed(stack.plan(environment)) == {}
    environment["resources"] = unprotected(environment["resources"])
    stack.apply(environment)
    stack.apply(environment, destroy=True, max_deletes=99, allow_destroy=addresses(environment["resources"]))
    assert inventory(stack) == before
