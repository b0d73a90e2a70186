"""A survey against a reader whose answers are functions of the question."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from mfinfra import observe, ownership, schemas
from mfinfra.aws.calls import Answer
from mfinfra.errors import AccessDenied, AwsError, UserError
from mfinfra.model import Access, Address, Call, Environment, Merge, Observed, Resource, Scope, Source

SCOPE = Scope("test", "123456789012", "us-east-1")
TAGGED = "GetResources"


@dataclass
class Reader:
    """Groups and queues by name, with their tags; `answers` replaces an operation's answer, `also` tags ghosts."""

    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    queues: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    parallelism: int = 4
    asked: list[Call] = field(default_factory=list)

    def ask(self, call):
        self.asked.append(call)
        answer = self.answers[call.operation] if call.operation in self.answers else self.by_itself(call)
        answer = answer(call) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)

    def by_itself(self, call):
        match call.operation:
            case "DescribeLogGroups":
                found = [name for name in call.params["logGroupIdentifiers"] if name in self.groups]
                return {"logGroups": [{"logGroupName": name} for name in found]}
            case "ListTagsForResource" if call.service == "logs":
                return {"tags": self.groups.get(call.params["resourceArn"].rpartition(":")[2], {})}
            case "DescribeJobQueues":
                found = [name for name in call.params["jobQueues"] if name in self.queues]
                return {"jobQueues": [queue(name, self.queues[name]) for name in found]}
            case "GetResources":
                key, (value,) = call.params["TagFilters"][0]["Key"], call.params["TagFilters"][0]["Values"]
                found = [group(name) for name, tags in self.groups.items() if tags.get(key) == value]
                found += [
                    queue(name, {})["jobQueueArn"] for name, tags in self.queues.items() if tags.get(key) == value
                ]
                return {"ResourceTagMappingList": [{"ResourceARN": arn} for arn in (*found, *self.also)]}
            case _:
                return {}

    def times(self, operation):
        return sum(1 for call in self.asked if call.operation == operation)


def group(name):
    return f"arn:aws:logs:us-east-1:123456789012:log-group:{name}"


def queue(name, tags):
    arn = f"arn:aws:batch:us-east-1:123456789012:job-queue/{name}"
    return {
        "jobQueueName": name,
        "jobQueueArn": arn,
        "state": "ENABLED",
        "status": "VALID",
        "priority": 1,
        "tags": tags,
    }


def ours(kind, name, scope=SCOPE):
    return ownership.tags(scope, Address(kind, name))


def resource(kind, address, **spec):
    return Resource(Address(kind, address), schemas.complete(kind, {"name": address, **spec}), SCOPE)


def environment(*resources, disabled=()):
    def by_address(some):
        return {each.address: each for each in some}

    return Environment(SCOPE, by_address(resources), by_address(disabled), {}, Access(), Source("f", "0"))


def surveyed(reader, *resources, disabled=()):
    return observe.survey(reader, environment(*resources, disabled=disabled))


def left(survey):
    return [(str(each.resource.address), each.observed.physical_id) for each in survey.leftovers]


def test_what_the_file_speaks_of_is_found_by_its_address_or_is_not_there():
    reader = Reader(groups={"a": ours("log_group", "a")})
    survey = surveyed(reader, resource("log_group", "a"), resource("log_group", "b"))

    found = survey.observed[Address("log_group", "a")]
    assert (found.spec["name"], found.tags) == ("a", ours("log_group", "a"))
    assert survey.observed[Address("log_group", "b")] is None
    assert survey.leftovers == ()


def test_many_queues_are_one_request():
    names = [f"q{number}" for number in range(40)]
    reader = Reader(queues={name: ours("job_queue", name) for name in names})
    survey = surveyed(reader, *(resource("job_queue", name, compute_environments=["c"]) for name in names))

    assert reader.times("DescribeJobQueues") == 1
    assert [survey.observed[Address("job_queue", name)].spec["name"] for name in names] == names


def test_a_survey_without_leftovers_takes_one_round():
    reader = Reader(groups={"a": ours("log_group", "a")})
    survey = surveyed(reader, resource("log_group", "a"))

    assert survey.rounds == 1
    assert survey.requests == len(reader.asked)


def test_what_is_disabled_is_looked_at_too():
    survey = surveyed(Reader(groups={"a": ours("log_group", "a")}), disabled=[resource("log_group", "a")])

    assert survey.observed[Address("log_group", "a")].physical_id == group("a")
    assert survey.leftovers == ()


DENIED = AccessDenied("no", service="logs", operation="DescribeLogGroups", aws_code="AccessDenied", hint="needs x")
THROTTLED = AwsError("slow down", service="batch", operation="DescribeJobQueues", aws_code="ThrottlingException")
LOST = UserError("`logs:ListTagsForResource` got no usable answer", code="MF3004")


@pytest.mark.parametrize("operation", ["DescribeLogGroups", "ListTagsForResource", "DescribeJobQueues", TAGGED])
@pytest.mark.parametrize("error", [DENIED, THROTTLED, LOST], ids=["denied", "throttled", "no answer"])
def test_promise_15_a_read_that_fails_fails_the_survey(operation, error):
    reader = Reader(answers={operation: error})
    with pytest.raises(UserError) as caught:
        surveyed(reader, resource("log_group", "a"), resource("job_queue", "q", compute_environments=["c"]))

    assert caught.value is error


def test_promise_15_a_read_that_fails_while_a_leftover_is_confirmed_fails_the_survey():
    reader = Reader(groups={"old": ours("log_group", "old")}, answers={"ListTagsForResource": DENIED})
    with pytest.raises(AccessDenied):
        surveyed(reader)


def test_promise_15_all_failures_are_named_with_what_each_needs():
    def denied(operation):
        hint = f"the caller needs the permission `x:{operation.upper()}`"
        return AccessDenied(f"no {operation}", service="x", operation=operation, aws_code="No", hint=hint)

    names = ["DescribeLogGroups", "DescribeJobQueues", TAGGED]
    reader = Reader(answers={name: denied(name) for name in names})
    with pytest.raises(AccessDenied) as caught:
        surveyed(reader, resource("log_group", "a"), resource("job_queue", "q", compute_environments=["c"]))

    told = f"{caught.value}\n{caught.value.hint}"
    assert all(f"no {name}" in told and f"x:{name.upper()}`" in told for name in names)


def test_what_carries_our_tags_and_is_not_in_the_file_is_left_over():
    reader = Reader(
        groups={"keep": ours("log_group", "keep"), "old": ours("log_group", "was")},
        queues={"q": ours("job_queue", "q")},
    )
    survey = surveyed(reader, resource("log_group", "keep"))

    assert left(survey) == [("job_queue.q", queue("q", {})["jobQueueArn"]), ("log_group.was", group("old"))]
    assert all(each.resource.leftover for each in survey.leftovers)
    assert survey.leftovers[1].resource.spec == {**dict.fromkeys(schemas.traits("log_group").fields), "name": "old"}
    assert survey.rounds == 2


def test_promise_4_a_ghost_that_only_the_tagging_service_lists_is_nothing():
    also = (group("ghost"), "arn:aws:sqs:us-east-1:123456789012:q", "nonsense")
    assert surveyed(Reader(also=also)).leftovers == ()


OTHER = Scope("other", "123456789012", "us-east-1")
ABROAD = Scope("test", "123456789012", "eu-west-1")


@pytest.mark.parametrize(
    "tags",
    [
        ours("log_group", "x", OTHER),
        {**ours("log_group", "x", OTHER), ownership.ENVIRONMENT: "test"},
        ours("log_group", "x", ABROAD),
        {ownership.ENVIRONMENT: "test"},
        {**ours("log_group", "x"), ownership.ADDRESS: "nonsense"},
        {key: value for key, value in ours("log_group", "x").items() if key != ownership.OWNER},
        {key: value for key, value in ours("log_group", "x").items() if key != ownership.ADDRESS},
        ours("job_queue", "q"),
        {**ours("log_group", "x"), "aws:cloudformation:stack-name": "s"},
    ],
    ids=[
        "another environment", "a copied name", "another region", "the name alone", "no address", "no owner",
        "no address tag", "copied from another kind", "a stack's",
    ],
)  # fmt: skip
def test_promise_4_what_does_not_carry_all_three_tags_of_ours_is_never_left_over(tags):
    assert surveyed(Reader(groups={"x": tags}, also=(group("x"),))).leftovers == ()


def test_what_was_given_another_address_in_the_file_is_not_left_over():
    survey = surveyed(Reader(groups={"g": ours("log_group", "before")}), resource("log_group", "after", name="g"))

    assert survey.leftovers == ()


def test_what_appears_while_the_survey_runs_is_the_file_s_and_not_left_over():
    seen = iter([{"logGroups": []}, {"logGroups": [{"logGroupName": "a"}]}])
    reader = Reader(groups={"a": ours("log_group", "a")}, answers={"DescribeLogGroups": lambda call: next(seen)})

    assert surveyed(reader, resource("log_group", "a")).leftovers == ()


def asker(*rounds, log=None):
    """Asks each of `rounds` and gives back all answers."""
    answers = []
    for questions in rounds:
        reply = yield questions
        answers += [reply]
    return answers


def numbered(number):
    return Call("x", "Ask", {"n": number})


def test_as_many_rounds_are_made_as_the_deepest_asker_needs():
    reader = Reader(answers={"Ask": lambda call: {"n": call.params["n"]}})
    rounds = observe.Rounds(reader)
    results = rounds.run({
        "deep": asker((numbered(1),), (numbered(2), numbered(3)), (numbered(4),)),
        "flat": asker((numbered(1),)),
        "none": asker(),
        "idle": asker((), (numbered(5),)),
    })  # fmt: skip

    assert results == {
        "deep": [({"n": 1},), ({"n": 2}, {"n": 3}), ({"n": 4},)],
        "flat": [({"n": 1},)],
        "none": [],
        "idle": [(), ({"n": 5},)],
    }
    assert (rounds.count, rounds.requests) == (3, 5)
    assert len(reader.asked) == 5, "what two ask in one round is asked once"


def test_no_more_requests_are_on_their_way_than_asked_for():
    gate, lock, busy = threading.Barrier(3), threading.Lock(), []

    def slow(call):
        with lock:
            busy.append(call)
        gate.wait(60)
        return {}

    observe.Rounds(Reader(answers={"Ask": slow}, parallelism=3)).run({"a": asker(tuple(map(numbered, range(6))))})

    assert len(busy) == 6


BRITTLE = Merge("names", limit=100, items="rows", keys=("name",), brittle=True)


def named(name):
    return Call("x", "Ask", {"names": [name]}, absent=("Missing",), merge=BRITTLE)


def test_a_batch_that_one_missing_name_fails_is_asked_again_one_by_one():
    def ask(call):
        names = call.params["names"]
        return None if "missing" in names else {"rows": [{"name": name} for name in names]}

    reader = Reader(answers={"Ask": ask})
    rounds = observe.Rounds(reader)
    results = rounds.run({name: asker((named(name),)) for name in ("a", "missing", "b")})

    assert results == {"a": [({"rows": [{"name": "a"}]},)], "missing": [(None,)], "b": [({"rows": [{"name": "b"}]},)]}
    assert [call.params["names"] for call in reader.asked] == [["a", "missing", "b"], ["a"], ["missing"], ["b"]]


def test_looking_again_observes_one_resource():
    found = observe.look_again(Reader(groups={"a": {}}), resource("log_group", "a"))

    assert isinstance(found, Observed)
    assert found.spec["name"] == "a"
