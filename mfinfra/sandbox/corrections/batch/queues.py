"""Job queues."""

from __future__ import annotations

from typing import Any, Final

from moto.batch.models import ComputeEnvironment, JobQueue, batch_backends

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.batch import rules, work
from mfinfra.sandbox.corrections.batch.records import (
    Record,
    bad_request,
    described,
    environments,
    find,
    queues,
    refusal,
)
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.turning import Turning

API: Final = "https://docs.aws.amazon.com/batch/latest/APIReference"
MOST_ENVIRONMENTS: Final = 3
TIME_LIMIT: Final = range(600, 86401)
CANCELLING: Final = {"state": "RUNNABLE", "action": "CANCEL"}
"""All that ends the waiting of a job. https://docs.aws.amazon.com/batch/latest/APIReference/API_JobStateTimeLimitAction.html"""


@correction(
    "batch",
    "CreateJobQueue",
    restores="ENABLED by default, ARNs in the order, VALID environments of one family, at most three, time limits kept",
    aws=f"{API}/API_CreateJobQueue.html",
)
def create_queue(call: Call, _forward: Forward) -> Answer:
    """Create a queue over compute environments that are VALID."""
    params, name = call.params, call.params["jobQueueName"]
    rules.check_name(name, "Job queue name")
    if find(queues(call.region), name):
        raise refusal("Object already exists", 409)
    said: Answer = {
        "jobQueueName": name,
        "jobQueueArn": call.arn(f"job-queue/{name}"),
        "state": params.get("state", "ENABLED"),
        "priority": _priority(params.get("priority", 0)),
        "computeEnvironmentOrder": _order(call, params.get("computeEnvironmentOrder") or []),
        "jobStateTimeLimitActions": _limits(params.get("jobStateTimeLimitActions") or []),
        "tags": dict(params.get("tags") or {}),
        "jobQueueType": "ECS_FARGATE" if _serverless(call, params) else "ECS",
    }
    if policy := params.get("schedulingPolicyArn"):
        said["schedulingPolicyArn"] = _existing_policy(call, policy)
    record = Record("job queue", name, said["jobQueueArn"], said, Turning("", ""))
    record.turn("CREATING")
    queues(call.region)[record.arn] = record
    _shadow(call, record)
    return _named(record)


@correction(
    "batch",
    "DescribeJobQueues",
    restores="complete answers, by name and by ARN, in pages",
    aws=f"{API}/API_DescribeJobQueues.html",
)
def describe_queues(call: Call, _forward: Forward) -> Answer:
    """Describe by name or ARN; unknown ones are left out."""
    return described(call, queues(call.region), call.params.get("jobQueues"), "jobQueues")


@correction(
    "batch",
    "UpdateJobQueue",
    restores="sparse updates, time limits, and a scheduling policy that can be exchanged but neither added nor removed",
    aws=f"{API}/API_UpdateJobQueue.html",
)
def update_queue(call: Call, _forward: Forward) -> Answer:
    """Change what is given, and keep the rest."""
    record, params = _existing(call), call.params
    record.check_settled("update")
    said = dict(record.said)
    if "state" in params:
        said["state"] = params["state"]
    if "priority" in params:
        said["priority"] = _priority(params["priority"])
    if "computeEnvironmentOrder" in params:
        said["computeEnvironmentOrder"] = _order(call, params["computeEnvironmentOrder"])
        for arn in _environments(record.said) - _environments(said):
            # https://github.com/hashicorp/terraform-provider-aws/issues/46925
            propagation.begin("queue relationship", arn)
    if "jobStateTimeLimitActions" in params:
        said["jobStateTimeLimitActions"] = _limits(params["jobStateTimeLimitActions"])
    if "schedulingPolicyArn" in params:
        if "schedulingPolicyArn" not in said or not params["schedulingPolicyArn"]:
            raise bad_request("Only fairshare queue can have scheduling policy")
        propagation.begin("queue of policy", said["schedulingPolicyArn"])
        said["schedulingPolicyArn"] = _existing_policy(call, params["schedulingPolicyArn"])
    record.said = said
    record.turn("UPDATING")
    _shadow(call, record)
    return _named(record)


@correction(
    "batch",
    "DeleteJobQueue",
    restores="the order of deletion: disabled and settled; then DELETING, then gone",
    aws=f"{API}/API_DeleteJobQueue.html",
)
def delete_queue(call: Call, _forward: Forward) -> Answer:
    """Delete a disabled queue."""
    record = _existing(call)
    if record.turning.passing == "DELETING":
        return {}
    record.check_settled("delete")
    if record.said["state"] != "DISABLED":
        raise refusal("Cannot delete, state must be DISABLED")
    for mine in work.under_way(call.region):
        if mine.queue == record.arn:
            mine.end(success=False)
    if policy := record.said.get("schedulingPolicyArn"):
        propagation.begin("queue of policy", policy)
    record.vanish()
    batch_backends[call.account][call.region]._job_queues.pop(record.arn, None)  # noqa: SLF001  see _shadow
    return {}


@correction(
    "batch",
    "DeleteSchedulingPolicy",
    restores="that a policy in use is not deleted, nor at once when a queue has let go of it",
    aws=f"{API}/API_DeleteSchedulingPolicy.html",
)
def delete_scheduling_policy(call: Call, forward: Forward) -> Answer:
    """Refuse while any queue uses the policy."""
    used = {queue.said.get("schedulingPolicyArn") for queue in queues(call.region).values()}
    if call.params["arn"] in used or propagation.pending("queue of policy", call.params["arn"]):
        raise bad_request(f"Scheduling policy {call.params['arn']} is in use by a job queue")
    return forward()


def _existing(call: Call) -> Record:
    name = call.params["jobQueue"]
    if record := find(queues(call.region), name):
        return record
    raise bad_request(f"{name} does not exist")


def _named(record: Record) -> Answer:
    return {"jobQueueName": record.name, "jobQueueArn": record.arn}


def _priority(given: int) -> int:
    if not 0 <= given <= 1000:  # noqa: PLR2004  the range of AWS
        raise bad_request("priority should be between 0 and 1000")
    return given


def _members(call: Call, order: list[dict[str, Any]]) -> list[Record]:
    known = environments(call.region)
    found = []
    for entry in order:
        record = find(known, entry["computeEnvironment"])
        if record is None:
            raise bad_request(f"Compute environment {entry['computeEnvironment']} does not exist")
        found.append(record)
    return found


def _order(call: Call, order: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not order:
        raise bad_request("At least one compute environment must be provided")
    if len(order) > MOST_ENVIRONMENTS:
        raise bad_request(f"Maximum of {MOST_ENVIRONMENTS} compute environments can be associated with a job queue")
    if len({entry["order"] for entry in order}) < len(order):
        raise bad_request("The order of compute environments must be unique")
    members = _members(call, order)
    for record in members:
        if record.turning.now != "VALID":
            raise bad_request(f"{record.arn} is not valid, its status is {record.turning.now}")
    if len({_on_fargate(record) for record in members}) > 1:
        raise bad_request("Fargate and EC2 compute environments cannot be mixed in a job queue")
    kinds = [rules.architectures(record.said.get("computeResources", {})) for record in members]
    if len({*kinds} - {frozenset()}) > 1:
        raise bad_request("All compute environments of a job queue must share the same architecture")
    both = sorted(zip(order, members, strict=True), key=lambda pair: int(pair[0]["order"]))
    return [{"order": entry["order"], "computeEnvironment": record.arn} for entry, record in both]


def _environments(said: Answer) -> set[str]:
    return {entry["computeEnvironment"] for entry in said["computeEnvironmentOrder"]}


def _serverless(call: Call, params: dict[str, Any]) -> bool:
    return any(_on_fargate(record) for record in _members(call, params.get("computeEnvironmentOrder") or []))


def _on_fargate(record: Record) -> bool:
    return record.said.get("computeResources", {}).get("type") in rules.SERVERLESS


def _limits(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for action in actions:
        if action["maxTimeSeconds"] not in TIME_LIMIT:
            raise bad_request("maxTimeSeconds should be between 600 and 86400")
        for name, supported in CANCELLING.items():
            if action[name] != supported:
                raise bad_request(f"{name} of a job state time limit action should be {supported}")
    return actions


def _existing_policy(call: Call, arn: str) -> str:
    if not call.ask("batch", "DescribeSchedulingPolicies", arns=[arn])["schedulingPolicies"]:
        raise bad_request(f"Scheduling policy {arn} does not exist")
    return arn


def _shadow(call: Call, record: Record) -> None:
    """Let moto know the queue, as its SubmitJob looks it up among its own."""
    backend = batch_backends[call.account][call.region]
    # moto declares both abstract and makes them all the same.
    environment_class: Any = ComputeEnvironment
    queue_class: Any = JobQueue
    members = [
        environment_class(r.name, r.said["type"], "ENABLED", {}, r.said["serviceRole"], call.account, call.region)
        for r in _members(call, record.said["computeEnvironmentOrder"])
    ]
    known = backend._job_queues.get(record.arn)  # noqa: SLF001  moto looks queues up here
    shadow = queue_class(record.name, record.said["priority"], record.said["state"], members, [], None, backend)
    shadow.jobs = known.jobs if known else []
    backend._job_queues[record.arn] = shadow  # noqa: SLF001  the same
