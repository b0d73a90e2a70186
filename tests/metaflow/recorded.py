"""Calls that somebody recorded, as botocore has them: what IAM asks of each, and whether a need was declared for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from mfinfra.evaluate import Request
from mfinfra.metaflow import needs
from mfinfra.metaflow.needs import Need
from mfinfra.metaflow.parts import Parts
from mfinfra.model import Scope

_Ask: TypeAlias = Callable[[Scope, Mapping[str, Any]], Iterable[Request]]

_READS: Final = ("HeadObject", "GetObject")
_WRITES: Final = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
_ANYWHERE: Final = (
    *(f"batch:{name}" for name in ("DescribeJobQueues", "DescribeComputeEnvironments", "DescribeJobDefinitions")),
    *("batch:DescribeJobs", "batch:ListJobs", "states:ListStateMachines"),
)
_ON_MACHINES: Final = ("UpdateStateMachine", "DescribeStateMachine", "DeleteStateMachine", "StartExecution")


def covers(parts: Parts, service: str, operation: str, params: Mapping[str, Any], *, role: str = needs.USER) -> bool:
    """Whether everything that a recorded call asks for is among the needs of `role`.

    `service`, `operation` and `params` are as botocore has them: `batch`, `SubmitJob`, `{"jobQueue": …}`.
    """
    wanted = asked(parts.scope, service, operation, params)
    declared = [need for need in needs.of(parts) if need.role == role]
    return bool(wanted) and all(any(_is(need, request) for need in declared) for request in wanted)


def asked(scope: Scope, service: str, operation: str, params: Mapping[str, Any]) -> tuple[Request, ...]:
    """What a call asks IAM for, as far as the call tells; nothing for one that Metaflow is not known to make."""
    ask = _ASKS.get((service, operation))
    return tuple(ask(scope, params)) if ask else ()


def _is(need: Need, request: Request) -> bool:
    same = all(need.context.get(key) == values for key, values in request.context.items())
    return same and need.action == request.action and fnmatchcase(request.resource, str(need.within))


def _object(action: str) -> _Ask:
    return lambda scope, params: [Request(action, f"arn:{scope.partition}:s3:::{params['Bucket']}/{params['Key']}")]


def _bucket(scope: Scope, params: Mapping[str, Any]) -> Iterable[Request]:
    return [Request("s3:ListBucket", f"arn:{scope.partition}:s3:::{params['Bucket']}")]


def _anywhere(action: str) -> _Ask:
    return lambda _, __: [Request(action, "*")]


def _named(action: str, param: str, before: str) -> _Ask:
    """A resource of the action's service that goes by its name, or by its ARN."""
    service = action.partition(":")[0]
    return lambda scope, params: [Request(action, _arn(scope, service, before, str(params[param])))]


def _arn(scope: Scope, service: str, before: str, name: str) -> str:
    return name if name.startswith("arn:") else scope.arn(service, f"{before}{name}")


def _passing(ask: _Ask, service: str, roles: Callable[[Mapping[str, Any]], Iterable[Any]]) -> _Ask:
    """A call that hands roles to a service beside what else it asks for."""
    to = {"iam:PassedToService": (f"{service}.amazonaws.com",)}

    def both(scope: Scope, params: Mapping[str, Any]) -> Iterable[Request]:
        passed = dict.fromkeys(str(role) for role in roles(params) if role)
        return [*ask(scope, params), *(Request("iam:PassRole", role, to) for role in passed)]

    return both


def _submit(scope: Scope, params: Mapping[str, Any]) -> Iterable[Request]:
    tagged = [Request("batch:TagResource", scope.arn("batch", "job/new"))] if params.get("tags") else []
    queue = _arn(scope, "batch", "job-queue/", str(params["jobQueue"]))
    definition = _arn(scope, "batch", "job-definition/", str(params["jobDefinition"]))
    return [Request("batch:SubmitJob", queue), Request("batch:SubmitJob", definition), *tagged]


def _secret(scope: Scope, params: Mapping[str, Any]) -> Iterable[Request]:
    # AWS adds six characters to the name, which who asks by name does not know.
    name = str(params["SecretId"])
    arn = name if name.startswith("arn:") else scope.arn("secretsmanager", f"secret:{name}-AbCdEf")
    return [Request("secretsmanager:GetSecretValue", arn)]


def _containers(params: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    nodes = params.get("nodeProperties", {}).get("nodeRangeProperties", ())
    return [params.get("containerProperties", {}), *(node.get("container", {}) for node in nodes)]


def _container_roles(params: Mapping[str, Any]) -> Iterable[Any]:
    return [box.get(name) for box in _containers(params) for name in ("jobRoleArn", "executionRoleArn")]


_ASKS: Final[Mapping[tuple[str, str], _Ask]] = {
    **{("s3", name): _object("s3:GetObject") for name in _READS},
    **{("s3", name): _object("s3:PutObject") for name in _WRITES},
    ("s3", "AbortMultipartUpload"): _object("s3:AbortMultipartUpload"),
    ("s3", "ListObjectsV2"): _bucket,
    **{
        ({"states": "stepfunctions"}.get(service, service), name): _anywhere(action)
        for action in _ANYWHERE
        for service, name in [action.split(":")]
    },
    ("batch", "RegisterJobDefinition"): _passing(
        _named("batch:RegisterJobDefinition", "jobDefinitionName", "job-definition/"), "ecs-tasks", _container_roles
    ),
    ("batch", "SubmitJob"): _submit,
    ("batch", "TerminateJob"): _named("batch:TerminateJob", "jobId", "job/"),
    ("stepfunctions", "CreateStateMachine"): _passing(
        _named("states:CreateStateMachine", "name", "stateMachine:"), "states", lambda params: [params["roleArn"]]
    ),
    **{
        ("stepfunctions", name): _passing(
            _named(f"states:{name}", "stateMachineArn", "stateMachine:"),
            "states",
            lambda params: [params.get("roleArn")],
        )
        for name in (*_ON_MACHINES, "ListExecutions")
    },
    ("stepfunctions", "StopExecution"): _named("states:StopExecution", "executionArn", "execution:"),
    **{
        ("events", name): _named(f"events:{name}", "Name", "rule/") for name in ("PutRule", "DisableRule", "DeleteRule")
    },
    ("events", "PutTargets"): _passing(
        _named("events:PutTargets", "Rule", "rule/"),
        "events",
        lambda params: [target.get("RoleArn") for target in params["Targets"]],
    ),
    ("events", "RemoveTargets"): _named("events:RemoveTargets", "Rule", "rule/"),
    **{
        ("dynamodb", name): _named(f"dynamodb:{name}", "TableName", "table/")
        for name in ("PutItem", "GetItem", "UpdateItem")
    },
    ("secretsmanager", "GetSecretValue"): _secret,
    ("sts", "AssumeRole"): _named("sts:AssumeRole", "RoleArn", "role/"),
}
