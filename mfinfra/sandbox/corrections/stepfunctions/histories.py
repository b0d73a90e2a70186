"""The history of an execution, and its way into a log group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from moto.core.utils import get_service_model

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.stepfunctions.engine import Engine
from mfinfra.sandbox.corrections.stepfunctions.records import Execution, find, now, page

MOST: Final = 100
DATA: Final = ("input", "output", "parameters")
FATAL: Final = frozenset({"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
ENDINGS: Final = ("Failed", "Aborted", "TimedOut")


def tell(execution: Execution, kind: str, details: Mapping[str, Any], previous: int) -> dict[str, Any]:
    """Write an event into the history."""
    event: dict[str, Any] = {
        "timestamp": now(),
        "type": kind,
        "id": len(execution.events) + 1,
        "previousEventId": previous,
    }
    member = _member(kind)
    if member:
        event[member] = _written(member, details)
    execution.events.append(event)
    return event


def deliver(engine: Engine, call: Call, execution: Execution, event: Mapping[str, Any]) -> None:
    """Write an event into the log group that the state machine names, if it logs at that level.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """
    config = execution.machine.get("loggingConfiguration") or {}
    if engine.closed or not _logged(config.get("level", "OFF"), event["type"]):
        return
    group = config["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"].split(":")[6]
    if not execution.stream:
        execution.stream = f"states/{execution.machine['name']}/{now():%Y-%m-%d-%H-%M}/{execution.name[-8:]}"
        _make(engine, call, group, execution.stream)
    details = next((dict(value) for key, value in event.items() if key.endswith("Details")), {})
    if not config.get("includeExecutionData", False):
        details = {key: value for key, value in details.items() if key.removesuffix("Details") not in DATA}
    moment = int(event["timestamp"].timestamp() * 1000)
    row = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": details,
        "redrive_count": "0",
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(moment),
        "execution_arn": execution.arn,
    }
    rows = [{"timestamp": moment, "message": json.dumps(row, separators=(",", ":"))}]
    engine.ask(call, "logs", "PutLogEvents", logGroupName=group, logStreamName=execution.stream, logEvents=rows)


@correction(
    "states",
    "GetExecutionHistory",
    restores="what happened, instead of the same four events of 2020",
    aws="https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html",
)
def execution_history(call: Call, _forward: Forward) -> Answer:
    """The events, oldest first."""
    events = find(call.region, call.params["executionArn"]).events
    rows = [*reversed(events)] if call.params.get("reverseOrder") else [*events]
    shown, more = page(rows, call.params, MOST)
    if call.params.get("includeExecutionData", True) is False:
        shown = [_without_data(event) for event in shown]
    return {"events": shown, **more}


@cache
def _shape() -> Any:
    return get_service_model("stepfunctions").shape_for("HistoryEvent")


@cache
def _member(kind: str) -> str | None:
    """Where the details of an event of this kind stand, `None` where it has none."""
    for ending in ("StateEntered", "StateExited"):
        if kind.endswith(ending):
            kind = ending
    member = f"{kind[:1].lower()}{kind[1:]}EventDetails"
    return member if member in _shape().members else None


def _written(member: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Details as the model writes them: values as JSON, with a word of their length."""
    known = _shape().members[member].members
    written: dict[str, Any] = {}
    for name, value in details.items():
        if name in known and value is not None:
            written[name] = json.dumps(value, separators=(",", ":")) if name in DATA else value
            if f"{name}Details" in known:
                written[f"{name}Details"] = {"truncated": False}
    return written


def _without_data(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {name: each for name, each in value.items() if name not in DATA} if key.endswith("EventDetails") else value
        for key, value in event.items()
    }


def _logged(level: str, kind: str) -> bool:
    if level == "ERROR":
        return kind.endswith(ENDINGS)
    return level == "ALL" or (level == "FATAL" and kind in FATAL)


def _make(engine: Engine, call: Call, group: str, stream: str) -> None:
    known = engine.ask(call, "logs", "DescribeLogStreams", logGroupName=group, logStreamNamePrefix=stream)["logStreams"]
    if not known:
        engine.ask(call, "logs", "CreateLogStream", logGroupName=group, logStreamName=stream)
