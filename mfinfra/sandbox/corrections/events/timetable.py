"""Schedules that are kept: once a minute, what is due is started, with the role of its target.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from __future__ import annotations

import json
import logging
import uuid
from asyncio import sleep
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mfinfra.sandbox import schedules
from mfinfra.sandbox.corrections import clock
from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.call import Answer, Call, ServiceError
from mfinfra.sandbox.corrections.iam import assumed
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.stepfunctions.engine import Engine, engine

MINUTE: Final = timedelta(minutes=1)
RUNNABLE: Final = ":stateMachine:"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule's schedule, from when it counts, and who put it."""

    schedule: schedules.Rate | schedules.Cron
    born: datetime
    call: Call


def keep(call: Call, rule: str, expression: str) -> None:
    """Let `rule` be due from now on when `expression` says."""
    known = shelf("timetable", call.region)
    schedule = schedules.parse(expression)
    if rule not in known or known[rule].schedule != schedule:
        known[rule] = Entry(schedule, _now(), call)
    shelf("scheduling regions")[call.region] = True
    running = engine()
    if "clock" not in shelf("timetable clock"):
        shelf("timetable clock")["clock"] = running.begin(watch(running))


def forget(call: Call, rule: str) -> None:
    """Let `rule` be due no more."""
    shelf("timetable", call.region).pop(rule, None)


def start_due(running: Engine, region: str, before: datetime, until: datetime) -> list[str]:
    """Start what is due in a region after `before` and not after `until`; the names of its rules."""
    with lock:
        due = [
            (name, entry)
            for name, entry in shelf("timetable", region).items()
            if entry.schedule.due(before, until, entry.born)
        ]
        return [name for name, entry in due if _start(running, entry.call, name, until)]


def _start(running: Engine, call: Call, name: str, moment: datetime) -> bool:
    rule = running.ask(call, "events", "DescribeRule", Name=name)
    if rule.get("State") != "ENABLED":
        return False
    for target in running.ask(call, "events", "ListTargetsByRule", Rule=name)["Targets"]:
        if RUNNABLE in target["Arn"]:
            _invoke(running, call, rule, target, moment)
        else:
            log.warning("the rule %s is due, and the sandbox starts state machines only: %s", name, target["Arn"])
    return True


def _invoke(running: Engine, call: Call, rule: Answer, target: Mapping[str, Any], moment: datetime) -> None:
    """Start an execution. EventBridge tells nobody of what fails but its metrics; the sandbox's log has it."""
    told = target.get("Input") or _event(call, rule, moment)
    if not assumed.may(call, target["RoleArn"], "states:StartExecution", (target["Arn"],)):
        log.warning("the role %s of the rule %s may not start %s", target["RoleArn"], rule["Name"], target["Arn"])
        return
    try:
        running.ask(call, "stepfunctions", "StartExecution", stateMachineArn=target["Arn"], input=told)
    except ServiceError as error:
        log.warning("the rule %s could not start %s: %s", rule["Name"], target["Arn"], error)


def _event(call: Call, rule: Answer, moment: datetime) -> str:
    """The event of a schedule, where the target has no input of its own."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": call.account,
        "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "region": call.region,
        "resources": [rule["Arn"]],
        "detail": {},
    }
    return json.dumps(event)


async def watch(running: Engine) -> None:
    """Look once a minute, at its beginning."""
    before = _now()
    while True:
        following = before.replace(second=0, microsecond=0) + MINUTE
        await sleep(max((following - _now()).total_seconds(), 0.01))
        until = _now()
        for region in [*shelf("scheduling regions")]:
            start_due(running, region, before, until)
        before = until


def _now() -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)
