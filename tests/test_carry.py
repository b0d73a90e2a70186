"""One step's effects against an AWS that answers from a script."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from mfinfra import carry
from mfinfra.aws.calls import Answer
from mfinfra.aws.clock import Clock
from mfinfra.carry import Carrier
from mfinfra.errors import AwsError, UserError
from mfinfra.model import Address, Call, Called, Drain, Ref, Settle, Template, Waiting

QUEUE = Address("job_queue", "main")
ROLE = Address("role", "r")
STATUS = Call("batch", "DescribeJobQueues", {"jobQueues": ["q"]})
SETTLE = Settle(
    STATUS, "jobQueues[0].status", "Batch is creating `q`", ("VALID",), ("INVALID",), "jobQueues[0].statusReason"
)
LIST = Call("s3", "ListObjectVersions", {"Bucket": "b"})
EMPTY = Drain(LIST, "Versions[].{Key: Key}", Call("s3", "DeleteObjects", {"Bucket": "b"}), into="Delete.Objects")


@dataclass
class Scripted:
    """An AWS whose answers to each operation stand in a list; the last one is given again and again."""

    script: dict[str, list[Any]]
    clock: Clock = field(default_factory=lambda: Clock(pace=0))
    sent: list[Call] = field(default_factory=list)

    def ask(self, call):
        self.sent.append(call)
        answers = self.script.get(call.operation, [{}])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, f"request-{len(self.sent)}")

    def write(self, call, waiting, *more):
        return self.ask(call)

    def operations(self):
        return [call.operation for call in self.sent]


def carried(effects, script=None, outputs=None, clock=None):
    """The AWS, the events and the outputs after `effects`."""
    aws = Scripted(script or {}, clock or Clock(pace=0))
    events, outputs = [], {} if outputs is None else outputs
    Carrier(aws, QUEUE, events.append, outputs).run(effects)
    return aws, events, outputs


def queue(status, **more):
    return {"jobQueues": [{"status": status, **more}]}


def test_calls_go_out_in_order_with_their_request_ids_told():
    one, two = Call("batch", "CreateJobQueue", {"jobQueueName": "q"}), Call("batch", "UpdateJobQueue")
    aws, events, _ = carried((one, two))

    assert aws.sent == [one, two]
    assert events == [Called(QUEUE, one, "request-1"), Called(QUEUE, two, "request-2")]


def test_references_are_filled_from_what_is_known_and_the_call_told_is_the_call_sent():
    params = {"role": Ref(ROLE, "arn"), "in": [Template(("x-", Ref(ROLE, "name")))]}
    aws, events, _ = carried((Call("x", "Do", params),), outputs={ROLE: {"arn": "arn:r", "name": "r"}})

    assert aws.sent[0].params == {"role": "arn:r", "in": ["x-r"]}
    assert events[0].call.params == aws.sent[0].params


def test_what_an_answer_yields_fills_the_next_call():
    made = Call("ec2", "CreateSecurityGroup", yields={"id": "GroupId"})
    use = Call("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": Ref(QUEUE, "id")})
    aws, _, outputs = carried((made, use), {"CreateSecurityGroup": [{"GroupId": "sg-1"}]}, {QUEUE: {"name": "n"}})

    assert aws.sent[1].params == {"GroupId": "sg-1"}
    assert outputs[QUEUE] == {"name": "n", "id": "sg-1"}


def test_the_first_failure_ends_the_step():
    boom = AwsError("no", service="x", operation="One", aws_code="No")
    aws = Scripted({"One": [boom]})
    with pytest.raises(AwsError) as caught:
        Carrier(aws, QUEUE, lambda event: None, {}).run((Call("x", "One"), Call("x", "Two")))

    assert caught.value is boom
    assert aws.operations() == ["One"]


def test_an_absent_answer_to_a_write_is_no_failure():
    aws, events, _ = carried((Call("x", "Delete", absent=("Missing",), yields={"a": "b"}),), {"Delete": [None]})

    assert aws.operations() == ["Delete"]
    assert len(events) == 1


def test_promise_11_a_wait_ends_when_the_status_is_ready_and_says_why_it_waits():
    aws, events, _ = carried(
        (SETTLE,), {"DescribeJobQueues": [{"jobQueues": []}, queue("CREATING"), None, queue("VALID")]}
    )

    assert len(aws.sent) == 4
    assert [event.why for event in events] == ["Batch is creating `q`"] * 3
    assert all(isinstance(event, Waiting) and event.seconds >= 0 for event in events)


def test_promise_11_a_bad_status_fails_at_once_with_the_reason_that_aws_gives():
    script = {"DescribeJobQueues": [queue("CREATING"), queue("INVALID", statusReason="no such subnet"), queue("VALID")]}
    aws = Scripted(script)
    with pytest.raises(AwsError, match="no such subnet") as caught:
        Carrier(aws, QUEUE, lambda event: None, {}).run((SETTLE,))

    assert len(aws.sent) == 2
    assert (caught.value.aws_code, caught.value.code, caught.value.operation) == (
        "INVALID",
        "MF3104",
        "DescribeJobQueues",
    )
    assert "Batch is creating `q`" in caught.value.hint


def test_a_bad_status_without_a_reason_says_so():
    with pytest.raises(AwsError, match="AWS gave no reason"):
        carried((SETTLE,), {"DescribeJobQueues": [queue("INVALID")]})


def test_promise_11_a_wait_that_takes_too_long_gives_up_and_names_the_last_status():
    with pytest.raises(UserError, match=r"gave up after 600 s.*status `CREATING`") as caught:
        carried((SETTLE,), {"DescribeJobQueues": [queue("CREATING")]})

    assert caught.value.code == "MF3101"


@pytest.mark.parametrize("end", [None, {"jobQueues": []}], ids=["absent", "not listed"])
def test_a_wait_for_the_end_is_over_when_nothing_is_there(end):
    gone = Settle(STATUS, "jobQueues[0].status", "Batch is deleting `q`", failed=("INVALID",), gone=True)
    aws, _, _ = carried((gone,), {"DescribeJobQueues": [queue("DELETING"), end]})

    assert len(aws.sent) == 2


def test_a_wait_for_the_end_does_not_take_an_empty_answer_for_ready():
    aws = Scripted({"DescribeJobQueues": [{"jobQueues": []}]})
    with pytest.raises(UserError, match="gave up"):
        Carrier(aws, QUEUE, lambda event: None, {}).run((SETTLE,))


def test_the_question_of_a_wait_is_filled_too():
    settle = Settle(Call("x", "Describe", {"Id": Ref(ROLE, "id")}), "s", "waiting", ready=("ok",))
    aws, _, _ = carried((settle,), {"Describe": [{"s": "ok"}]}, {ROLE: {"id": "i-1"}})

    assert aws.sent[0].params == {"Id": "i-1"}


def test_promise_15_an_error_while_waiting_is_neither_ready_nor_gone():
    denied = AwsError("no", service="batch", operation="DescribeJobQueues", aws_code="AccessDenied")
    gone = Settle(STATUS, "jobQueues[0].status", "deleting", gone=True)
    with pytest.raises(AwsError):
        carried((gone,), {"DescribeJobQueues": [denied]})


def test_pauses_grow_but_never_beyond_what_the_wait_asks_for(monkeypatch):
    slept = []
    monkeypatch.setattr(Clock, "sleep", lambda self, seconds: slept.append(seconds))
    with pytest.raises(UserError):
        carried((Settle(STATUS, "status", "w", ready=("x",), timeout=100, interval=2.0),))

    assert slept[0] == carry.FIRST_PAUSE
    assert slept == sorted(slept)
    assert max(slept) <= 10
    assert 100 <= sum(slept) < 100 + 10


def test_draining_asks_and_hands_over_until_nothing_is_left():
    pages = [{"Versions": [{"Key": "a", "Size": 1}, {"Key": "b"}]}, {"Versions": [{"Key": "c"}]}, {}]
    aws, events, _ = carried((EMPTY,), {"ListObjectVersions": pages})

    deletes = [call.params for call in aws.sent if call.operation == "DeleteObjects"]
    assert deletes == [
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}},
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "c"}]}},
    ]
    assert aws.operations()[-1] == "ListObjectVersions"
    assert [event.call.operation for event in events] == ["DeleteObjects", "DeleteObjects"]


@pytest.mark.parametrize("nothing", [None, {}, {"Versions": []}])
def test_draining_what_is_empty_writes_nothing(nothing):
    aws, _, _ = carried((EMPTY,), {"ListObjectVersions": [nothing]})

    assert aws.operations() == ["ListObjectVersions"]


def test_draining_can_make_one_call_for_every_row():
    drain = Drain(
        Call("iam", "ListAttachedRolePolicies", {"RoleName": Ref(ROLE, "name")}),
        "AttachedPolicies[].{PolicyArn: PolicyArn}",
        Call("iam", "DetachRolePolicy", {"RoleName": Ref(ROLE, "name")}),
        each=True,
    )
    pages = [{"AttachedPolicies": [{"PolicyArn": "p1"}, {"PolicyArn": "p2"}]}, {}]
    aws, _, _ = carried((drain,), {"ListAttachedRolePolicies": pages}, {ROLE: {"name": "r"}})

    detached = [call.params for call in aws.sent if call.operation == "DetachRolePolicy"]
    assert detached == [{"RoleName": "r", "PolicyArn": "p1"}, {"RoleName": "r", "PolicyArn": "p2"}]


def test_draining_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(carry, "DRAIN_LIMIT", 3)
    with pytest.raises(UserError, match="still finds something after 3 rounds"):
        carried((EMPTY,), {"ListObjectVersions": [{"Versions": [{"Key": "a"}]}]})


@pytest.mark.parametrize(
    ("effect", "script", "sent"),
    [
        (SETTLE, {"DescribeJobQueues": [queue("CREATING")]}, ["DescribeJobQueues"]),
        (EMPTY, {"ListObjectVersions": [{"Versions": [{"Key": "a"}]}]}, ["ListObjectVersions", "DeleteObjects"]),
    ],
    ids=["waiting", "draining"],
)
def test_promise_12_a_stopped_run_ends_a_wait_and_a_drain_after_the_call_in_flight(effect, script, sent):
    clock = Clock(pace=0, stopped=threading.Event())
    clock.stopped.set()
    aws = Scripted(script, clock)
    with pytest.raises(UserError, match="stopped while") as caught:
        Carrier(aws, QUEUE, lambda event: None, {}).run((effect,))

    assert caught.value.code == "MF3103"
    assert aws.operations() == sent


@pytest.mark.parametrize(("ahead", "pauses"), [(10.0, 1), (0.0, 0), (-5.0, 0)])
def test_ripening_waits_for_the_moment_and_not_a_second_time(ahead, pauses, monkeypatch):
    slept = []
    monkeypatch.setattr(Clock, "sleep", lambda self, seconds: slept.append(seconds))
    monkeypatch.setattr(Clock, "now", lambda self: 100.0)
    Carrier(Scripted({}, Clock()), QUEUE, lambda event: None, {}).ripen(100.0 + ahead)

    assert slept == [ahead] * pauses
