"""Questions made few: whatever is merged, every question is answered as if it had been asked alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfinfra import coalesce
from mfinfra.model import Address, Call, Merge, Ref

QUEUES = Merge("jobQueues", limit=100, items="jobQueues", keys=("jobQueueName", "jobQueueArn"))
REPOSITORIES = Merge("repositoryNames", limit=100, items="repositories", keys=("repositoryName",), brittle=True)
GROUPS = Merge("Filters.1.Values", limit=3, items="SecurityGroups", keys=("GroupName",))


def queues(*names, merge=QUEUES, **others):
    return Call("batch", "DescribeJobQueues", {"jobQueues": list(names), **others}, merge=merge)


def groups(vpc, *names, **others):
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": list(names)}]
    return Call("ec2", "DescribeSecurityGroups", {"Filters": filters, **others}, merge=GROUPS)


def row(name):
    return {"jobQueueName": name, "jobQueueArn": f"arn:{name}"}


def answered(batches, answers):
    """The rows' names that each question gets, by its fingerprint."""
    found = {}
    for batch, answer in zip(batches, answers, strict=True):
        found |= coalesce.share(batch, answer)
    return found


def test_questions_of_one_operation_become_one_request_with_all_names():
    (batch,) = coalesce.batches([queues("a"), queues("b"), queues("c")])

    assert batch.call.params == {"jobQueues": ["a", "b", "c"]}
    assert batch.questions == (queues("a"), queues("b"), queues("c"))
    assert batch.alone == ()


def test_a_path_may_lead_through_a_list():
    (batch,) = coalesce.batches([groups("vpc-1", "a"), groups("vpc-1", "b")])

    assert batch.call.params["Filters"] == [
        {"Name": "vpc-id", "Values": ["vpc-1"]},
        {"Name": "group-name", "Values": ["a", "b"]},
    ]


def test_merging_changes_no_question():
    first, second = groups("vpc-1", "a"), groups("vpc-1", "b")
    coalesce.batches([first, second])

    assert first == groups("vpc-1", "a")
    assert second == groups("vpc-1", "b")


@pytest.mark.parametrize(
    ("names", "requests"),
    [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])],
)
def test_a_request_holds_as_many_names_as_aws_takes(names, requests):
    batches = coalesce.batches(queues(f"q{number}") for number in range(names))

    assert [len(batch.call.params["jobQueues"]) for batch in batches] == requests
    assert sum(len(batch.questions) for batch in batches) == names


def test_a_question_with_several_names_is_never_split():
    batches = coalesce.batches([groups("v", "a", "b"), groups("v", "c", "d"), groups("v", "d", "a")])

    assert [batch.call.params["Filters"][1]["Values"] for batch in batches] == [["a", "b"], ["c", "d", "a"]]


def test_a_question_beyond_the_limit_stays_as_it_is():
    batches = coalesce.batches([groups("v", "a"), groups("v", "b", "c", "d", "e")])

    assert [batch.call.params["Filters"][1]["Values"] for batch in batches] == [["a"], ["b", "c", "d", "e"]]


def test_a_name_that_two_questions_ask_for_is_sent_once():
    (batch,) = coalesce.batches([groups("v", "a", "b"), groups("v", "b", "c")])

    assert batch.call.params["Filters"][1]["Values"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "call",
    [
        queues("a"),
        Call("sts", "GetCallerIdentity"),
        Call("iam", "GetRole", {"RoleName": Ref(Address("role", "r"), "name")}),
    ],
    ids=str,
)
def test_equal_questions_are_asked_once(call):
    batches = coalesce.batches([call, call, call])

    assert [batch.call for batch in batches] == [call]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (groups("vpc-1", "a"), groups("vpc-2", "b")),
        (groups("vpc-1", "a"), groups("vpc-1", "b", DryRun=False)),
        (queues("a"), Call("batch", "DescribeComputeEnvironments", {"jobQueues": ["b"]}, merge=QUEUES)),
        (queues("a"), Call("other", "DescribeJobQueues", {"jobQueues": ["b"]}, merge=QUEUES)),
        (queues("a"), queues("b", merge=None)),
        (Call("s3", "HeadBucket", {"Bucket": "a"}), Call("s3", "HeadBucket", {"Bucket": "b"})),
    ],
    ids=["a filter", "a parameter", "the operation", "the service", "no merging", "nothing to merge"],
)
def test_what_differs_in_anything_but_the_names_is_asked_apart(one, two):
    assert [batch.call for batch in coalesce.batches([one, two])] == [one, two]


@pytest.mark.parametrize(
    "differing",
    [{"absent": ("NoSuchEntity",)}, {"fine": ("NoSuchEntity",)}, {"paginate": True}, {"failures": "errors"}],
)
def test_promise_15_a_question_that_expects_an_error_does_not_answer_one_that_does_not(differing):
    strict = Call("iam", "GetRole", {"RoleName": "r"})
    lenient = Call("iam", "GetRole", {"RoleName": "r"}, **differing)

    assert [batch.call for batch in coalesce.batches([strict, lenient])] == [strict, lenient]
    assert coalesce.fingerprint(strict) != coalesce.fingerprint(lenient)


def test_requests_go_out_in_the_order_of_their_first_questions():
    one, two = Call("sts", "GetCallerIdentity"), Call("iam", "ListRoles")
    batches = coalesce.batches([queues("a"), one, queues("b"), two, queues("c")])

    assert [str(batch.call) for batch in batches] == [
        "batch:DescribeJobQueues",
        "sts:GetCallerIdentity",
        "iam:ListRoles",
    ]


@pytest.mark.parametrize("name", ["b", "arn:b"])
def test_a_row_belongs_to_whoever_asked_for_its_name_or_its_arn(name):
    batches = coalesce.batches([queues("a"), queues(name), queues("missing")])
    shares = answered(batches, [{"jobQueues": [row("a"), row("b")], "more": 1}])

    assert shares[coalesce.fingerprint(queues("a"))] == {"jobQueues": [row("a")], "more": 1}
    assert shares[coalesce.fingerprint(queues(name))] == {"jobQueues": [row("b")], "more": 1}
    assert shares[coalesce.fingerprint(queues("missing"))] == {"jobQueues": [], "more": 1}


def test_a_question_that_went_out_alone_gets_the_whole_answer():
    (batch,) = coalesce.batches([queues("a")])

    assert coalesce.share(batch, {"jobQueues": [row("A")]}) == {
        coalesce.fingerprint(queues("a")): {"jobQueues": [row("A")]}
    }


def test_no_answer_is_no_answer_for_every_question():
    (batch,) = coalesce.batches([queues("a"), queues("b")])

    assert set(coalesce.share(batch, None).values()) == {None}


@pytest.mark.parametrize(("count", "alone"), [(1, 0), (2, 2)])
def test_a_brittle_batch_knows_its_parts(count, alone):
    calls = [
        Call("ecr", "DescribeRepositories", {"repositoryNames": [f"r{number}"]}, merge=REPOSITORIES)
        for number in range(count)
    ]
    (batch,) = coalesce.batches(calls)

    assert batch.alone == tuple(calls[:alone])


NAMES = st.sampled_from([f"q{number}" for number in range(9)] + [f"arn:q{number}" for number in range(9)])
QUESTIONS = st.lists(
    st.tuples(st.sampled_from(["vpc-1", "vpc-2"]), st.lists(NAMES, min_size=1, max_size=5, unique=True)), max_size=12
)


@given(questions=QUESTIONS, there=st.sets(st.integers(0, 8)), limit=st.integers(1, 6))
def test_every_merged_question_gets_the_rows_that_it_would_get_alone(questions, there, limit):
    merge = Merge("Filters.1.Values", limit=limit, items="rows", keys=("name", "arn"))
    world = [
        {"name": f"q{number}", "arn": f"arn:q{number}", "vpc": "vpc-1" if number % 2 else "vpc-2"}
        for number in sorted(there)
    ]

    def aws(call):
        (vpc,), names = (part["Values"] for part in call.params["Filters"])
        return {"rows": [row for row in world if row["vpc"] == vpc and (row["name"] in names or row["arn"] in names)]}

    calls = [
        Call("x", "Describe", {"Filters": [{"Values": [vpc]}, {"Values": names}]}, merge=merge)
        for vpc, names in questions
    ]
    batches = coalesce.batches(calls)
    shares = answered(batches, [aws(batch.call) for batch in batches])

    assert all(shares[coalesce.fingerprint(call)] == aws(call) for call in calls)
    longest = max((len(names) for _, names in questions), default=0)
    assert all(len(batch.call.params["Filters"][1]["Values"]) <= max(limit, longest) for batch in batches)
