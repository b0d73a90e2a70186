"""State machines: what may be created and updated, and what is the same again."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.iam import assumed
from mfinfra.sandbox.machines.definition import problems
from mfinfra.sandbox.machines.world import states_of

API: Final = "https://docs.aws.amazon.com/step-functions/latest/apireference"
GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"
GROUP: Final = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:(?P<name>[^:*]+):\*")
LEVELS: Final = ("ALL", "ERROR", "FATAL")
DELIVERY: Final = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
"""What the role has to be allowed for logs; `logs:DeleteLogDelivery` only when they end.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
"""
MANAGED_RULES: Final = {"batch:submitJob.sync": "StepFunctionsGetEventsForBatchJobsRule"}
MANAGING: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
SAME: Final = ("definition", "type", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
DEFAULTS: Final[dict[str, Any]] = {
    "type": "STANDARD",
    "loggingConfiguration": {"level": "OFF"},
    "tracingConfiguration": {"enabled": False},
    "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
}


@correction(
    "states",
    "CreateStateMachine",
    restores="a name that is taken by another machine, and the same machine created once",
    aws=f"{API}/API_CreateStateMachine.html",
)
def machine_names(call: Call, forward: Forward) -> Answer:
    """Refuse another machine of the same name. Role and tags make no difference, as the page says."""
    arn = call.arn(f"stateMachine:{call.params['name']}")
    known = call.asks("StateMachineDoesNotExist", "stepfunctions", "DescribeStateMachine", stateMachineArn=arn)
    if known is not None:
        wished = {**DEFAULTS, **call.params}
        if any(wished[field] != known.get(field, DEFAULTS.get(field)) for field in SAME):
            raise ServiceError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    return forward()


@correction(
    "states",
    "CreateStateMachine",
    "UpdateStateMachine",
    restores="definitions that are checked",
    aws=f"{API}/API_ValidateStateMachineDefinition.html",
)
def definitions(call: Call, forward: Forward) -> Answer:
    """Refuse what is no definition."""
    wrong = problems(call.params["definition"]) if "definition" in call.params else []
    if wrong:
        raise ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{', '.join(wrong)}'")
    return forward()


@correction(
    "states",
    "CreateStateMachine",
    "UpdateStateMachine",
    restores="that the role is there, trusts Step Functions and may make the rules that a job's end is told by",
    aws=f"{GUIDE}/connect-to-resource.html",
)
def machine_role(call: Call, forward: Forward) -> Answer:
    """Refuse a role that cannot be assumed, or that may not create the managed rule of `.sync`.

    The words are Step Functions', https://github.com/lumigo-io/lumigo-CLI/issues/83; those of the rule stand in
    https://repost.aws/knowledge-center/step-functions-iam-role-troubleshooting
    """
    before = _before(call)
    arn = str(call.params.get("roleArn", before.get("roleArn", "")))
    services = ("states.amazonaws.com", f"states.{call.region}.amazonaws.com")
    source = str(call.params.get("stateMachineArn") or call.arn(f"stateMachine:{call.params['name']}"))
    if arn.startswith("arn:") and not assumed.assumable(call, arn, services, source):
        told = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume"
        raise ServiceError("AccessDeniedException", f"{told} the provided role.")
    text = str(call.params.get("definition", before.get("definition")))
    used = {str(state.get("Resource", "")).partition(":::")[2] for _, state in states_of(json.loads(text))}
    for rule in sorted(MANAGED_RULES[resource] for resource in used & MANAGED_RULES.keys()):
        target = call.arn(f"rule/{rule}", service="events")
        if not all(assumed.may(call, arn, action, (target,)) for action in MANAGING):
            raise ServiceError("AccessDeniedException", f"'{arn}' is not authorized to create managed-rule.")
    return forward()


@correction(
    "states",
    "CreateStateMachine",
    "UpdateStateMachine",
    restores="a log destination that is a group of this account, its ARN with `:*`, and open to the role",
    aws=f"{API}/API_LoggingConfiguration.html",
)
def log_destination(call: Call, forward: Forward) -> Answer:
    """Refuse a destination that cannot be one.

    The words of the last are Step Functions', https://github.com/serverless/serverless/issues/7579.
    """
    config = call.params.get("loggingConfiguration") or {}
    if config.get("level", "OFF") in LEVELS:
        rows = config.get("destinations") or []
        if len(rows) != 1:
            raise _no_destination("Must specify exactly one Log Destination.")
        arn = str(rows[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn", ""))
        found = GROUP.fullmatch(arn)
        if found is None:
            raise _no_destination("Log Destination is not a valid ARN of a log group; it must end with `:*`.")
        groups = call.ask("logs", "DescribeLogGroups", logGroupNamePrefix=found["name"])["logGroups"]
        known = found["name"] in [group["logGroupName"] for group in groups] and f":{call.account}:" in arn
        machine_role = str(call.params.get("roleArn") or _before(call).get("roleArn"))
        if not known or not all(assumed.may(call, machine_role, action) for action in DELIVERY):
            told = "The state machine IAM Role is not authorized to access the Log Destination"
            raise ServiceError("AccessDeniedException", told)
    return forward()


@correction(
    "states",
    "ValidateStateMachineDefinition",
    restores="the operation, which moto has not",
    aws=f"{API}/API_ValidateStateMachineDefinition.html",
)
def validate_definition(call: Call, _forward: Forward) -> Answer:
    """Say what is wrong with a definition."""
    rows = []
    for wrong in problems(call.params["definition"]):
        code, _, rest = wrong.partition(": ")
        message, _, location = rest.rpartition(" at ")
        rows.append({"severity": "ERROR", "code": code, "message": message or rest, "location": location})
    return {"result": "FAIL" if rows else "OK", "diagnostics": rows}


def _before(call: Call) -> Answer:
    """The machine that is updated, as it is; nothing where one is created."""
    if call.operation == "CreateStateMachine":
        return {}
    return call.ask("stepfunctions", "DescribeStateMachine", stateMachineArn=call.params["stateMachineArn"])


def _no_destination(why: str) -> ServiceError:
    return ServiceError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")
