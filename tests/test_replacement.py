"""Promise 7: whatever changes about a compute environment, no job is refused and none is lost.

https://docs.aws.amazon.com/batch/latest/userguide/blue-green-updates.html
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from stack import Stack, changed, environment, inventory

from mfinfra.aws.session import Aws
from mfinfra.model import Action, Failed, Skipped
from mfinfra.planning.gate import Allowed
from mfinfra.sandbox.corrections.batch import jobs, work

pytestmark = pytest.mark.slow
SUBNET = "subnet-0000000000000000a"
FARGATE = {
    "name": "cpu", "type": "FARGATE", "max_vcpus": 64, "subnets": [SUBNET],
    "security_groups": ["security_group.batch"],
}  # fmt: skip
EC2 = {**FARGATE, "type": "EC2", "instance_role": "role.instance", "allocation_strategy": "BEST_FIT"}
ROLES = {
    "instance": {"name": "instance", "preset": "ecs_instance"},
    "service": {"name": "service", "preset": "batch_service"},
}
BASE = {
    "security_group": {"batch": {"name": "batch", "vpc": "vpc-00000000000000001"}},
    "role": ROLES,
    "compute_environment": {"cpu": EC2},
    "job_queue": {
        "line": {"name": "line", "compute_environments": ["compute_environment.cpu"]},
        "other": {"name": "other", "priority": 5, "compute_environments": ["compute_environment.cpu"]},
    },
}
REPLACEMENTS = {
    "another instance type with BEST_FIT": {"instance_types": ["c5.large"]},
    "another strategy": {"allocation_strategy": "BEST_FIT_PROGRESSIVE"},
    "a role of our own": {"service_role": "role.service"},
    "Fargate": {**FARGATE, "instance_role": "", "allocation_strategy": ""},
    "another name": {"name": "gpu"},
}
STRICTNESS = {"kind": {}, "strict": {"transition_polls": 2, "late_by": 3}}


def wished(**change: Any) -> dict[str, Any]:
    resources = copy.deepcopy(BASE)
    cluster = {**resources["compute_environment"]["cpu"], **change}
    resources["compute_environment"]["cpu"] = {name: value for name, value in cluster.items() if value != ""}
    return environment(resources)


def allowed(reviewed):
    return replace(reviewed, plan=reviewed.plan.lifted(Allowed(disruption=True)))


class Probe:
    """Submits a job to every queue at every request that a run sends, and knows what became of them."""

    def __init__(self, stack: Stack) -> None:
        self.batch = stack.client("batch")
        properties = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
        self.batch.register_job_definition(jobDefinitionName="probe", type="container", containerProperties=properties)
        self.submitted: list[str] = []

    def submit(self, *queues: str) -> None:
        for queue in queues:
            answer = self.batch.submit_job(jobName=f"j{len(self.submitted)}", jobQueue=queue, jobDefinition="probe")
            self.submitted.append(answer["jobId"])

    def statuses(self) -> list[str]:
        found = []
        for start in range(0, len(self.submitted), 100):
            rows = self.batch.describe_jobs(jobs=self.submitted[start : start + 100])["jobs"]
            found += [row["status"] for row in rows]
        assert len(found) == len(self.submitted), "none is lost"
        return found

    def on(self, run: Any) -> Any:
        """`run`, submitting a job to both queues before whatever it sends."""
        probe = self

        class Probed(Aws):
            def ask(self, call):
                probe.submit("line", "other")
                return Aws.ask(self, call)

            def write(self, call, *how):
                probe.submit("line", "other")
                return Aws.write(self, call, *how)

        run.aws = Probed(**{name: getattr(run.aws, name) for name in Aws.__dataclass_fields__})
        return run


def done(run: Any) -> None:
    problems = [event for event in run.events() if isinstance(event, Failed | Skipped)]
    assert not problems, [getattr(problem, "error", problem) for problem in problems]


def order(stack: Stack, queue: str) -> list[str]:
    (row,) = stack.client("batch").describe_job_queues(jobQueues=[queue])["jobQueues"]
    return [entry["computeEnvironment"].rpartition("/")[2] for entry in row["computeEnvironmentOrder"]]


def row_of(stack: Stack, name: str) -> dict[str, Any]:
    (row,) = stack.client("batch").describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
    return row


@pytest.mark.parametrize("strictness", STRICTNESS.values(), ids=STRICTNESS)
@pytest.mark.parametrize("change", REPLACEMENTS.values(), ids=REPLACEMENTS)
def test_promise_7_while_an_environment_is_replaced_no_job_is_refused_and_none_is_lost(stack, change, strictness):
    stack.server.reset(**strictness)
    stack.apply(wished())
    jobs.run_for(3)
    probe = Probe(stack)
    probe.submit("line", "other")
    before = len(stack.writes())
    done(probe.on(allowed(stack.plan(wished(**change))).apply()))

    written = stack.writes()[before:]
    assert written.count("batch.UpdateJobQueue") == 2, "each queue is pointed to it in one call"
    assert written.count("batch.CreateComputeEnvironment") == 1
    assert len(probe.submitted) > 20
    for _ in range(500):
        if set(probe.statuses()) == {"SUCCEEDED"}:
            break
    assert set(probe.statuses()) == {"SUCCEEDED"}
    assert changed(stack.plan(wished(**change))) == {}
    (name,) = inventory(stack)["environments"]
    assert name != "cpu"
    assert order(stack, "line") == order(stack, "other") == [name]


def test_the_plan_says_why_and_shows_the_name_that_it_will_go_by(stack):
    stack.apply(wished())
    document = stack.plan(wished(instance_types=["c5.large"])).document
    row = next(row for row in document["resource_changes"] if row["address"] == "compute_environment.cpu")

    assert row["change"]["actions"] == ["create", "delete"]
    assert row["action_reason"] == (
        "replacement: `instance_types` cannot change in place with `allocation_strategy` BEST_FIT"
    )
    fields = {
        field["path"][0]: (field["before"], field["after"], field["replaces"]) for field in row["change"]["fields"]
    }
    assert fields["instance_types"][2]
    before, after, replaces = fields["name"]
    assert (before, replaces) == ("cpu", False)
    assert after.startswith("cpu-")
    again = stack.plan(wished(instance_types=["c5.large"])).document
    assert again["integrity"]["plan_sha256"] == document["integrity"]["plan_sha256"], "the name follows from the file"


def test_promise_7_blue_is_untouched_when_green_ends_invalid_and_the_mended_file_goes_on_from_there(stack):
    stack.apply(wished())
    nobody = "arn:aws:iam::123456789012:instance-profile/nobody"
    bad = wished(instance_types=["c5.large"], instance_role=nobody)
    events = list(stack.plan(bad).apply().events())
    (failed,) = [event for event in events if isinstance(event, Failed)]

    assert (str(failed.address), failed.error.aws_code) == ("compute_environment.cpu", "INVALID")
    assert "Invalid IamInstanceProfile" in failed.error.message
    assert {str(event.address) for event in events if isinstance(event, Skipped)} == {
        "job_queue.line",
        "job_queue.other",
    }
    blue = row_of(stack, "cpu")
    assert (blue["state"], blue["status"]) == ("ENABLED", "VALID")
    assert order(stack, "line") == order(stack, "other") == ["cpu"]

    mended = wished(instance_types=["c5.large"])
    stack.apply(mended)
    (name,) = inventory(stack)["environments"]
    assert order(stack, "line") == [name]
    assert changed(stack.plan(mended)) == {}


def test_a_file_that_is_taken_back_after_green_was_made_keeps_blue_and_drops_green(stack):
    stack.apply(wished())
    reviewed = stack.plan(wished(instance_types=["c5.large"]))
    run = reviewed.apply()
    for event in run.events():
        if str(event.address) == "compute_environment.cpu":
            run.stop()
    assert len(inventory(stack)["environments"]) == 2

    plan = stack.plan(wished())
    assert [step.action for step in plan.plan.steps if step.action is not Action.NOOP] == [Action.DELETE]
    stack.carry_out(plan)
    assert inventory(stack)["environments"] == ["cpu"]


def test_promise_7_what_runs_on_past_its_time_is_left_running_and_a_later_apply_finishes(stack):
    stack.apply(wished(drain_minutes=1))
    jobs.run_for(work.UNTIL_FINISHED)
    probe = Probe(stack)
    probe.submit("line")
    jobs.start(probe.submitted[0])
    change = {"drain_minutes": 1, "instance_types": ["c5.large"]}
    events = list(allowed(stack.plan(wished(**change))).apply().events())
    (failed,) = [event for event in events if isinstance(event, Failed)]

    assert "jobs end on the compute environment `cpu`" in failed.error.message
    assert probe.statuses() == ["RUNNING"]
    assert row_of(stack, "cpu")["state"] == "DISABLED"
    assert "cpu" not in order(stack, "line")

    jobs.finish(probe.submitted[0])
    stack.apply(wished(**change))
    assert len(inventory(stack)["environments"]) == 1
    assert probe.statuses() == ["SUCCEEDED"]


def test_drain_minutes_of_zero_does_not_wait(stack):
    stack.apply(wished())
    jobs.run_for(work.UNTIL_FINISHED)
    probe = Probe(stack)
    probe.submit("line")
    jobs.start(probe.submitted[0])
    done(allowed(stack.plan(wished(drain_minutes=0, instance_types=["c5.large"]))).apply())
    assert probe.statuses() == ["FAILED"]


def test_a_queue_of_somebody_s_that_comes_in_between_is_reported_and_never_broken(stack):
    stack.apply(wished())
    reviewed = allowed(stack.plan(wished(instance_types=["c5.large"])))
    stack.client("batch").create_job_queue(
        jobQueueName="theirs", priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "cpu"}]
    )
    (failed,) = [event for event in reviewed.apply().events() if isinstance(event, Failed)]

    assert "`theirs`" in failed.error.message
    assert order(stack, "theirs") == ["cpu"]
    blue = row_of(stack, "cpu")
    assert (blue["state"], blue["status"]) == ("ENABLED", "VALID"), "it goes on taking that queue's jobs"


def test_an_environment_that_lacks_a_role_s_policy_is_repaired_by_the_apply_that_mends_the_role(stack):
    stack.apply(wished(service_role="role.service"))
    iam = stack.client("iam")
    (policy,) = iam.list_attached_role_policies(RoleName="service")["AttachedPolicies"]
    iam.detach_role_policy(RoleName="service", PolicyArn=policy["PolicyArn"])
    stack.client("batch").update_compute_environment(computeEnvironment="cpu", state="ENABLED")
    assert row_of(stack, "cpu")["status"] == "INVALID"

    file = wished(service_role="role.service")
    assert changed(stack.plan(file)) == {"role.service": ["managed_policies"], "compute_environment.cpu": ["status"]}
    stack.apply(file)
    assert row_of(stack, "cpu")["status"] == "VALID"
    assert changed(stack.plan(file)) == {}


def test_an_update_policy_is_set_once_the_environment_stands(stack):
    """CreateComputeEnvironment does not take one."""
    file = wished(allocation_strategy="", update_policy={"terminate_jobs": True, "timeout_minutes": 7})
    stack.apply(file)
    policy = row_of(stack, "cpu")["updatePolicy"]
    assert policy == {"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 7}
    assert changed(stack.plan(file)) == {}


def test_promise_7_instances_that_are_replaced_under_running_jobs_are_told_and_stopped_jobs_are_guarded(stack):
    for ends, codes in ((False, []), (True, ["MF4108"])):
        policy = {"terminate_jobs": ends, "timeout_minutes": 30}
        stack.server.reset()
        stack.apply(wished(allocation_strategy="", update_policy=policy))
        jobs.run_for(work.UNTIL_FINISHED)
        probe = Probe(stack)
        probe.submit("line")
        jobs.start(probe.submitted[0])
        reviewed = stack.plan(wished(allocation_strategy="", update_policy=policy, instance_types=["c5.large"]))

        row = next(row for row in reviewed.document["resource_changes"] if row["kind"] == "compute_environment")
        assert row["disruption"]["running_jobs"] == 1
        assert [block.code for _, block in reviewed.plan.blocks] == codes


def test_of_many_names_each_fits_and_none_is_another_s(stack):
    long = "n" * 128
    stack.apply(wished(name=long))
    stack.apply(wished(name=long, instance_types=["c5.large"]))
    (name,) = inventory(stack)["environments"]
    assert len(name) == 128
    assert name != long
    assert changed(stack.plan(wished(name=long, instance_types=["c5.large"]))) == {}


def test_promise_5_one_that_lost_its_tags_is_nobody_s_until_it_is_adopted_and_is_not_made_twice(stack):
    file = wished(instance_types=["c5.large"], security_groups=["sg-00000000000000001"])
    stack.apply(wished(security_groups=["sg-00000000000000001"]))
    stack.apply(file)
    (name,) = inventory(stack)["environments"]
    batch = stack.client("batch")
    arn = row_of(stack, name)["computeEnvironmentArn"]
    batch.untag_resource(resourceArn=arn, tagKeys=sorted(row_of(stack, name)["tags"]))

    assert [block.code for _, block in stack.plan(file).plan.blocks] == ["MF4101"]
    stack.apply(file, adopt=frozenset({"compute_environment.cpu"}))
    assert inventory(stack)["environments"] == [name]
    assert changed(stack.plan(file)) == {}
