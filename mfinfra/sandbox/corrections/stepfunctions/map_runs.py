"""Runs of distributed maps, looked at."""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.stepfunctions import records
from mfinfra.sandbox.corrections.stepfunctions.records import MapRunRecord

API: Final = "https://docs.aws.amazon.com/step-functions/latest/apireference"
MOST: Final = 100
COUNTED: Final = {
    "running": ("RUNNING",),
    "succeeded": ("SUCCEEDED",),
    "failed": ("FAILED",),
    "timedOut": ("TIMED_OUT",),
    "aborted": ("ABORTED",),
}


@correction(
    "states",
    "ListMapRuns",
    restores="the runs of distributed maps that an execution began",
    aws=f"{API}/API_ListMapRuns.html",
)
def list_map_runs(call: Call, _forward: Forward) -> Answer:
    """The runs, oldest first."""
    execution = records.find(call.region, call.params["executionArn"])
    rows = [_row(call, each) for each in records.map_runs(call.region).values() if each.execution == execution.arn]
    shown, more = records.page(rows, call.params, MOST)
    return {"mapRuns": shown, **more}


@correction(
    "states",
    "DescribeMapRun",
    restores="how a run of a distributed map is",
    aws=f"{API}/API_DescribeMapRun.html",
)
def describe_map_run(call: Call, _forward: Forward) -> Answer:
    """Its status, and how many children are in which."""
    arn = call.params["mapRunArn"]
    run = records.map_runs(call.region).get(arn)
    if run is None:
        raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
    children = [each.status for each in records.executions(call.region).values() if each.map_run == arn]
    counts: dict[str, Any] = {name: sum(each in statuses for each in children) for name, statuses in COUNTED.items()}
    counts |= {"pending": run.items - len(children), "total": run.items, "resultsWritten": 0}
    told = _row(call, run)
    return {
        **{name: told[name] for name in ("mapRunArn", "executionArn", "startDate", "stopDate") if name in told},
        "status": run.status,
        "maxConcurrency": run.limits.at_once,
        "toleratedFailurePercentage": run.limits.failure_percentage,
        "toleratedFailureCount": run.limits.failures,
        "itemCounts": counts,
        "executionCounts": counts,
        "redriveCount": 0,
    }


def _row(call: Call, run: MapRunRecord) -> dict[str, Any]:
    label = run.arn.split(":mapRun:")[1].split(":")[0]
    row = {
        "executionArn": run.execution,
        "mapRunArn": run.arn,
        "stateMachineArn": call.arn(f"stateMachine:{label}"),
        "startDate": run.started,
        "stopDate": run.stopped,
    }
    return {name: value for name, value in row.items() if value is not None}
