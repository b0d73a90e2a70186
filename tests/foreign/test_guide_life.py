"""What Metaflow's guide for AWS has people make: imported by its own configuration, and lived with as if ours."""

from __future__ import annotations

import pytest
from guide_stack import GUIDE, PRESUPPOSED, SETTINGS, typed
from stack import inventory
from whole_life import adopted, altered, destroyed, forgotten, from_settings, precedes

pytestmark = pytest.mark.slow
CHANGES = {
    "compute_environment.metaflow-compute-env": {"max_vcpus": 64},
    "log_group.step-functions": {"retention_days": 14},
    "role.events": {
        "policies": {
            "start": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "states:StartExecution",
                        "Resource": "arn:aws:states:us-east-1:123456789012:stateMachine:prod*",
                    }
                ],
            }
        }
    },
}
PROTECTED = {"bucket.datastore", "table.foreach", "log_group.step-functions"}


def test_a_flag_of_the_guide_s_that_the_command_refuses_is_why_expiry_has_a_line_of_its_own(stack):
    line = next(line for line in GUIDE if "create-table" in line)
    with pytest.raises(AssertionError, match="Unknown options: --time-to-live-specification"):
        typed(stack, (f"{line} --time-to-live-specification Enabled=true,AttributeName=ttl",))


def test_the_guide_s_stack_lives_as_if_it_were_ours(stack):
    typed(stack, (*PRESUPPOSED, *GUIDE))
    imported = from_settings(stack, SETTINGS)
    assert len(imported.found) == 14
    assert imported.handover == ()
    environment = adopted(stack, imported)
    environment = altered(stack, environment, CHANGES)
    environment = forgotten(stack, environment, "repository.images")

    before = inventory(stack)
    went = destroyed(stack, environment, PROTECTED)
    assert precedes(went, "job_queue.default", "compute_environment.metaflow-compute-env", "role.batch-service")
    assert went.index("compute_environment.metaflow-compute-env") < went.index("role.instance")
    kept = ("buckets", "tables", "logs", "repositories", "groups")
    assert inventory(stack) == {key: before[key] if key in kept else [] for key in before}
