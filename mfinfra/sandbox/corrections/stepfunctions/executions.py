"""Executions: started, looked at, stopped."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.stepfunctions.engine import engine
from mfinfra.sandbox.corrections.stepfunctions.records import Execution, executions, find, map_runs, now, page
from mfinfra.sandbox.corrections.stepfunctions.running import Running
from mfinfra.sandbox.machines.failure import LONGEST_DATA

API: Final = "https://docs.aws.amazon.com/step-functions/latest/apireference"
NAME: Final = re.compile(r'[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}')
MOST: Final = 100
ABSENT: Final = "StateMachineDoesNotExist"


@correction(
    "states",
    "StartExecution",
    restores="an execution that runs, under a name that no other has",
    aws=f"{API}/API_StartExecution.html",
)
def start_execution(call: Call, _forward: Forward) -> Answer:
    """Start an execution; the same name with the same input, while it runs, is the same execution."""
    machine = call.ask("stepfunctions", "DescribeStateMachine", stateMachineArn=call.params["stateMachineArn"])
    name, text = call.params.get("name") or str(uuid.uuid4()), call.params.get("input", "{}")
    if not NAME.fullmatch(name):
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")
    value = _input(text)
    arn = call.arn(f"execution:{machine['name']}:{name}")
    known = executions(call.region).get(arn)
    if known is not None:
        if known.status == "RUNNING" and known.input == text:
            return {"executionArn": arn, "startDate": known.started}
        raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    execution = executions(call.region)[arn] = Execution(arn, name, machine, text)
    Running(engine(), call, execution).begin_run(json.loads(machine["definition"]), value)
    return {"executionArn": arn, "startDate": execution.started}


@correction(
    "states",
    "StopExecution",
    restores="an execution that is aborted, and its jobs with it",
    aws=f"{API}/API_StopExecution.html",
)
def stop_execution(call: Call, _forward: Forward) -> Answer:
    """Stop it; what has ended stays as it ended."""
    execution = find(call.region, call.params["executionArn"])
    if execution.status == "RUNNING":
        if execution.work is None:
            told = "the sandbox stops no child alone: stop the execution that began its map"
            raise ServiceError("ValidationException", told)
        execution.end("ABORTED", error=call.params.get("error"), cause=call.params.get("cause"))
        execution.work.cancel()
    return {"stopDate": execution.stopped or now()}


@correction(
    "states",
    "DescribeExecution",
    restores="what an execution was given and how it ended",
    aws=f"{API}/API_DescribeExecution.html",
)
def describe_execution(call: Call, _forward: Forward) -> Answer:
    """How it is."""
    execution = find(call.region, call.params["executionArn"])
    told: dict[str, Any] = {
        **_row(execution),
        "input": execution.input,
        "inputDetails": {"included": True},
        "redriveStatus": "NOT_REDRIVABLE",
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
    }
    if execution.output is not None:
        told["outputDetails"] = {"included": True}
    return {name: value for name, value in told.items() if value is not None}


@correction(
    "states",
    "ListExecutions",
    restores="the executions that ran, newest first, of a state machine or of a run of a distributed map",
    aws=f"{API}/API_ListExecutions.html",
)
def list_executions(call: Call, _forward: Forward) -> Answer:
    """The executions of one of both."""
    machine, map_run = call.params.get("stateMachineArn"), call.params.get("mapRunArn")
    if (machine is None) == (map_run is None):
        raise ServiceError("ValidationException", "Either stateMachineArn or mapRunArn must be given, and not both")
    if machine is not None:
        call.ask("stepfunctions", "DescribeStateMachine", stateMachineArn=machine)
    elif map_run not in map_runs(call.region):
        raise ServiceError("ResourceNotFound", f"Resource not found: '{map_run}'")
    rows = [
        _row(each)
        for each in reversed(executions(call.region).values())
        if each.map_run == map_run
        and (machine is None or each.machine_arn == machine)
        and call.params.get("statusFilter", each.status) == each.status
    ]
    shown, more = page(rows, call.params, MOST)
    return {"executions": shown, **more}


@correction(
    "states",
    "DescribeStateMachineForExecution",
    restores="the state machine as it was when the execution began",
    aws=f"{API}/API_DescribeStateMachineForExecution.html",
)
def machine_of_execution(call: Call, _forward: Forward) -> Answer:
    """The machine of an execution."""
    execution = find(call.region, call.params["executionArn"])
    kept = ("stateMachineArn", "name", "definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
    told = {name: execution.machine[name] for name in kept if name in execution.machine}
    return {**told, "updateDate": execution.machine["creationDate"]}


def _input(text: str) -> Any:
    if len(text.encode()) > LONGEST_DATA:
        raise ServiceError("InvalidExecutionInput", "Invalid State Machine Execution Input: 'the input is too long'")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ServiceError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error


def _row(execution: Execution) -> dict[str, Any]:
    """What a list tells of an execution."""
    row = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "stopDate": execution.stopped,
        "mapRunArn": execution.map_run,
        "redriveCount": 0,
    }
    return {name: value for name, value in row.items() if value is not None}
