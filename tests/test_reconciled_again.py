"""A write whose answer is lost is cleared up by looking: nothing twice, nothing of others, and no failure for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from stack import changed, environment, inventory, merged

from mfinfra import again, desired
from mfinfra.errors import AccessDenied, AwsError
from mfinfra.model import Action, Called, Failed, Waiting
from mfinfra.sandbox.corrections.iam import visibility
from mfinfra.sandbox.faults import (
    BROKEN,
    CUT,
    DENIED,
    EXPIRED,
    HALF,
    LOST,
    THROTTLED,
    Chance,
    Fault,
    Rule,
    Script,
    refused,
)
from mfinfra.sandbox.listener import Hangup

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
LOGS = {"log_group": {"flows": {"name": "/flows", "retention_days": 7}}}
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
ROLE = {
    "role": {
        "jobs": {
            "name": "jobs",
            "trust": {"services": ["ecs-tasks.amazonaws.com"]},
            "policies": {"read": {"Version": "2012-10-17", "Statement": [STATEMENT]}},
        }
    }
}


def bucket(name):
    return {"bucket": {"data": {"name": f"{name}-123456789012", "protect": False, "force_destroy": True}}}


LOGS_AND_MORE = environment(merged(LOGS, ROLE, bucket("data")))


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """botocore does not pause between its tries."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


def looked_again(events):
    return [str(event.address) for event in events if isinstance(event, Waiting) and "looking at what" in event.why]


def names(stack):
    return sorted({name for name in stack.writes() if not name.startswith("sts.")})


def test_promise_3_every_write_of_the_guides_stack_may_lose_its_answer(stack):
    stack.apply(SANDBOX)
    whole, writes = inventory(stack), names(stack)
    stack.server.reset(transition_polls=2, late_by=2)
    stack.server.faults = Script(*(Rule(name, LOST) for name in writes))
    events = stack.apply(SANDBOX)

    struck = {event.request.name for event in stack.server.faults.struck}
    assert struck == set(writes)
    assert looked_again(events), "some were there already when they were asked for again"
    stack.server.faults = None
    assert changed(stack.plan(SANDBOX)) == {}
    assert inventory(stack) == whole


def test_promise_3_every_write_of_a_deletion_may_lose_its_answer(stack):
    before = inventory(stack)
    stack.apply(SANDBOX)
    addresses = frozenset(str(address) for address in desired.read(SANDBOX).environment.resources)
    reviewed = stack.plan(SANDBOX, destroy=True, allow_destroy=addresses, allow_disruption=True)
    stack.server.faults = Script(Chance(0.4, (LOST,), seed=3, match="writes"))
    stack.carry_out(reviewed)
    assert len(stack.server.faults.struck) > 5
    stack.server.faults = None
    assert inventory(stack) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_promise_11_a_bad_day_of_aws_ends_neither_a_plan_nor_an_apply(stack, seed):
    stack.server.faults = Script(Chance(0.15, (THROTTLED, BROKEN, CUT, LOST, HALF), seed))
    stack.apply(SANDBOX)
    assert changed(stack.plan(SANDBOX)) == {}
    assert len(stack.server.faults.struck) > 10


def test_promise_11_a_network_that_is_away_for_a_minute_ends_neither_a_plan_nor_an_apply(stack):
    stack.server.faults = Script(Rule("*", CUT, times=20, skip=3), Rule("writes", CUT, times=60, skip=4))
    events = stack.apply(LOGS_AND_MORE)
    assert any(isinstance(event, Waiting) and event.why == "AWS cannot be reached" for event in events)
    assert changed(stack.plan(LOGS_AND_MORE)) == {}


def strangers(act):
    """Not carried out; `act` is called instead, and the answer is lost."""

    def instead(request, carry_out):
        act()
        raise Hangup

    return Fault("a stranger", instead)


def failed(stack, reviewed):
    events = list(reviewed.apply().events())
    (event,) = [event for event in events if isinstance(event, Failed)]
    return event.error, events


def test_promise_5_what_is_there_after_a_lost_answer_and_not_ours_stays_an_error(stack):
    reviewed, nobody = stack.plan(environment(LOGS)), stack.client("logs")
    stack.server.faults = Script(
        Rule("logs.CreateLogGroup", strangers(lambda: nobody.create_log_group(logGroupName="/flows")))
    )
    error, events = failed(stack, reviewed)

    assert (type(error), error.aws_code) == (AwsError, "ResourceAlreadyExistsException")
    assert looked_again(events) == ["log_group.flows"]
    assert "retentionInDays" not in nobody.describe_log_groups()["logGroups"][0], "nothing of it was touched"


def test_promise_5_what_somebody_has_made_meanwhile_is_looked_at_and_stays_an_error(stack):
    reviewed = stack.plan(environment(LOGS))
    stack.client("logs").create_log_group(logGroupName="/flows")
    error, events = failed(stack, reviewed)
    assert (error.aws_code, looked_again(events)) == ("ResourceAlreadyExistsException", ["log_group.flows"])


def test_promise_15_a_refusal_that_stays_ends_the_looking(stack):
    reviewed = stack.plan(environment(LOGS))
    stack.server.faults = Script(
        Rule("logs.PutRetentionPolicy", BROKEN), Rule("logs.PutRetentionPolicy", refused("LimitExceeded", "no"), None)
    )
    error, events = failed(stack, reviewed)
    assert (error.aws_code, len(looked_again(events))) == ("LimitExceeded", len(again.PAUSES))


def test_a_token_that_has_expired_is_told_although_a_head_has_no_words(stack):
    stack.server.faults = Script(Rule("s3.HeadBucket", EXPIRED, None))
    with pytest.raises(AwsError, match="credentials have expired") as caught:
        stack.plan(environment(bucket("data")))
    assert caught.value.code == "MF3002"


def test_promise_15_a_missing_permission_is_no_doubt(stack):
    reviewed = stack.plan(environment(LOGS))
    stack.server.faults = Script(Rule("logs.CreateLogGroup", CUT), Rule("logs.CreateLogGroup", DENIED, None))
    error, events = failed(stack, reviewed)
    assert (type(error), looked_again(events)) == (AccessDenied, [])


@pytest.mark.parametrize("lost", ["iam.DeleteRole", "iam.CreateRole", "iam.PutRolePolicy"])
def test_promise_3_what_is_made_anew_for_its_own_sake_is_made_anew_once(stack, lost):
    stack.apply(environment(ROLE))
    before = stack.client("iam").get_role(RoleName="jobs")["Role"]["RoleId"]
    reviewed = stack.plan(environment(ROLE), replace=frozenset({"role.jobs"}))
    stack.server.faults = script = Script(Rule(lost, LOST))
    stack.carry_out(reviewed)

    made = [event for event in script.log if event.name == "iam.CreateRole" and event.status == 200]
    assert len(made) == 1
    assert stack.client("iam").get_role(RoleName="jobs")["Role"]["RoleId"] != before
    assert changed(stack.plan(environment(ROLE))) == {}


@pytest.mark.parametrize("lost", ["s3.CreateBucket", "s3.DeleteBucket", "s3.DeleteObjects"])
def test_promise_3_the_end_of_what_was_replaced_may_lose_its_answers(stack, lost):
    stack.apply(environment(bucket("old")))
    stack.client("s3").put_object(Bucket="old-123456789012", Key="k", Body=b"x")
    reviewed = stack.plan(environment(bucket("new")), allow_replace=frozenset({"bucket.data"}))
    stack.server.faults = Script(Rule(lost, LOST))
    stack.carry_out(reviewed)
    assert stack.server.faults.struck
    assert inventory(stack)["buckets"] == ["new-123456789012"]


def test_what_was_done_is_told_with_the_reason_for_looking(stack):
    reviewed = stack.plan(environment(LOGS))
    stack.server.faults = Script(Rule("logs.CreateLogGroup", LOST))
    events = stack.carry_out(reviewed)
    (why,) = [event.why for event in events if isinstance(event, Waiting)]
    assert "`logs:CreateLogGroup` (`ResourceAlreadyExistsException`) took effect is not known" in why
    assert [event.call.operation for event in events if isinstance(event, Called)] == ["PutRetentionPolicy"]


def test_promise_3_what_a_killed_run_has_made_and_reads_do_not_show_yet_is_gone_on_with(stack):
    """IAM shows a role late to whoever asks for it: the plan says create, and the creation that it is there."""
    stack.server.reset(transition_polls=1, late_by=2)
    stack.apply(environment(ROLE))
    visibility.born("role", "jobs")
    reviewed = stack.plan(environment(ROLE))
    assert [step.action for step in reviewed.plan.steps] == [Action.CREATE]

    events = stack.carry_out(reviewed)
    assert looked_again(events) == ["role.jobs"]
    assert changed(stack.plan(environment(ROLE))) == {}
