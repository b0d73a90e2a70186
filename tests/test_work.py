"""What a step would stop of running work: the drivers' questions, checked against botocore's models."""

from __future__ import annotations

import golden
import pytest

from mfinfra import catalogue, observe
from mfinfra.aws.calls import Answer
from mfinfra.errors import AccessDenied
from mfinfra.model import Action, Address, FieldChange, Observed, Step, Work

ARN = "arn:aws:batch:us-east-1:123456789012:"
OFF = (FieldChange(("state",), "ENABLED", "DISABLED"),)
STOPPING = {
    "delete": (Action.DELETE, ()),
    "replace": (Action.REPLACE, ()),
    "disable": (Action.UPDATE, OFF),
    "adopt and disable": (Action.ADOPT_UPDATE, OFF),
}
HARMLESS = {
    "create": (Action.CREATE, ()),
    "no-op": (Action.NOOP, ()),
    "enable": (Action.UPDATE, (FieldChange(("state",), "DISABLED", "ENABLED"),)),
    "another field": (Action.UPDATE, (FieldChange(("priority",), 1, 2),)),
}
NOTHING = {"RUNNABLE": 0, "STARTING": 0, "RUNNING": 0}


def seen(kind, **more):
    arn = f"{ARN}{kind.replace('_', '-')}/a"
    return Observed({"name": "a", "state": "ENABLED"}, {"arn": arn, "name": "a"}, {}, arn, **more)


def asking(kind, step, **more):
    return catalogue.driver(kind).work(Step(Address(kind, "a"), *step), seen(kind, **more))


def jobs(*statuses, **more):
    return {"jobSummaryList": [{"jobId": "1", "jobName": "j", "status": status, **more} for status in statuses]}


def queue(name, *clusters, **more):
    order = [
        {"order": place, "computeEnvironment": f"{ARN}compute-environment/{c}"} for place, c in enumerate(clusters)
    ]
    head = {"jobQueueName": name, "jobQueueArn": f"{ARN}job-queue/{name}", "state": "ENABLED", "priority": 1}
    return {**head, "computeEnvironmentOrder": order, **more}


def answered(found, answers):
    """The result of questions, each of them and of the answers checked against AWS's own model."""
    try:
        questions = next(found)
        while True:
            for question in questions:
                assert not (report := golden.problems_of(question)), report
            questions = found.send(tuple(golden.answer_for(question, answers) for question in questions))
    except StopIteration as done:
        return done.value


@pytest.mark.parametrize("kind", ["job_queue", "compute_environment"])
@pytest.mark.parametrize("step", STOPPING.values(), ids=STOPPING)
def test_promise_7_what_takes_away_or_disables_asks_for_jobs(kind, step):
    assert asking(kind, step) is not None
    assert asking(kind, step, leaving=True) is None


@pytest.mark.parametrize("kind", ["job_queue", "compute_environment"])
@pytest.mark.parametrize("step", HARMLESS.values(), ids=HARMLESS)
def test_what_stops_no_work_asks_nothing(kind, step):
    assert asking(kind, step) is None


@pytest.mark.parametrize("kind", sorted({*catalogue.kinds()} - {"job_queue", "compute_environment"}))
def test_other_kinds_have_no_work(kind):
    assert all(asking(kind, step) is None for step in STOPPING.values())


def when(*rows):
    return [{"when": {"jobQueue": name, "jobStatus": status}, "answer": answer} for name, status, answer in rows]


def test_the_jobs_of_a_queue_are_counted_by_their_status():
    summary = {"RUNNABLE": 5, "RUNNING": 2, "SUCCEEDED": 90}
    answers = {
        "ListJobs": when(
            ("a", "RUNNABLE", jobs("RUNNABLE", "RUNNABLE")),
            ("a", "STARTING", jobs()),
            ("a", "RUNNING", jobs("RUNNING")),
            ("a", "PENDING", {"jobSummaryList": [
                *jobs("PENDING")["jobSummaryList"],
                *jobs("PENDING", arrayProperties={"size": 97, "statusSummary": summary})["jobSummaryList"],
            ]}),
        )
    }  # fmt: skip
    found = answered(asking("job_queue", STOPPING["delete"]), answers)

    assert found == Work({"a": {"RUNNABLE": 7, "STARTING": 0, "RUNNING": 3}})
    assert found.count == 10


def test_the_jobs_of_an_environment_are_those_of_every_queue_that_refers_to_it():
    quiet = [(name, status, jobs()) for name in ("mine", "theirs", "idle") for status in ("PENDING", "STARTING")]
    answers = {
        "DescribeJobQueues": {"jobQueues": [queue("theirs", "z", "a"), queue("mine", "a"), queue("other", "b"),
                                            queue("idle", "a"), queue("almost", "aa")]},
        "ListJobs": when(
            *quiet, ("mine", "RUNNABLE", jobs("RUNNABLE")), ("mine", "RUNNING", jobs()),
            ("theirs", "RUNNABLE", jobs()), ("theirs", "RUNNING", jobs("RUNNING")),
            ("idle", "RUNNABLE", jobs()), ("idle", "RUNNING", jobs()),
        ),
    }  # fmt: skip
    found = answered(asking("compute_environment", STOPPING["disable"]), answers)

    users = tuple(f"{ARN}job-queue/{name}" for name in ("idle", "mine", "theirs"))
    assert found == Work({"mine": {**NOTHING, "RUNNABLE": 1}, "theirs": {**NOTHING, "RUNNING": 1}}, users=users)


def test_an_environment_in_no_queue_has_no_jobs():
    answers = {"DescribeJobQueues": {"jobQueues": [queue("other", "b")]}}

    assert answered(asking("compute_environment", STOPPING["delete"]), answers) == Work()


def test_a_queue_that_is_gone_since_has_no_jobs():
    assert answered(asking("job_queue", STOPPING["delete"]), {"ListJobs": None}) == Work()


class Reader:
    parallelism = 4

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def ask(self, call):
        self.asked.append(f"{call}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return Answer({"jobQueues": [queue("q", "a")], **self.answer})


def test_two_environments_of_one_queue_ask_for_its_jobs_once():
    reader = Reader(jobs("RUNNING"))
    first, second = asking("compute_environment", STOPPING["delete"]), asking("compute_environment", STOPPING["delete"])
    found = observe.work(
        reader, {Address("compute_environment", "a"): first, Address("compute_environment", "b"): second}
    )

    assert sorted(reader.asked) == ["batch:DescribeJobQueues", *["batch:ListJobs"] * 4]
    assert {work.count for work in found.values()} == {3}


def test_no_question_is_no_request():
    reader = Reader({})

    assert (observe.work(reader, {}), reader.asked) == ({}, [])


def test_promise_15_jobs_that_may_not_be_listed_fail_the_plan():
    denied = AccessDenied("no", service="batch", operation="ListJobs", aws_code="AccessDeniedException")
    with pytest.raises(AccessDenied):
        observe.work(Reader(denied), {Address("job_queue", "a"): asking("job_queue", STOPPING["delete"])})
