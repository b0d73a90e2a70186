"""The plan as one JSON document."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from mfinfra import __version__, catalogue, ownership, schemas
from mfinfra.document import validate
from mfinfra.errors import Problem
from mfinfra.model import (
    Access,
    Action,
    Address,
    Block,
    Call,
    Drain,
    Environment,
    FieldChange,
    Mark,
    Observed,
    Ref,
    Resource,
    Scope,
    Settle,
    Source,
    Step,
    Template,
)
from mfinfra.observe import Leftover, Survey
from mfinfra.planning import document, rows
from mfinfra.planning.document import Provenance
from mfinfra.planning.plan import Options, Plan, Planned, make

SCOPE = Scope("test", "123456789012", "us-east-1")
ORIGIN = Provenance("2026-01-01T00:00:00Z", "arn:aws:iam::123456789012:user/u", None, "c0ffee", git_dirty=False)
CLUSTER = Address("compute_environment", "c")
CLUSTER_ARN = "arn:aws:batch:us-east-1:123456789012:compute-environment/c"


def resource(kind="log_group", name="l", **spec):
    where = Address(kind, name)
    return Resource(
        where, schemas.complete(kind, {"name": name, **spec}), SCOPE, ownership.tags(SCOPE, where), mark=Mark("f", 3, 5)
    )


def seen(wish, tags=None, warnings=(), **spec):
    found = {**catalogue.driver(wish.kind).desired(wish), **spec}
    tags = wish.tags if tags is None else tags
    return Observed(found, {"arn": "arn:x", "name": "n"}, tags, "arn:x", warnings=warnings)


def plan_of(pairs, options=None, leftovers=(), source="0"):
    resources = {wish.address: wish for wish, _ in pairs}
    environment = Environment(SCOPE, resources, {}, {}, Access(), Source("envs/f.yaml", source))
    survey = Survey({wish.address: found for wish, found in pairs}, tuple(leftovers))
    return make(environment, survey, options or Options())


LOGS = resource()
QUEUE = replace(resource("job_queue", "q", compute_environments=[Ref(CLUSTER, "arn")]), depends_on=frozenset({CLUSTER}))
ENVIRONMENT = resource("compute_environment", "c", type="FARGATE", subnets=["subnet-1"], max_vcpus=4)
GONE = Leftover(replace(resource(name="gone"), leftover=True, tags={}), seen(resource(name="gone")))
PAIRS = [(LOGS, seen(LOGS, retention_days=1)), (ENVIRONMENT, None), (QUEUE, None)]


def of(*args, origin=ORIGIN, warnings=(), **others):
    return document.of(plan_of(*args, **others), origin, warnings)


def change(found, address):
    (row,) = [row for row in found["resource_changes"] if row["address"] == address]
    return row


def test_two_plans_of_one_world_are_byte_equal_but_for_the_moment():
    later = replace(ORIGIN, created="2027-01-01T00:00:00Z")
    one, two = of(PAIRS, leftovers=[GONE]), of(PAIRS[::-1], leftovers=[GONE], origin=later)

    assert one["integrity"] == two["integrity"]
    assert document.text({**one, "created": ""}) == document.text({**two, "created": ""})


def test_the_head_says_where_what_and_from_which_file():
    found = of(PAIRS)

    assert (found["format_version"], found["mfinfra_version"], found["created"]) == ("1.0", __version__, ORIGIN.created)
    assert found["environment"] == {
        "name": "test", "account": "123456789012", "region": "us-east-1", "partition": "aws", "caller": ORIGIN.caller,
        "endpoint": None,
    }  # fmt: skip
    assert found["source"] == {"path": "envs/f.yaml", "sha256": "0", "git_commit": "c0ffee", "git_dirty": False}
    assert (found["applyable"], found["complete"]) == (True, True)


def test_a_creation_shows_what_is_known_and_where_it_is_not():
    row = change(of(PAIRS), "job_queue.q")

    assert row["change"]["actions"] == ["create"]
    assert row["change"]["before"] is None
    assert row["change"]["after"]["name"] == "q"
    assert row["change"]["after"]["compute_environments"] == [CLUSTER_ARN]
    assert row["change"]["after_unknown"] == {}
    assert row["depends_on"] == ["compute_environment.c"]
    assert row["source_range"] == {"file": "f", "start": {"line": 3, "column": 5}}
    assert (row["physical_id"], row["observed_sha256"]) == (None, None)
    sent = row["calls"][0]["parameters"]["computeEnvironmentOrder"]
    assert sent == [{"order": 1, "computeEnvironment": CLUSTER_ARN}]


def test_what_aws_has_yet_to_say_is_shown_as_that():
    group = resource("security_group", "g", vpc="vpc-12345678")
    spec = {"type": "FARGATE", "subnets": ["subnet-1"], "security_groups": [Ref(group.address, "id")]}
    user = replace(resource("compute_environment", "c", **spec), depends_on=frozenset({group.address}))
    row = change(of([(group, None), (user, None)]), str(CLUSTER))

    assert row["change"]["after"]["security_groups"] == []
    assert row["change"]["after_unknown"] == {"security_groups": [True]}
    sent = row["calls"][0]["parameters"]["computeResources"]["securityGroupIds"]
    assert sent == [{"unknown": "security_group.g.id"}]


def test_an_update_shows_both_sides_and_the_fields_between():
    row = change(of(PAIRS), "log_group.l")

    assert row["change"]["actions"] == ["update"]
    assert (row["change"]["before"]["retention_days"], row["change"]["after"]["retention_days"]) == (1, 30)
    assert row["change"]["before"]["tags"] == LOGS.tags
    assert row["change"]["fields"] == [
        {"path": ["retention_days"], "before": 1, "after": 30, "replaces": False, "drift": "file"}
    ]
    assert row["calls"] == [
        {
            "service": "logs",
            "operation": "PutRetentionPolicy",
            "parameters": {"logGroupName": "l", "retentionInDays": 30},
        }
    ]
    assert row["physical_id"] == "arn:x"


def test_a_delete_shows_what_is_lost():
    row = change(of([], leftovers=[GONE]), "log_group.gone")

    assert row["change"]["actions"] == ["delete"]
    assert row["change"]["before"]["name"] == "gone"
    assert row["change"]["after"] is None
    assert row["blocked"]["code"] == "MF4103"


@pytest.mark.parametrize(
    ("action", "retire", "words"),
    [
        (Action.NOOP, (), ["no-op"]),
        (Action.CREATE, (), ["create"]),
        (Action.UPDATE, (), ["update"]),
        (Action.DELETE, (), ["delete"]),
        (Action.REPLACE, (), ["delete", "create"]),
        (Action.REPLACE, (Call("x", "Delete"),), ["create", "delete"]),
        (Action.ADOPT, (), ["adopt"]),
        (Action.ADOPT_UPDATE, (), ["adopt", "update"]),
    ],
)
def test_every_action_has_its_words(action, retire, words):
    assert written(Step(LOGS.address, action, retire=retire))["change"]["actions"] == words


def test_every_action_has_words_and_is_counted():
    assert rows.ACTIONS.keys() == document.COUNTED.keys() == set(Action)
    assert set(document.COUNTED.values()) | {"blocked"} == set(document.SUMMARY)


def written(step, observed=None, wish=LOGS):
    """The document's row of one step, after a way through JSON."""
    environment = Environment(SCOPE, {wish.address: wish}, {}, {}, Access(), Source("f", "0"))
    plan = Plan(environment, (Planned(step, wish, observed),), Survey({}))
    text = document.text(document.of(plan, ORIGIN))
    return json.loads(text)["resource_changes"][0]


VALUES = {
    "a reference": (Ref(CLUSTER, "arn"), {"unknown": "compute_environment.c.arn"}),
    "text around one": (Template(("a-", Ref(CLUSTER, "arn"))), {"unknown": "a-${compute_environment.c.arn}"}),
    "a tuple": ((1, 2), [1, 2]),
    "a mapping": ({"k": [True, None, 1.5]}, {"k": [True, None, 1.5]}),
    "text": ("é\u2028", "é\u2028"),
}


@pytest.mark.parametrize(("value", "shown"), VALUES.values(), ids=VALUES)
def test_every_kind_of_value_goes_into_json(value, shown):
    step = Step(LOGS.address, Action.UPDATE, (FieldChange(("key",), None, value),), (Call("x", "Do", {"v": value}),))
    observed = Observed({**LOGS.spec, "key": value}, {}, LOGS.tags, "arn:x")
    row = written(step, observed, replace(LOGS, spec={**LOGS.spec, "key": value}))

    assert row["change"]["fields"][0]["after"] == shown
    assert row["calls"][0]["parameters"] == {"v": shown}
    assert row["change"]["before"]["key"] == shown
    known = "unknown" not in str(shown)
    assert row["change"]["after"].get("key") == (shown if known else None)
    assert row["change"]["after_unknown"] == ({} if known else {"key": True})
    assert row["change"]["fields"][0].get("after_unknown", False) is not known


def test_a_leaf_says_where_it_is_not_known_and_a_tag_that_is_called_unknown_is_known():
    arn = Ref(CLUSTER, "arn")
    have = {"tags": {"unknown": "x"}, "options": {"a": {"b": 1}}, "many": ["x"]}
    want = {"tags": {"unknown": "y"}, "options": {"a": arn}, "many": ["x", arn]}
    changes = tuple(FieldChange((name,), have[name], want[name]) for name in have)
    created = FieldChange(("born",), None, [{"one": 1, "two": arn}, "x"])
    fields = written(Step(LOGS.address, Action.UPDATE, (*changes, created)))["change"]["fields"]

    assert [(row["path"], row["before"], row["after"], row.get("after_unknown")) for row in fields] == [
        (["tags", "unknown"], "x", "y", None),
        (["options", "a"], {"b": 1}, {"unknown": "compute_environment.c.arn"}, True),
        (["many", 1], None, {"unknown": "compute_environment.c.arn"}, True),
        (["born"], None, [{"one": 1, "two": {"unknown": "compute_environment.c.arn"}}, "x"], [{"two": True}, None]),
    ]


def test_waits_and_loops_stand_among_the_calls():
    ask = Call("s3", "ListObjectVersions", {"Bucket": "b"})
    effects = (
        Drain(ask, "Versions", Call("s3", "DeleteObjects", {"Bucket": "b"}), into="Delete.Objects"),
        Settle(ask, "status", "S3 is thinking", ready=("ok",), timeout=60.0),
        Settle(ask, "status", "S3 is forgetting", gone=True, timeout=60.0),
    )
    calls = written(Step(LOGS.address, Action.UPDATE, effects=effects))["calls"]

    assert (calls[0]["repeat"]["operation"], calls[0]["with"]["operation"]) == ("ListObjectVersions", "DeleteObjects")
    assert [call["until"] for call in calls[1:]] == [["ok"], ["gone"]]


def test_the_actions_required_are_those_of_every_call_that_apply_makes():
    ask = Call("s3", "ListObjectVersions", {"Bucket": "b"})
    drain = Drain(ask, "Versions", Call("s3", "DeleteObjects", {"Bucket": "b"}), into="Delete.Objects")
    wait = Settle(Call("batch", "DescribeJobQueues"), "s", "w")
    step = Step(LOGS.address, Action.UPDATE, effects=(drain, wait), retire=(Call("iam", "DeleteRole"),))
    environment = Environment(SCOPE, {LOGS.address: LOGS}, {}, {}, Access(), Source("f", "0"))
    found = document.of(Plan(environment, (Planned(step, LOGS, None),), Survey({})), ORIGIN)

    assert found["required_actions"] == [
        "batch:DescribeJobQueues",
        "iam:DeleteRole",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketVersions",
    ]


def test_the_summary_counts_every_step_and_the_blocked_ones_once_more():
    block = Block("MF4103", "m", "h")
    steps = [Step(LOGS.address, action) for action in Action] + [Step(LOGS.address, Action.DELETE, blocks=(block,))]

    assert document.summary(steps) == {
        "adopt": 2, "create": 1, "update": 1, "replace": 1, "delete": 2, "forget": 1, "unchanged": 1, "blocked": 1,
    }  # fmt: skip


def test_checks_tell_warnings_of_the_file_of_aws_and_every_block():
    sick = seen(LOGS, warnings=("it is sick",))
    found = of([(LOGS, sick)], leftovers=[GONE], warnings=[Problem("look", subject="log_group.l", code="MF1500")])

    assert [(row["code"], row["status"], row["address"]) for row in found["checks"] if row["status"] != "pass"] == [
        ("MF1500", "warn", "log_group.l"), ("MF2000", "warn", "log_group.l"), ("MF4107", "fail", None),
        ("MF4103", "fail", "log_group.gone"),
    ]  # fmt: skip
    assert not found["applyable"]


def test_a_suppressed_warning_keeps_its_row_with_the_reason_and_fits_the_schema():
    let = Problem("look", subject="log_group.l", code="MF2130", severity="suppressed", reason="audit")
    found = of([(LOGS, seen(LOGS))], warnings=[let])
    row = found["checks"][0]
    assert (row["code"], row["status"], row["reason"]) == ("MF2130", "suppressed", "audit")
    assert validate.shape("plan", found) == ()


def test_a_plan_without_changes_is_not_to_be_applied():
    assert of([(LOGS, seen(LOGS))])["applyable"] is False


WORLDS = {
    "what is wished": lambda: of([(resource(retention_days=7), seen(LOGS, retention_days=1)), *PAIRS[1:]]),
    "what is there": lambda: of([(LOGS, seen(LOGS, retention_days=3)), *PAIRS[1:]]),
    "a tag that is there": lambda: of([(LOGS, seen(LOGS, {**LOGS.tags, "a": "b"}, retention_days=1)), *PAIRS[1:]]),
    "a resource more": lambda: of([*PAIRS, (resource(name="m"), None)]),
    "a leftover": lambda: of(PAIRS, leftovers=[GONE]),
    "that it destroys": lambda: of(PAIRS, options=Options(destroy=True)),
    "the endpoint": lambda: of(PAIRS, origin=replace(ORIGIN, endpoint="sandbox")),
}


def plan_hash(found):
    return found["integrity"]["plan_sha256"]


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_the_hash_changes_when_anything_reviewed_does(world):
    assert plan_hash(world()) != plan_hash(of(PAIRS))


@pytest.mark.parametrize("origin", [{"created": "x"}, {"git_commit": "x"}, {"git_dirty": True}, {"caller": "arn:x"}])
def test_the_hash_does_not_change_with_the_moment_the_caller_or_the_commit(origin):
    assert plan_hash(of(PAIRS, origin=replace(ORIGIN, **origin))) == plan_hash(of(PAIRS))


def test_a_document_shares_nothing_that_a_reader_could_change():
    plan = plan_of(PAIRS)
    before = copy.deepcopy(plan.planned[0].step)
    document.of(plan, ORIGIN)["resource_changes"][0]["change"]["fields"].clear()

    assert plan.planned[0].step == before


def test_what_does_not_change_is_the_same_on_both_sides_however_the_file_writes_it():
    wish = resource("role", "r", trust={"services": ["ecs-tasks.amazonaws.com"]})
    row = change(of([(wish, seen(wish))]), "role.r")
    assert row["change"]["actions"] == ["no-op"]
    assert row["change"]["before"] == row["change"]["after"]

    row = change(of([(wish, seen(wish, description="other"))]), "role.r")
    before, after = row["change"]["before"], row["change"]["after"]
    differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert differing <= {"description"}
