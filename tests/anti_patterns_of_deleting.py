"""Anti-patterns of deleting: as a remedy for what failed, and before what still needs it is gone."""

from __future__ import annotations

from anti_patterns import Scenario, Wrong, failures, watched
from stack import Stack, addresses, changed, environment, inventory

from mfinfra import again, apply, catalogue, observe
from mfinfra.drivers import _batch
from mfinfra.errors import MfinfraError
from mfinfra.model import Action, Address
from mfinfra.planning import order
from mfinfra.sandbox.faults import Rule, refused
from mfinfra.sandbox.network import PRIVATE_SUBNET_A, VPC_ID

DELETING = ("Delete", "Remove", "Detach")
OPEN = {"protect": False}


def deletions(stack: Stack, before: int = 0) -> list[str]:
    """The operations sent so far that take something away."""
    return [name for name in stack.writes()[before:] if name.split(".")[1].startswith(DELETING)]


def steps_that_fail_half_way(stack: Stack) -> None:
    """What was made stays, with our tags, and the next run goes on; what was there before stays with what is in it.

    Ansible's `cloudwatchlogs_log_group` deletes a group whose retention it cannot set, one with logs in it too;
    terraform-provider-aws deletes a role whose inline policies fail.
    """
    logs, iam = stack.client("logs"), stack.client("iam")
    old = {"name": "/old", "retention_days": 7, **OPEN}
    stack.apply(environment({"log_group": {"old": old}}))
    logs.create_log_stream(logGroupName="/old", logStreamName="work")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    role = {
        "name": "jobs",
        "trust": {"services": ["ecs-tasks.amazonaws.com"]},
        "policies": {"read": {"Version": "2012-10-17", "Statement": [statement]}},
    }
    file = environment(
        {
            "log_group": {
                "old": {**old, "retention_days": 30},
                "new": {"name": "/new", "retention_days": 30, **OPEN},
            },
            "role": {"jobs": role},
        }
    )
    watched(
        stack,
        Rule("logs.PutRetentionPolicy", refused("InvalidParameterException", "no such retention"), times=None),
        Rule("iam.PutRolePolicy", refused("MalformedPolicyDocument", "Syntax errors in policy."), times=None),
    )
    failed = failures(stack.plan(file))
    assert failed.keys() == {"log_group.old", "log_group.new", "role.jobs"}
    assert not deletions(stack), f"it takes away what it made: {deletions(stack)}"
    assert logs.describe_log_streams(logGroupName="/old")["logStreams"]
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName="jobs")["Tags"]}
    assert tags["mfinfra:address"] == "role.jobs"

    watched(stack)
    before = len(stack.writes())
    assert stack.plan(file).plan.blocks == ()
    stack.apply(file)
    assert not [name for name in stack.writes()[before:] if "Create" in name], "it goes on with what it made"
    assert changed(stack.plan(file)) == {}


def clear_away(address: str):
    """What was to be made better is deleted where that fails."""

    def patch(monkeypatch):
        ours = again.carried_out

        def carried_out(effects, carrier, left):
            try:
                ours(effects, carrier, left)
            except MfinfraError:
                if carrier.address == Address.parse(address):
                    resource = left.planned.resource
                    there = observe.look_again(carrier.aws, resource)
                    carrier.run(catalogue.driver(resource.kind).teardown(resource, there).effects)
                raise

        monkeypatch.setattr(again, "carried_out", carried_out)

    return patch


def service_role_goes_last(stack: Stack) -> None:
    """Batch clears an environment up by its service role: without it DELETING ends as INVALID, and nothing goes on.

    https://github.com/hashicorp/terraform-provider-aws/issues/8549 ,
    https://github.com/hashicorp/terraform-provider-aws/issues/26930
    """
    cluster = {
        "name": "cpu",
        "type": "FARGATE",
        "max_vcpus": 4,
        "subnets": [PRIVATE_SUBNET_A],
        "security_groups": ["security_group.a"],
        "service_role": "role.service",
    }
    resources = {
        "security_group": {"a": {"name": "a", "vpc": VPC_ID}},
        "role": {"service": {"name": "service", "preset": "batch_service"}},
        "compute_environment": {"cpu": cluster},
        "job_queue": {"line": {"name": "line", "compute_environments": ["compute_environment.cpu"]}},
    }
    file = environment(resources)
    stack.apply(file)
    failed = failures(stack.plan(file, destroy=True, allow_destroy=addresses(resources), allow_disruption=True))
    rows = stack.client("batch").describe_compute_environments()["computeEnvironments"]
    stuck = {row["computeEnvironmentName"]: row.get("statusReason") for row in rows}
    assert not stuck, f"cannot be deleted any more: {stuck}"
    assert not failed
    assert inventory(stack)["roles"] == []


def role_beside_its_environment(monkeypatch):
    """As they come: the role first, for once."""
    role, cluster = (order.Node(Address.parse(text)) for text in ("role.service", "compute_environment.cpu"))

    def graph(steps, depends_on):
        steps = tuple(steps)
        needs = order.graph(steps, depends_on)
        if any(step.action is Action.DELETE for step in steps):
            needs |= {role: frozenset(), cluster: needs[cluster] | {role}}
        return needs

    monkeypatch.setattr(apply, "graph", graph)


def deleted_when_asked_to(monkeypatch):
    monkeypatch.setattr(_batch.Stateful, "gone", lambda kind, resource: ())


STUCK = "cannot be deleted any more: {'cpu': 'CLIENT_ERROR - .*sts:AssumeRole"
SCENARIOS = (
    Scenario(
        5,
        "what fails is deleted",
        steps_that_fail_half_way,
        {
            "a new role": Wrong(clear_away("role.jobs"), r"takes away what it made: \['iam.DeleteRole'\]"),
            "a new group": Wrong(clear_away("log_group.new"), "takes away what it made: .*DeleteLogGroup"),
            "a group with logs in it": Wrong(clear_away("log_group.old"), "takes away what it made: .*DeleteLogGroup"),
        },
    ),
    Scenario(
        9,
        "the service role goes at once with the environment",
        service_role_goes_last,
        {
            "side by side": Wrong(role_beside_its_environment, STUCK),
            "not waited for": Wrong(deleted_when_asked_to, STUCK),
        },
        strict=True,
    ),
)
