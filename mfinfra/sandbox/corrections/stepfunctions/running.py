"""An execution under way: the world that the interpreter asks, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any, Final

from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.stepfunctions import histories, jobs, tasks
from mfinfra.sandbox.corrections.stepfunctions.engine import Engine
from mfinfra.sandbox.corrections.stepfunctions.records import Execution, MapRunRecord, executions, map_runs, now
from mfinfra.sandbox.corrections.stepfunctions.tasks import Integration
from mfinfra.sandbox.machines import interpret
from mfinfra.sandbox.machines.failure import RUNTIME, StateError
from mfinfra.sandbox.machines.world import Child, Definition, Limits, Line, MapRun

PACE: Final = 0.02
"""Seconds that a second between two tries takes: nothing in the sandbox has to recover meanwhile."""

MOST_EVENTS: Final = 25_000
"""Events of one history, the last of which is its end.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

log = logging.getLogger(__name__)


class Running:
    """One execution in the sandbox: what its states ask for, they ask here."""

    def __init__(self, engine: Engine, call: Call, execution: Execution) -> None:
        self._engine, self._call, self.execution = engine, call, execution

    def begin_run(self, definition: Definition, value: Any) -> None:
        """Let it run beside the requests."""
        self.execution.work = self._engine.begin(self.run(definition, value), self.aborted)

    async def run(self, definition: Definition, value: Any) -> None:
        """Run the machine, and note how it ended."""
        role = self.execution.machine["roleArn"]
        line = Line(self, self._context(value))
        line.tell("ExecutionStarted", input=value, roleArn=role)
        limit = definition.get("TimeoutSeconds")
        try:
            async with asyncio.timeout(limit):
                output = await interpret.run(definition, value, line)
        except StateError as failure:
            self._end(line, "FAILED", error=failure.error, cause=failure.cause)
        except TimeoutError:
            self._end(line, "TIMED_OUT", error="States.Timeout")
        except Exception as error:
            log.exception("execution %s", self.execution.arn)
            self._end(line, "FAILED", error=RUNTIME, cause=f"the sandbox failed: {error!r}; its log says how")
        else:
            self._end(line, "SUCCEEDED", output=output)

    def aborted(self) -> None:
        """Note, when all has ended, that it was stopped before its end."""
        if self._engine.closed or self.execution.status not in ("RUNNING", "ABORTED"):
            return
        with lock:
            self.execution.end("ABORTED")
        details = {"error": self.execution.error, "cause": self.execution.cause}
        self.tell("ExecutionAborted", details, len(self.execution.events))

    async def perform(self, resource: str, parameters: Any, line: Line) -> Any:
        """Do what a Task's `resource` says, with the rights of the machine's role. Raises `StateError`."""
        integration = Integration.of(resource)
        about = {"resourceType": integration.service, "resource": integration.action}
        region = self._call.region
        line.tell("TaskScheduled", **about, region=region, parameters=parameters)
        line.tell("TaskStarted", **about)
        role = self.execution.machine["roleArn"]
        failed = "TaskSubmitFailed" if integration.waits else "TaskFailed"

        def submitted(answer: Any) -> None:
            nonlocal failed
            failed = "TaskFailed"
            line.tell("TaskSubmitted", **about, output=answer)

        try:
            if integration.waits:
                output = await jobs.run(self._engine, self._call, role, integration, parameters, submitted)
            else:
                output = tasks.perform(self._engine, self._call, role, integration, parameters)
        except StateError as failure:
            line.tell(failed, **about, error=failure.error, cause=failure.cause)
            raise
        line.tell("TaskSucceeded", **about, output=output)
        return output

    async def wait(self, seconds: float) -> None:
        """Let a Wait's time pass."""
        await asyncio.sleep(seconds)

    async def back_off(self, seconds: float) -> None:
        """Let the time before another try pass, faster."""
        await asyncio.sleep(seconds * PACE)

    def now(self) -> str:
        """The time."""
        return _written(now())

    def tell(self, kind: str, details: Mapping[str, Any], previous: int) -> int:
        """Write an event into the history, and into the log. Raises `StateError` where there is no room for it."""
        if len(self.execution.events) >= MOST_EVENTS - 1 and not kind.startswith("Execution"):
            raise StateError(RUNTIME, f"The execution reached the maximum number of history events ({MOST_EVENTS}).")
        with lock:
            event = histories.tell(self.execution, kind, details, previous)
        histories.deliver(self._engine, self._call, self.execution, event)
        return int(event["id"])

    def begin(self, label: str, items: int, limits: Limits) -> MapRun:
        """Begin a run of a distributed map. Raises `StateError` where the role may not."""
        tasks.start_children(self._call, self.execution.machine["roleArn"], self.execution.machine_arn)
        return Children(self._engine, self._call, self.execution, label, items, limits)

    def check(self) -> None:
        """End here, between two states, if the state machine was deleted.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
        """
        arn = self.execution.machine_arn
        call = self._call
        with lock:
            if not call.asks("StateMachineDoesNotExist", "stepfunctions", "DescribeStateMachine", stateMachineArn=arn):
                raise asyncio.CancelledError

    def _context(self, value: Any) -> dict[str, Any]:
        """The context object.

        https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
        """
        execution = self.execution
        return {
            "Execution": {
                "Id": execution.arn,
                "Input": value,
                "Name": execution.name,
                "RoleArn": execution.machine["roleArn"],
                "StartTime": _written(execution.started),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": execution.machine_arn, "Name": execution.machine["name"]},
        }

    def _end(self, line: Line, status: str, **details: Any) -> None:
        with lock:
            if self.execution.status != "RUNNING":
                return  # it was stopped in the same moment
            kind = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}
            texts = {name: json.dumps(each) if name == "output" else each for name, each in details.items()}
            line.tell(kind[status], **details)
            self.execution.end(status, **texts)


class Children:
    """One run of a distributed map, whose items are executions of their own."""

    def __init__(  # noqa: PLR0913, PLR0917  all of it is the run
        self, engine: Engine, call: Call, parent: Execution, label: str, items: int, limits: Limits
    ) -> None:
        self._engine, self._call, self._parent = engine, call, parent
        self._label = "".join(letter for letter in label if letter.isalnum() or letter in "-_") or "Map"
        whole = f"{parent.machine['name']}/{self._label}:{uuid.uuid4()}"
        self._record = MapRunRecord(call.arn(f"mapRun:{whole}", service="states"), parent.arn, items, limits)
        with lock:
            map_runs(call.region)[self._record.arn] = self._record

    @property
    def arn(self) -> str:
        """What it goes by."""
        return self._record.arn

    async def child(self, processor: Definition, value: Any) -> Child:
        """Run one child execution to its end."""
        name = str(uuid.uuid4())
        arn = self._call.arn(f"execution:{self._parent.machine['name']}/{self._label}:{name}", service="states")
        machine = {**self._parent.machine, "stateMachineArn": f"{self._parent.machine_arn}/{self._label}"}
        execution = Execution(arn, name, machine, json.dumps(value, separators=(",", ":")), self.arn)
        with lock:
            executions(self._call.region)[arn] = execution
        running = _Child(self._engine, self._call, execution)
        try:
            await running.run(processor, value)
        except asyncio.CancelledError:
            running.aborted()
            raise
        output = None if execution.output is None else json.loads(execution.output)
        return Child("SUCCEEDED" if execution.status == "SUCCEEDED" else "FAILED", output, _row(execution))

    def ended(self, status: str) -> None:
        """Take note of how the run ended."""
        with lock:
            self._record.status, self._record.stopped = status, now()


class _Child(Running):
    """A child execution, which goes by a machine that is part of its parent's."""

    def check(self) -> None:
        """Nothing: the parent's end is its end."""


def _row(execution: Execution) -> dict[str, Any]:
    """What a result writer writes of a child.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    row: dict[str, Any] = {
        "ExecutionArn": execution.arn,
        "Input": execution.input,
        "InputDetails": {"Included": True},
        "Name": execution.name,
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE" if execution.status == "SUCCEEDED" else "REDRIVABLE",
        "StartDate": _written(execution.started),
        "StateMachineArn": execution.machine_arn,
        "Status": execution.status,
        "StopDate": _written(execution.stopped or now()),
    }
    if execution.status == "SUCCEEDED":
        return {**row, "Output": execution.output, "OutputDetails": {"Included": True}}
    return {**row, "Error": execution.error, "Cause": execution.cause}


def _written(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
