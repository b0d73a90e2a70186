"""Batch compute environments, managed and on ECS. AWS decides by context whether a change can be made in place.

A *scaling update* touches no instance, an *infrastructure update* replaces instances under the same environment, and
what neither can do needs another environment.
https://docs.aws.amazon.com/batch/latest/userguide/updating-compute-environments.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mfinfra import schemas
from mfinfra.drivers import _compute_resources as resources
from mfinfra.drivers._batch import QUEUES, Stateful, environment_work, put_tags, take_tags
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._environment_names import NAME, TAKEN, arns, foretells, identify, standing, succeed
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.model import Call, Census, Document, Effects, Observed, Resource, Sends, Settle, Spec

LAUNCHING = 1800.0
POLICY: Mapping[str, Any] = {"terminate_jobs": False, "timeout_minutes": 30}
SERVICE_LINKED_ROLE = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
LETTING_GO = 300.0
DRAIN_INTERVAL = 15.0
EVERY = Call("batch", "DescribeComputeEnvironments", paginate=True)
LOOK_AGAIN = "Batch holds it for INVALID, and is asked to look at it again"
MUTABLE = ("state", "service_role", "update_policy", *(name for name in resources.MEMBERS if name != "spot_fleet_role"))


def same_role(resource: Resource) -> Mapping[str, Any]:
    """The service role as it is; the service-linked one is not named."""
    role = service_role(resource, resource.spec["service_role"])
    return {} if resources.service_linked(role) else {"serviceRole": role}


def service_role(resource: Resource, value: Any) -> Any:
    """The role's ARN; none named means Batch's service-linked role, which descriptions then show."""
    return resources.arn(resource, "role", value or SERVICE_LINKED_ROLE)


ENVIRONMENT = Stateful("computeEnvironment", "compute environment", 1200.0, same_role)


def desired(resource: Resource) -> Spec:
    """Names become ARNs, defaults that follow from the type are filled in, fields that the type lacks are let go."""
    spec = {**resource.spec, **resources.desired(resource)}
    if spec["service_role"] is not None:
        spec["service_role"] = service_role(resource, spec["service_role"])
        if not resources.service_linked(spec["service_role"]):
            spec["update_policy"] = None
    if spec["update_policy"] is not None:
        spec["update_policy"] = {**POLICY, **spec["update_policy"]}
    return {**spec, **dict.fromkeys(resources.unmanaged(resource.spec))}


def keep(resource: Resource, want: Spec, have: Spec) -> Spec:
    """The update policy stays where AWS has no infrastructure updates, by a role or strategy that is not managed."""
    updates = resources.service_linked(want["service_role"]) and want["allocation_strategy"] != "BEST_FIT"
    return want if updates else {**want, "update_policy": have["update_policy"]}


def parse(answer: Document, resource: Resource) -> Observed | None:
    rows = ENVIRONMENT.rows(answer)
    row = standing(rows, resource, lambda row: observed_in(row, resource).spec)
    if row is None:
        return None
    found = observed_in(row, resource)
    return replace(found, facts={**found.facts, TAKEN: frozenset(each[NAME] for each in rows)})


def observed_in(row: Document, resource: Resource) -> Observed:
    """What the row of a description says."""
    policy = row.get("updatePolicy") or {}
    spec = {
        "service_role": service_role(resource, row.get("serviceRole")),
        "update_policy": {
            "terminate_jobs": policy.get("terminateJobsOnUpdate", POLICY["terminate_jobs"]),
            "timeout_minutes": policy.get("jobExecutionTimeoutMinutes", POLICY["timeout_minutes"]),
        },
        **resources.observed(row, resource),
    }
    found = ENVIRONMENT.observed(row, spec)
    return replace(found, facts={"cluster": row["ecsClusterArn"]} if row.get("ecsClusterArn") else {})


def create(resource: Resource, want: Spec) -> Effects:
    """It must be born ENABLED; an update policy is taken by updates only. The service-linked role is not named."""
    params: dict[str, Any] = {
        "type": "MANAGED",
        "state": "ENABLED",
        "computeResources": resources.new(resource, want),
    }
    if want["service_role"] is not None and not resources.service_linked(want["service_role"]):
        params["serviceRole"] = want["service_role"]
    return ENVIRONMENT.create(resource, params)


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "state": "ENABLED", "update_policy": POLICY}


def write(change: Change) -> Effects:
    """One call with what changed. `computeResources` is left out or holds `maxvCpus`: Batch refuses an empty one.

    The state goes along with an update policy: there are regions where Batch does not count that for a change.
    https://github.com/hashicorp/terraform-provider-aws/issues/43969
    Instances are replaced only where it is ENABLED already: it is enabled by a call of its own, before.
    """
    want = change.want
    if change.have["state"] == "DISABLED" != want["state"] and infrastructure(change):
        enabled = replace(change, have={**change.have, "state": want["state"]}, fields=change.fields - {"state"})
        return (*ENVIRONMENT.update(change.resource, {"state": want["state"]}), *write(enabled))
    params: dict[str, Any] = {}
    if change.fields & {"state", "update_policy"}:
        params["state"] = want["state"]
    if "service_role" in change.fields:
        params["serviceRole"] = want["service_role"]
    if "update_policy" in change.fields:
        policy = want["update_policy"]
        params["updatePolicy"] = {
            "terminateJobsOnUpdate": policy["terminate_jobs"],
            "jobExecutionTimeoutMinutes": policy["timeout_minutes"],
        }
    if changed := resources.changes(change):
        params["computeResources"] = changed
    return ENVIRONMENT.update(change.resource, params, patience(change))


def delete(resource: Resource, observed: Observed) -> Effects:
    """Once no queue refers to it: disable it, let running jobs end for `drain_minutes`, and delete it.

    https://docs.aws.amazon.com/batch/latest/userguide/blue-green-updates.html
    """
    referring = (
        f"jobQueues[?computeEnvironmentOrder[?computeEnvironment=='{observed.outputs['arn']}']].jobQueueName | [0]"
    )
    free = Settle(
        QUEUES,
        status=referring,
        why=f"job queues let go of the compute environment `{resource.spec['name']}`",
        gone=True,
        timeout=LETTING_GO,
    )
    return (free, *ENVIRONMENT.delete(resource, observed, _drained(resource, observed)))


def _drained(resource: Resource, observed: Observed) -> Effects:
    """Wait for the tasks of its cluster: a job that runs is one of them, whichever queue it came from."""
    minutes = resource.spec.get("drain_minutes")
    patience = 60.0 * (schemas.traits(resource.kind).defaults["drain_minutes"] if minutes is None else minutes)
    if not patience or observed.facts.get("cluster") is None:
        return ()
    tasks = Call(
        "ecs",
        "ListTasks",
        {"cluster": observed.facts["cluster"], "desiredStatus": "RUNNING"},
        absent=("ClusterNotFoundException",),
    )
    why = f"jobs end on the compute environment `{resource.spec['name']}`, which takes no more"
    return (Settle(tasks, status="taskArns[0]", why=why, gone=True, timeout=patience, interval=DRAIN_INTERVAL),)


def patience(change: Change) -> float:
    """Seconds that an update may take: instances are replaced once their jobs end or their time is up."""
    if not infrastructure(change):
        return ENVIRONMENT.patience
    policy = change.want["update_policy"] or POLICY
    return LAUNCHING + float(policy["timeout_minutes"]) * 60


def infrastructure(change: Change) -> frozenset[str]:
    """The changed fields that need new instances."""
    return resources.infrastructure(change.fields, change.have["type"])


def obstacles(change: Change) -> dict[str, str]:
    """The changed fields that AWS does not change in place, each with the reason."""
    have, want, fields = change.have, change.want, change.fields
    if "type" in fields and not {have["type"], want["type"]} <= set(resources.INSTANCES):
        return {"type": f"cannot change from {have['type']} to {want['type']}"}
    found = dict.fromkeys(fields & {"name", "spot_fleet_role"}, "cannot change")
    if "service_role" in fields and resources.service_linked(have["service_role"]) != resources.service_linked(
        want["service_role"]
    ):
        found["service_role"] = "cannot change between Batch's service-linked role and another role"
    strategies = have.get("allocation_strategy"), want.get("allocation_strategy")
    if "allocation_strategy" in fields and "BEST_FIT" in strategies:
        found["allocation_strategy"] = f"cannot change from {strategies[0]} to {strategies[1]}"
    if change.observed is not None and change.observed.broken:
        lacking = "cannot change in place while Batch holds the environment for INVALID"
    elif have["state"] == want["state"] == "DISABLED":
        lacking = "cannot change in place while the environment is DISABLED"
    elif not resources.service_linked(want["service_role"]):
        lacking = "cannot change in place without Batch's service-linked role as `service_role`"
    elif "BEST_FIT" in strategies:
        lacking = "cannot change in place with `allocation_strategy` BEST_FIT"
    else:
        return found
    return {**dict.fromkeys(infrastructure(change), lacking), **found}


def replaces(change: Change) -> frozenset[str]:
    return frozenset(obstacles(change))


def because(change: Change, replacing: frozenset[str]) -> str:
    if replacing:
        return f"replacement: {reasons(change)}"
    if not change.fields:
        return LOOK_AGAIN
    if infrastructure(change):
        return "infrastructure update in place: Batch replaces instances, running jobs follow `update_policy`"
    return "scaling update: running jobs are not touched"


def reasons(change: Change) -> str:
    """Why it takes a replacement, as text: fields with the same reason share a clause."""
    clauses: dict[str, list[str]] = {}
    for field, reason in sorted(obstacles(change).items()):
        clauses.setdefault(reason, []).append(f"`{field}`")
    return "; ".join(f"{' and '.join(fields)} {reason}" for reason, fields in clauses.items())


SENDS = Sends(
    reads=("batch:DescribeComputeEnvironments", "batch:DescribeJobQueues", "batch:ListJobs", "ecs:ListTasks"),
    makes=("batch:CreateComputeEnvironment", "batch:UpdateComputeEnvironment"),
    changes=("batch:UpdateComputeEnvironment", "batch:TagResource"),
    deletes=("batch:UpdateComputeEnvironment", "batch:DeleteComputeEnvironment"),
    forgets=("batch:UntagResource",),
    # One that was replaced goes by its name and a suffix.
    on=("arn:${partition}:batch:${region}:${account}:compute-environment/${self.name}*",),
)

DRIVER = Kind(
    kind="compute_environment",
    sends=SENDS,
    arn=r"arn:[^:]+:batch:[^:]*:\d{12}:compute-environment/(?P<name>[0-9A-Za-z_-]+)",
    read=lambda resource: EVERY,
    parse=parse,
    parts=(Part(("name", "spot_fleet_role")), Part(MUTABLE, write=write)),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=born,
    delete=delete,
    desired=desired,
    ready=ENVIRONMENT.valid,
    gone=ENVIRONMENT.gone,
    mend=ENVIRONMENT.mend,
    identify=identify,
    succeed=succeed,
    foretells=foretells,
    replaces=replaces,
    because=because,
    keep=keep,
    work=environment_work,
    local=("initial_vcpus", "drain_minutes"),
    # The tagging service may be minutes behind, and one that stands beside another must be seen.
    census=Census(EVERY, arns),
)
