"""Service-linked roles: roles that belong to a service of AWS."""

from __future__ import annotations

import json
from typing import Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.iam.roles import backend
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference"
PATH: Final = "/aws-service-role/"
NAMES: Final = {
    "batch.amazonaws.com": "AWSServiceRoleForBatch",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
    "spotfleet.amazonaws.com": "AWSServiceRoleForEC2SpotFleet",
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
}


@correction(
    "iam",
    "CreateServiceLinkedRole",
    restores="AWS's names, and InvalidInput for a role that is there",
    aws=f"{API}/API_CreateServiceLinkedRole.html",
)
def create_linked_role(call: Call, forward: Forward) -> Answer:
    """Make the role under the name that the service gives it."""
    service = call.params["AWSServiceName"]
    name = NAMES.get(service)
    if name is None:
        return forward()
    if call.asks("NoSuchEntity", "iam", "GetRole", RoleName=name) is not None:
        text = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise ServiceError("InvalidInput", text)
    return {"Role": make(call, service)}


def make(call: Call, service: str) -> Answer:
    """Make the service-linked role of `service`."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role: Answer = call.ask(
        "iam",
        "CreateRole",
        RoleName=NAMES[service],
        Path=f"{PATH}{service}/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )["Role"]
    return role


@correction(
    "iam",
    "DeleteRole",
    "AttachRolePolicy",
    "DetachRolePolicy",
    "PutRolePolicy",
    "UpdateAssumeRolePolicy",
    "TagRole",
    restores="that only its service changes a service-linked role",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html",
)
def unmodifiable(call: Call, forward: Forward) -> Answer:
    """Refuse to change what belongs to a service."""
    name = call.params["RoleName"]
    role = next((role for role in backend(call).roles.values() if role.name == name), None)
    if role is not None and role.path.startswith(PATH):
        text = f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
        raise ServiceError("UnmodifiableEntity", text)
    return forward()


@correction(
    "iam",
    "DeleteServiceLinkedRole",
    restores="a deletion with a task to ask about",
    aws=f"{API}/API_DeleteServiceLinkedRole.html",
)
def delete_linked_role(call: Call, _forward: Forward) -> Answer:
    """Delete the role, and answer the id of the task."""
    role = call.ask("iam", "GetRole", RoleName=call.params["RoleName"])["Role"]
    call.ask("iam", "DeleteRole", RoleName=role["RoleName"])
    task = f"task{role['Path']}{role['RoleName']}/0"
    shelf("linked role deletions")[task] = "SUCCEEDED"
    return {"DeletionTaskId": task}


@correction(
    "iam",
    "GetServiceLinkedRoleDeletionStatus",
    restores="the status of such a task",
    aws=f"{API}/API_GetServiceLinkedRoleDeletionStatus.html",
)
def deletion_status(call: Call, _forward: Forward) -> Answer:
    """How the deletion went."""
    task = call.params["DeletionTaskId"]
    if task not in shelf("linked role deletions"):
        raise ServiceError("NoSuchEntity", f"No deletion task {task}", 404)
    return {"Status": "SUCCEEDED"}
