"""Rules with a schedule and their targets."""

from __future__ import annotations

import json
from typing import Any, Final

from mfinfra.sandbox import schedules
from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.events import timetable
from mfinfra.sandbox.corrections.iam import assumed

API: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference"
SERVICE: Final = "events.amazonaws.com"
MOST_TARGETS: Final = 5


@correction(
    "events",
    "PutRule",
    restores="schedule expressions that are checked field by field, and kept",
    aws="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
def put_rule(call: Call, forward: Forward) -> Answer:
    """Refuse what is no schedule, and let one begin."""
    expression = call.params.get("ScheduleExpression")
    if expression:
        try:
            schedules.parse(expression)
        except schedules.ScheduleError as error:
            raise _invalid("Parameter ScheduleExpression is not valid.") from error
    answer = forward()
    if expression:
        timetable.keep(call, call.params["Name"], expression)
    return answer


@correction(
    "events",
    "PutTargets",
    restores="that a target of Step Functions has a role, which EventBridge can assume, and input that is JSON",
    aws=f"{API}/API_PutTargets.html",
)
def put_targets(call: Call, forward: Forward) -> Answer:
    """Refuse targets that could never be started."""
    rule = call.ask("events", "DescribeRule", Name=call.params["Rule"])
    before = call.ask("events", "ListTargetsByRule", Rule=call.params["Rule"])["Targets"]
    if len({row["Id"] for row in [*before, *call.params["Targets"]]}) > MOST_TARGETS:
        raise ServiceError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    for target in call.params["Targets"]:
        _check_target(call, target, rule["Arn"])
    return forward()


@correction(
    "events",
    "DeleteRule",
    restores="that a rule's schedule goes with it",
    aws=f"{API}/API_DeleteRule.html",
)
def delete_rule(call: Call, forward: Forward) -> Answer:
    """Forget the schedule of a rule that is gone."""
    answer = forward()
    timetable.forget(call, call.params["Name"])
    return answer


def _check_target(call: Call, target: dict[str, Any], rule: str) -> None:
    if "Input" in target:
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise _invalid(f"JSON syntax error in input for target {target['Id']} : {error}") from error
    if ":states:" in target["Arn"]:
        role = target.get("RoleArn")
        if not role:
            raise _invalid(f"RoleArn is required for target {target['Arn']}.")
        if not assumed.assumable(call, role, (SERVICE,), rule):
            raise _invalid(f"Provided role '{role}' cannot be assumed by principal '{SERVICE}'.")


def _invalid(why: str) -> ServiceError:
    return ServiceError("ValidationException", why)
