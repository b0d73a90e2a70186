"""Compute environments."""

from __future__ import annotations

import copy
from typing import Any, Final

from mfinfra.sandbox.corrections import correction, lag, propagation
from mfinfra.sandbox.corrections.batch import health, rules, work
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
from mfinfra.sandbox.corrections.iam import linked_roles
from mfinfra.sandbox.corrections.turning import Turning

API: Final = "https://docs.aws.amazon.com/batch/latest/APIReference"
SERVICE_LINKED_NAME: Final = "AWSServiceRoleForBatch"
SERVICE_LINKED_PATH: Final = "/aws-service-role/batch.amazonaws.com/"
CLEARED_BY_EMPTY: Final = frozenset({"imageId", "ec2KeyPair", "placementGroup"})
RELATIONSHIP: Final = "Cannot delete, found existing JobQueue relationship"
ACTIVE_JOBS: Final = "CLIENT_ERROR - Jobs are active on the compute environment"
"""From memory: AWS tells that it happens, and not in which words."""
ACTIONS: Final = frozenset({"updateToLatestImageVersion"})


@correction(
    "batch",
    "CreateComputeEnvironment",
    restores="the service-linked role by default, CREATING, INVALID for what cannot be used, and no instance launched",
    aws=f"{API}/API_CreateComputeEnvironment.html",
)
def create_environment(call: Call, _forward: Forward) -> Answer:
    """Accept what Batch accepts, and let it turn VALID or INVALID."""
    params, name = call.params, call.params["computeEnvironmentName"]
    rules.check_name(name, "Compute environment name")
    if find(environments(call.region), name):
        raise refusal("Object already exists", 409)
    if params.get("state", "ENABLED") != "ENABLED":
        raise bad_request("A compute environment must be created in the ENABLED state")
    resources = _new_resources(params)
    record = Record("compute environment", name, call.arn(f"compute-environment/{name}"), {}, Turning("", ""))
    record.said = {
        "computeEnvironmentName": name,
        "computeEnvironmentArn": record.arn,
        "ecsClusterArn": call.arn(f"cluster/AWSBatch-{name}-{record.uuid}", service="ecs"),
        "tags": dict(params.get("tags") or {}),
        "type": params["type"].upper(),
        "state": "ENABLED",
        "serviceRole": params.get("serviceRole") or _service_linked_role(call),
        "containerOrchestrationType": "EKS" if params.get("eksConfiguration") else "ECS",
        "uuid": record.uuid,
    }
    optional = {key: params[key] for key in ("unmanagedvCpus", "eksConfiguration", "context") if key in params}
    record.said |= optional | ({"computeResources": resources} if resources else {})
    record.turn("CREATING", health.reason(call, record.said))
    environments(call.region)[record.arn] = record
    return _named(record)


@correction(
    "batch",
    "DescribeComputeEnvironments",
    restores="complete answers, by name and by ARN, in pages",
    aws=f"{API}/API_DescribeComputeEnvironments.html",
)
def describe_environments(call: Call, _forward: Forward) -> Answer:
    """Describe by name or ARN; unknown ones are left out."""
    for record in environments(call.region).values():
        if record.turning.passing == "DELETING":
            _stick(call, record)
        work.scale(call.region, record)
    wanted = call.params.get("computeEnvironments")
    return described(call, environments(call.region), wanted, "computeEnvironments")


@correction(
    "batch",
    "UpdateComputeEnvironment",
    restores="updates of compute resources and update policy, with AWS's conditions for each",
    aws="https://docs.aws.amazon.com/batch/latest/userguide/updating-compute-environments.html",
)
def update_environment(call: Call, _forward: Forward) -> Answer:
    """Update in place where AWS does; moto drops `computeResources` and says nothing."""
    record, params = _existing(call), call.params
    record.check_settled("update")
    rules.check_update(record.said, params)
    replaced = rules.infrastructure(record.said, params.get("computeResources") or {})
    if replaced and lag.strict() and (record.turning.now, record.said["state"]) != ("VALID", "ENABLED"):
        raise bad_request(rules.ONLY_USABLE.format(fields=", ".join(replaced)))
    said = copy.deepcopy(record.said)
    for key in ("state", "serviceRole", "updatePolicy", "unmanagedvCpus", "context"):
        if key in params:
            said[key] = params[key]
    if "computeResources" in params:
        said["computeResources"] = _merged(said["computeResources"], params["computeResources"])
    if replaced and said.get("updatePolicy", {}).get("terminateJobsOnUpdate"):
        work.end_all_on(call.region, record.arn)
    record.said = said
    record.turn("UPDATING", health.reason(call, said))
    return _named(record)


@correction(
    "batch",
    "DeleteComputeEnvironment",
    restores="the order of deletion: disabled, settled, in no job queue; then DELETING, then gone",
    aws=f"{API}/API_DeleteComputeEnvironment.html",
)
def delete_environment(call: Call, _forward: Forward) -> Answer:
    """Delete a disabled compute environment that no queue uses."""
    record = _existing(call)
    if record.turning.passing == "DELETING":
        return {}
    record.check_settled("delete")
    if record.said["state"] != "DISABLED":
        raise refusal("Cannot delete, state must be DISABLED")
    orders = [queue.said["computeEnvironmentOrder"] for queue in queues(call.region).values()]
    if any(entry["computeEnvironment"] == record.arn for order in orders for entry in order):
        raise refusal(RELATIONSHIP)
    if propagation.pending("queue relationship", record.arn):
        raise refusal(RELATIONSHIP)
    _end_jobs(call, record)
    return {}


def _existing(call: Call) -> Record:
    name = call.params["computeEnvironment"]
    if record := find(environments(call.region), name):
        return record
    raise bad_request(f"{name} does not exist")


def _end_jobs(call: Call, record: Record) -> None:
    """Take instances away under the jobs on them. Batch does not on Fargate, and the environment turns INVALID.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_DeleteComputeEnvironment.html
    """
    fargate = record.said.get("computeResources", {}).get("type") in rules.SERVERLESS
    if fargate and work.running_on(call.region, record.arn):
        record.turn("INVALID", ACTIVE_JOBS)
        return
    work.end_all_on(call.region, record.arn)
    record.vanish()
    _stick(call, record)


def _stick(call: Call, record: Record) -> None:
    """Batch clears up by the service role: without it, what is being deleted stays, and is INVALID."""
    if reason := health.missing_role(call, record.said):
        record.turn("INVALID", reason)


def _named(record: Record) -> Answer:
    return {"computeEnvironmentName": record.name, "computeEnvironmentArn": record.arn}


def _new_resources(params: dict[str, Any]) -> dict[str, Any]:
    kind, given = params["type"].upper(), params.get("computeResources")
    if kind == "UNMANAGED":
        if given:
            raise bad_request("computeResources cannot be specified for an UNMANAGED compute environment")
        return {}
    if kind != "MANAGED":
        raise bad_request("type must be either MANAGED or UNMANAGED")
    if not given:
        raise bad_request("computeResources must be provided for a MANAGED compute environment")
    rules.check_new(given)
    resources: dict[str, Any] = {**copy.deepcopy(given), "type": given["type"].upper()}
    if resources["type"] in rules.INSTANCES:
        resources.setdefault("minvCpus", 0)
        resources.setdefault("desiredvCpus", resources["minvCpus"])
        if not resources.get("ec2Configuration"):
            resources["ec2Configuration"] = [{"imageType": "ECS_AL2023"}]
    return resources


def _merged(current: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = dict(current)
    for key, value in change.items():
        if key in ACTIONS or (value == [] and current["type"] in rules.SERVERLESS):
            continue
        template_removed = key == "launchTemplate" and not any(
            value.get(name) for name in ("launchTemplateId", "launchTemplateName")
        )
        if (key in CLEARED_BY_EMPTY and value == "") or template_removed:
            merged.pop(key, None)
        else:
            merged[key] = copy.deepcopy(value)
    if "desiredvCpus" in merged:
        least, most = merged.get("minvCpus", 0), merged["maxvCpus"]
        merged["desiredvCpus"] = min(max(merged["desiredvCpus"], least), most)
    merged["type"] = merged["type"].upper()
    return merged


def _service_linked_role(call: Call) -> str:
    """Batch makes its own role for the first compute environment that names none."""
    if call.asks("NoSuchEntity", "iam", "GetRole", RoleName=SERVICE_LINKED_NAME) is None:
        linked_roles.make(call, "batch.amazonaws.com")
    return f"arn:{call.partition}:iam::{call.account}:role{SERVICE_LINKED_PATH}{SERVICE_LINKED_NAME}"
