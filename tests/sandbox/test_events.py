"""EventBridge: rules, targets, and schedules that are kept.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from state_machines import Machines, passing

from mfinfra.sandbox.corrections import clock
from mfinfra.sandbox.corrections.events import timetable
from mfinfra.sandbox.corrections.stepfunctions.engine import engine

pytestmark = pytest.mark.slow
HOURLY = "cron(0 * * * ? *)"
REGION = "us-east-1"


@pytest.fixture
def machines(sandbox, client_of):
    made = Machines(client_of)
    made.make_role("events", "events.amazonaws.com", {"start": ["states:StartExecution"]})
    return made


@pytest.fixture
def events(client_of):
    return client_of("events")


def target(machine, **more):
    usual = {"Id": "m", "Arn": machine, "RoleArn": "arn:aws:iam::123456789012:role/events", "Input": '{"a": 1}'}
    return {key: value for key, value in {**usual, **more}.items() if value is not None}


def refusal(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"


def pass_an_hour():
    """Let the next full hour come; the rules that it started."""
    now = datetime.now(UTC)
    return timetable.start_due(engine(), REGION, now, now + timedelta(hours=1))


def runs(machines, machine):
    return machines.sfn.list_executions(stateMachineArn=machine)["executions"]


@pytest.mark.parametrize("expression", ["cron(0 * * * *)", "cron(61 * * * ? *)", "rate(1 minutes)", "hourly"])
def test_what_is_no_schedule_is_refused(machines, events, expression):
    told = refusal(events.put_rule, Name="r", ScheduleExpression=expression)
    assert told == "ValidationException: Parameter ScheduleExpression is not valid."
    assert events.list_rules()["Rules"] == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"RoleArn": None}, "RoleArn is required for target"),
        (
            {"RoleArn": "arn:aws:iam::123456789012:role/states"},
            "cannot be assumed by principal 'events.amazonaws.com'.",
        ),
        (
            {"RoleArn": "arn:aws:iam::123456789012:role/nobody"},
            "cannot be assumed by principal 'events.amazonaws.com'.",
        ),
        ({"Input": "{"}, "JSON syntax error in input for target m"),
    ],
)
def test_a_target_that_could_never_be_started_is_refused(machines, events, more, told):
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    machine = machines.create(passing())
    assert told in refusal(events.put_targets, Rule="r", Targets=[target(machine, **more)])
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_a_rule_has_five_targets_at_most(machines, events):
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    machine = machines.create(passing())
    events.put_targets(Rule="r", Targets=[target(machine, Id=str(number)) for number in range(5)])
    told = refusal(events.put_targets, Rule="r", Targets=[target(machine, Id="6")])
    assert told.startswith("LimitExceededException")


def test_a_rule_with_targets_is_not_deleted(machines, events):
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    events.put_targets(Rule="r", Targets=[target(machines.create(passing()))])
    assert "Rule can't be deleted since it has targets" in refusal(events.delete_rule, Name="r")
    events.remove_targets(Rule="r", Ids=["m"])
    events.delete_rule(Name="r")
    assert events.list_rules()["Rules"] == []
    assert pass_an_hour() == []


@pytest.mark.parametrize("operation", ["disable_rule", "enable_rule", "describe_rule"])
def test_a_rule_that_is_not_there_is_not_found(machines, events, operation):
    assert refusal(getattr(events, operation), Name="none").startswith("ResourceNotFoundException")


@pytest.mark.parametrize("operation", ["put_targets", "remove_targets"])
def test_a_rule_that_is_not_there_has_no_targets(machines, events, operation):
    params = {"Targets": [target(machines.create(passing()))]} if operation == "put_targets" else {"Ids": ["m"]}
    assert refusal(getattr(events, operation), Rule="none", **params).startswith("ResourceNotFoundException")


def test_what_is_due_is_started_with_the_input_of_its_target(machines, events):
    machine = machines.create(passing())
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    events.put_targets(Rule="r", Targets=[target(machine)])
    assert runs(machines, machine) == []
    assert pass_an_hour() == ["r"]
    (row,) = runs(machines, machine)
    assert machines.ended(row["executionArn"])["input"] == '{"a": 1}'


def test_a_target_without_input_is_given_the_event(machines, events):
    machine = machines.create(passing())
    events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    events.put_targets(Rule="r", Targets=[target(machine, Input=None)])
    pass_an_hour()
    event = json.loads(machines.ended(runs(machines, machine)[0]["executionArn"])["input"])
    assert (event["detail-type"], event["source"]) == ("Scheduled Event", "aws.events")
    assert event["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/r"]


def test_a_disabled_rule_starts_nothing_until_it_is_enabled(machines, events):
    machine = machines.create(passing())
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    events.put_targets(Rule="r", Targets=[target(machine)])
    events.disable_rule(Name="r")
    assert pass_an_hour() == []
    assert runs(machines, machine) == []
    events.enable_rule(Name="r")
    assert pass_an_hour() == ["r"]


def test_the_role_of_the_target_has_to_be_allowed_to_start_it(machines, events, caplog):
    machine = machines.create(passing())
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    events.put_targets(Rule="r", Targets=[target(machine)])
    machines.iam.delete_role_policy(RoleName="events", PolicyName="start")
    pass_an_hour()
    assert runs(machines, machine) == []
    assert f"role/events of the rule r may not start {machine}" in caplog.text


def test_a_rule_put_again_keeps_its_targets(machines, events):
    events.put_rule(Name="r", ScheduleExpression=HOURLY)
    events.put_targets(Rule="r", Targets=[target(machines.create(passing()))])
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)")
    assert [row["Id"] for row in events.list_targets_by_rule(Rule="r")["Targets"]] == ["m"]
    assert pass_an_hour() == []


def test_the_timetable_is_looked_at_once_a_minute(machines, events, monkeypatch):
    machine = machines.create(passing())
    events.put_rule(Name="r", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="r", Targets=[target(machine)])
    slept = []

    async def passed(seconds):
        if len(slept) == 3:
            raise asyncio.CancelledError
        slept.append(seconds)
        clock.advance(seconds)

    monkeypatch.setattr(timetable, "sleep", passed)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(timetable.watch(engine()))
    assert all(0 < seconds <= 60 for seconds in slept)
    assert 2 <= len(runs(machines, machine)) <= 3
