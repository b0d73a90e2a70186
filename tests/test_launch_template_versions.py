"""A changed launch template reaches the instances in the same apply, by the number of its new version."""

from __future__ import annotations

import base64

import pytest
from stack import Stack, addresses, changed, environment, inventory, unprotected

from mfinfra import user_data
from mfinfra.carry import Carrier
from mfinfra.model import Call, Failed, Skipped

pytestmark = pytest.mark.slow
SCRIPT = "#!/bin/bash\necho hello\n"
NAME = "metaflow-gpu"


def resources(used="launch_template.gpu", name=NAME, template=True, **fields):
    """A compute environment with Batch's own role and a strategy that lets AWS replace instances in place."""
    found = {
        "role": {"instance": {"name": "metaflow-instance", "preset": "ecs_instance"}},
        "compute_environment": {
            "gpu": {
                "name": "metaflow-gpu",
                "type": "EC2",
                "allocation_strategy": "BEST_FIT_PROGRESSIVE",
                "instance_role": "role.instance",
                "subnets": ["subnet-0000000000000000a"],
                "security_groups": ["sg-00000000000000001"],
                **({"launch_template": used} if used else {}),
            }
        },
    }
    made = {"launch_template": {"gpu": {"name": name, "user_data": SCRIPT, **fields}}} if template else {}
    return unprotected({**found, **made})


def file(**fields):
    return environment(resources(**fields))


def used(stack):
    [row] = stack.client("batch").describe_compute_environments()["computeEnvironments"]
    return (row.get("computeResources") or {}).get("launchTemplate")


def versions(stack, name=NAME):
    answer = stack.client("ec2").describe_launch_template_versions(LaunchTemplateName=name)
    return {row["VersionNumber"]: row["LaunchTemplateData"] for row in answer["LaunchTemplateVersions"]}


def default(stack):
    return stack.client("ec2").describe_launch_templates()["LaunchTemplates"][0]["DefaultVersionNumber"]


def step_of(reviewed, kind):
    return next(step for step in reviewed.plan.steps if step.address.kind == kind)


def test_a_changed_template_is_a_new_version_and_an_infrastructure_update_in_one_apply(stack):
    stack.apply(file())
    assert used(stack) == {"launchTemplateName": NAME, "version": "1"}
    assert base64.b64decode(versions(stack)[1]["UserData"]).decode() == user_data.document(SCRIPT)

    reviewed = stack.plan(file(root_volume_gib=500))
    assert changed(reviewed) == {
        "compute_environment.gpu": ["launch_template"],
        "launch_template.gpu": ["root_volume_gib"],
    }
    step = step_of(reviewed, "compute_environment")
    assert step.action.value == "update"
    assert step.because.startswith("infrastructure update in place")
    assert [(change.before, change.after) for change in step.changes] == [(f"{NAME}:1", f"{NAME}:2")]

    stack.carry_out(reviewed)
    assert used(stack) == {"launchTemplateName": NAME, "version": "2"}
    assert (sorted(versions(stack)), default(stack)) == ([1, 2], 2)
    assert changed(stack.plan(file(root_volume_gib=500))) == {}


def test_an_untouched_template_is_a_quiet_plan_and_a_tag_makes_no_version(stack):
    stack.apply(file())
    before = len(stack.writes())
    assert changed(stack.plan(file())) == {}
    stack.carry_out(stack.plan(file(tags={"team": "ml"})))
    assert stack.writes()[before:] == ["ec2.CreateTags"]
    assert changed(stack.plan(file(tags={"team": "ml"}))) == {}


FORMS = {
    "address": "launch_template.gpu",
    "name": {"name": "launch_template.gpu", "version": "${launch_template.gpu.version}"},
    "id": {"id": "launch_template.gpu", "version": "${launch_template.gpu.version}"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_way_to_write_the_number_follows_the_template(stack, form):
    stack.apply(file(used=form))
    stack.apply(file(used=form, hop_limit=3))
    assert used(stack)["version"] == "2"
    assert changed(stack.plan(file(used=form, hop_limit=3))) == {}


def test_a_default_that_somebody_moved_is_put_back_and_their_version_stays(stack):
    stack.apply(file())
    ec2 = stack.client("ec2")
    ec2.create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData={"EbsOptimized": True})
    assert changed(stack.plan(file())) == {}
    ec2.modify_launch_template(LaunchTemplateName=NAME, DefaultVersion="2")
    stack.apply(file())
    assert (sorted(versions(stack)), default(stack)) == ([1, 2, 3], 3)
    assert versions(stack)[3]["EbsOptimized"] is True
    assert used(stack)["version"] == "3"
    assert changed(stack.plan(file())) == {}


def cut_short(monkeypatch, operation):
    """Let a run end with the first call of `operation`, before it is sent."""
    send = Carrier.call

    def call(self, each: Call):
        if each.operation == operation:
            raise RuntimeError("killed")
        send(self, each)

    monkeypatch.setattr(Carrier, "call", call)


def test_promise_3_a_version_that_a_killed_run_left_is_used_and_not_made_again(stack, monkeypatch):
    stack.apply(file())
    with monkeypatch.context() as patched:
        cut_short(patched, "ModifyLaunchTemplate")
        events = list(stack.plan(file(hop_limit=3)).apply().events())
    ended = [(type(event), str(event.address)) for event in events if isinstance(event, (Failed, Skipped))]
    assert ended == [(Failed, "launch_template.gpu"), (Skipped, "compute_environment.gpu")]
    assert (sorted(versions(stack)), default(stack), used(stack)["version"]) == ([1, 2], 1, "1")

    before = len(stack.writes())
    stack.apply(file(hop_limit=3))
    assert stack.writes()[before:][:2] == ["ec2.ModifyLaunchTemplate", "ec2.CreateTags"]
    assert (sorted(versions(stack)), default(stack), used(stack)["version"]) == ([1, 2], 2, "2")
    assert changed(stack.plan(file(hop_limit=3))) == {}


def test_a_version_that_somebody_makes_meanwhile_stops_the_run_before_instances_change(stack):
    stack.apply(file())
    reviewed = stack.plan(file(hop_limit=3))
    stack.client("ec2").create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData={"ImageId": "ami-1"})
    events = list(reviewed.apply().events())
    [failed] = [event for event in events if isinstance(event, Failed)]
    assert "somebody else has made version 2" in str(failed.error)
    assert (default(stack), used(stack)["version"]) == (1, "1")

    stack.apply(file(hop_limit=3))
    assert (sorted(versions(stack)), default(stack), used(stack)["version"]) == ([1, 2, 3], 3, "3")
    assert changed(stack.plan(file(hop_limit=3))) == {}


def test_another_name_moves_the_environment_over_before_the_old_template_goes(stack):
    stack.apply(file())
    stack.apply(file(name="metaflow-other"))
    assert used(stack) == {"launchTemplateName": "metaflow-other", "version": "1"}
    assert inventory(stack)["templates"] == ["metaflow-other"]
    assert changed(stack.plan(file(name="metaflow-other"))) == {}


def test_a_template_that_left_the_file_is_deleted_after_the_environment_let_go_of_it(stack):
    stack.apply(file())
    before = len(stack.writes())
    stack.apply(file(used=None, template=False), max_deletes=1)
    writes = stack.writes()[before:]
    assert writes.index("batch.UpdateComputeEnvironment") < writes.index("ec2.DeleteLaunchTemplate")
    assert (used(stack), inventory(stack)["templates"]) == (None, [])


def test_everything_is_destroyed_the_environment_first(stack):
    before = inventory(stack)
    stack.apply(file())
    stack.apply(file(), destroy=True, allow_destroy=addresses(resources()))
    writes = stack.writes()
    assert writes.index("batch.DeleteComputeEnvironment") < writes.index("ec2.DeleteLaunchTemplate")
    assert inventory(stack) == before


def test_what_ec2_and_batch_tell_late_only_takes_longer(embedded, tmp_path):
    embedded.reset(transition_polls=1, late_by=2)
    late = Stack(embedded, tmp_path)
    late.apply(file())
    late.apply(file(hop_limit=3))
    assert (sorted(versions(late)), default(late), used(late)["version"]) == ([1, 2], 2, "2")
    late.apply(file(hop_limit=4))
    assert (sorted(versions(late)), default(late), used(late)["version"]) == ([1, 2, 3], 3, "3")
    assert changed(late.plan(file(hop_limit=4))) == {}


def test_a_template_of_nobody_is_taken_over_with_what_it_says_besides(stack):
    stack.client("ec2").create_launch_template(
        LaunchTemplateName=NAME, LaunchTemplateData={"EbsOptimized": True, "SecurityGroupIds": ["sg-00000000000000001"]}
    )
    stack.apply(file(), adopt=frozenset({"launch_template.gpu"}))
    said = versions(stack)[2]
    assert (said["EbsOptimized"], said["SecurityGroupIds"]) == (True, ["sg-00000000000000001"])
    assert used(stack)["version"] == "2"
    assert changed(stack.plan(file())) == {}


def test_promise_3_a_template_that_ec2_does_not_know_yet_where_it_is_deleted_goes_all_the_same(stack):
    stack.server.reset(late_by=3)
    mine = {"launch_template": resources()["launch_template"]}
    stack.apply(environment(mine))
    stack.apply(environment(mine), destroy=True, allow_destroy=addresses(mine))
    assert stack.writes().count("ec2.DeleteLaunchTemplate") == 2
    assert inventory(stack)["templates"] == []
