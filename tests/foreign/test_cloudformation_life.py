"""The official template's resources: imported, refused, handed over, adopted, changed, and destroyed as if ours."""

from __future__ import annotations

import pytest
import yaml
from cloudformation_stack import NAME, SCOPE, Reading, begun, handed_over, made
from stack import changed, inventory

from mfinfra import ownership
from mfinfra.importing import importing
from mfinfra.model import Action, Address

pytestmark = pytest.mark.slow
HINT = "`mfinfra import - --from-cloudformation metaflow` prints the steps"
ALL = frozenset({"all"})


def steps(reviewed):
    return [step for step in reviewed.plan.steps if step.action is not Action.NOOP]


def test_a_foreign_stack_s_whole_life(stack, tmp_path):
    id_ = made(stack)
    start = begun(stack, folder=tmp_path)
    imported = importing(stack.connect(Reading), SCOPE, [start])
    environment = yaml.safe_load(imported.text)
    assert len(imported.found) == 16
    assert imported.handover == start.handover, "each step as often as it has to be done, and nothing said twice"
    again = importing(stack.connect(Reading), SCOPE, [start, begun(stack, id_, folder=tmp_path)])
    assert again.handover == start.handover

    # Before the hand-over nothing is taken from the stack, and each refusal says how it goes.
    before = steps(stack.plan(environment, adopt=ALL))
    assert len(before) == 16
    for step in before:
        assert [block.code for block in step.blocks] == ["MF4102"]
        assert f"the CloudFormation stack `{NAME}`" in step.blocks[0].message
        assert HINT in step.blocks[0].hint

    # After it, adopting is all there is to do; tags, and nothing else.
    handed_over(stack, start.handover)
    adopting = stack.plan(environment, adopt=ALL)
    assert {step.action for step in steps(adopting)} == {Action.ADOPT}
    assert {change.path[0] for step in steps(adopting) for change in step.changes} == {"tags"}
    assert [step.blocks for step in steps(adopting)] == [()] * 16
    stack.carry_out(adopting)
    assert steps(stack.plan(environment)) == []

    # A real change, as of anything of our own.
    resources = environment["resources"]
    resources["job_queue"]["job-queue"]["priority"] = 7
    resources["compute_environment"]["compute-environment"]["max_vcpus"] = 128
    resources["bucket"]["metaflow-s3-bucket"]["versioning"] = True
    reviewed = stack.plan(environment)
    assert changed(reviewed) == {
        "job_queue.job-queue": ["priority"],
        "compute_environment.compute-environment": ["max_vcpus"],
        "bucket.metaflow-s3-bucket": ["versioning"],
    }
    stack.carry_out(reviewed)
    assert steps(stack.plan(environment)) == []

    # What holds data stays, and so does what the rest of the stack still uses.
    stays = {"bucket", "table", "secret", "log_group", "security_group"}
    spared = frozenset(f"{kind}.{name}" for kind in stays for name in resources.get(kind, ()))
    there = inventory(stack)
    stack.carry_out(stack.plan(environment, destroy=True, exclude=spared, max_deletes=20, allow_disruption=True))
    left = inventory(stack)
    assert (left["environments"], left["queues"], left["roles"]) == ([], [], [])
    kept = ("buckets", "tables", "secrets", "logs", "groups", "profiles")
    assert {name: left[name] for name in kept} == {name: there[name] for name in kept}
    assert (
        stack.client("cloudformation").describe_stacks(StackName=id_)["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
    )


def test_what_carries_our_tags_and_is_held_by_a_stack_is_the_stack_s(stack, tmp_path):
    """Our own tags beside those of a stack that holds it: promise 5 goes before."""
    made(stack)
    start = begun(stack, folder=tmp_path)
    imported = importing(stack.connect(Reading), SCOPE, [start])
    whole = yaml.safe_load(imported.text)
    environment = {**whole, "resources": {"log_group": whole["resources"]["log_group"]}}
    environment.pop("metaflow", None)
    name = environment["resources"]["log_group"]["service-log-group"]["name"]
    arn = SCOPE.arn("logs", f"log-group:{name}")
    marks = ownership.tags(SCOPE, Address("log_group", "service-log-group"))
    stack.client("logs").tag_resource(resourceArn=arn, tags=marks)

    (step,) = steps(stack.plan(environment, adopt=ALL))
    assert [block.code for block in step.blocks] == ["MF4102"]
    assert steps(stack.plan({**environment, "resources": {}}, destroy=True)) == []
