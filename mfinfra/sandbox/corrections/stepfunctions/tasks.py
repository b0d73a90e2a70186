"""What a Task asks of another service, with the role of its state machine.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model

from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.call import Call, ServiceError
from mfinfra.sandbox.corrections.iam import assumed
from mfinfra.sandbox.corrections.stepfunctions import shapes
from mfinfra.sandbox.corrections.stepfunctions.engine import Engine
from mfinfra.sandbox.machines.failure import PERMISSIONS, RUNTIME, StateError

RESOURCE: Final = re.compile(
    r"arn:[^:]+:states:[^:]*:\d*:(?P<kind>aws-sdk:)?(?P<service>[a-z0-9]+):(?P<action>[A-Za-z0-9]+)(?P<how>\.\w+)?"
)
OPTIMISED: Final = frozenset({"batch", "dynamodb", "s3"})
"""Services whose own integration the sandbox has; s3 is that of item readers and result writers."""

UNNAMED: Final = {"batch": "AWSBatchException", "dynamodb": "AmazonDynamoDBException"}
"""What an error is called that the service's model does not name: the general one of the service."""

SIGNED: Final = {"batch": "AWSBatch", "dynamodb": "AmazonDynamoDBv2", "s3": "Amazon S3"}
"""What a service calls itself in an error of its own integration, https://github.com/ASFHyP3/hyp3/pull/805."""

PREFIXES: Final = {"batch": "Batch", "dynamodb": "DynamoDB", "s3": "S3"}
Resources = Callable[[Call, Mapping[str, Any]], tuple[str, ...]]


def _named(call: Call, service: str, kind: str, name: str) -> str:
    return name if name.startswith("arn:") else call.arn(f"{kind}/{name}", service=service)


RESOURCES: Final[Mapping[str, Resources]] = {
    "batch:SubmitJob": lambda call, params: (
        _named(call, "batch", "job-queue", params["jobQueue"]),
        _named(call, "batch", "job-definition", params["jobDefinition"]),
    ),
    "batch:TerminateJob": lambda call, params: (_named(call, "batch", "job", params["jobId"]),),
    "batch:TagResource": lambda call, _params: (call.arn("job/*", service="batch"),),
    "dynamodb:GetItem": lambda call, params: (_named(call, "dynamodb", "table", params["TableName"]),),
    "dynamodb:PutItem": lambda call, params: (_named(call, "dynamodb", "table", params["TableName"]),),
    "dynamodb:UpdateItem": lambda call, params: (_named(call, "dynamodb", "table", params["TableName"]),),
    "dynamodb:DeleteItem": lambda call, params: (_named(call, "dynamodb", "table", params["TableName"]),),
    "s3:GetObject": lambda call, params: (f"arn:{call.partition}:s3:::{params['Bucket']}/{params['Key']}",),
    "s3:PutObject": lambda call, params: (f"arn:{call.partition}:s3:::{params['Bucket']}/{params['Key']}",),
}
"""The resources that a role is asked about; of another action all, as a policy for it would have to say."""


@dataclass(frozen=True, slots=True)
class Integration:
    """A Task's resource, taken apart: the operation that it asks for, and whether it waits for a job."""

    service: str
    operation: str
    action: str
    waits: bool

    @classmethod
    def of(cls, resource: str) -> Integration:
        """Of an ARN. Raises `StateError` for what the sandbox cannot do."""
        found = RESOURCE.fullmatch(resource)
        known = found and (found["kind"] or found["service"] in OPTIMISED)
        waits = bool(found and found["how"])
        if not found or not known or (waits and (found["service"], found["action"]) != ("batch", "submitJob")):
            raise StateError(RUNTIME, f"the sandbox does not perform {resource}")
        action = found["action"]
        return cls(found["service"], action[:1].upper() + action[1:], f"{action}{found['how'] or ''}", waits)

    @property
    def model(self) -> Any:
        """Botocore's model of the operation. Raises `StateError`."""
        try:
            return get_service_model(self.service).operation_model(self.operation)
        except (OperationNotFoundError, UnknownServiceError) as error:
            raise StateError(RUNTIME, f"{self.service} has no {self.operation}") from error

    def failed(self, error: ServiceError) -> StateError:
        """What the execution sees of a service's error."""
        prefix = PREFIXES.get(self.service, self.service.capitalize())
        modelled = {shape.name for shape in get_service_model(self.service).error_shapes}
        name = error.code if error.code.endswith("Exception") else f"{error.code}Exception"
        if error.code not in modelled and name not in modelled:
            name = UNNAMED.get(self.service, f"{prefix}Exception")
        said = (f"Service: {SIGNED.get(self.service, prefix)}", f"Status Code: {error.status}")
        told = f"({'; '.join(said)}; Error Code: {error.code}; Request ID: {uuid.uuid4()}; Proxy: null)"
        return StateError(f"{prefix}.{name}", f"{error.message} {told}")


def perform(engine: Engine, call: Call, role: str, integration: Integration, parameters: Any) -> Any:
    """Ask for the operation with the rights of `role`; its answer as Step Functions writes it. Raises `StateError`."""
    model = integration.model
    params = asked_with(integration, parameters)
    try:
        with lock:
            check(call, role, f"{integration.service}:{integration.operation}", params)
            if integration.operation == "SubmitJob" and params.get("tags"):
                # https://docs.aws.amazon.com/batch/latest/userguide/supported-iam-actions-tagging.html
                check(call, role, "batch:TagResource", params)
            answer = engine.ask(call, integration.service, integration.operation, **params)
    except ServiceError as error:
        raise integration.failed(error) from error
    return shapes.out_of(model.output_shape, answer)


def asked_with(integration: Integration, parameters: Any) -> Any:
    """The parameters as the service's model writes them. Raises `StateError` for what it does not take."""
    shape = integration.model.input_shape
    if shape is None:
        return {}
    params = shapes.into(shape, parameters, integration.action)
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        told = f"The Parameters '{json.dumps(parameters)}' could not be used to start the Task"
        raise StateError(RUNTIME, f"{told}: [{report.generate_report()}]")
    return params


def check(call: Call, role: str, action: str, params: Mapping[str, Any]) -> None:
    """Refuse what the role may not do. Raises `ServiceError`."""
    resources = RESOURCES[action](call, params) if action in RESOURCES else ("*",)
    for resource in resources:
        if not assumed.may(call, role, action, (resource,)):
            user = f"{role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/states"
            told = f"User: {user} is not authorized to perform: {action} on resource: {resource}"
            raise ServiceError("AccessDeniedException", told, 403)


def start_children(call: Call, role: str, machine: str) -> None:
    """Refuse a distributed map whose role may not start executions. Raises `StateError`."""
    if not assumed.may(call, role, "states:StartExecution", (machine,)):
        told = f"{role} is not authorized to perform: states:StartExecution on resource: {machine}"
        raise StateError(PERMISSIONS, f"Failed to start the Map Run: {told}")
