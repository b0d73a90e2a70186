"""Promise 16, an audit trail: every run leaves a receipt that says who did what, and how it ended."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from locking import BUCKET, PLACE, WRITE, line, refuses, someone, taken_over_by_another
from stack import environment

from mfinfra import history, host, lock, receipts, schemas
from mfinfra.errors import AwsError, LostLock, UserError
from mfinfra.lock.content import Lock
from mfinfra.model import Action, Address, Call, Called, Done, Failed, Skipped, Started

GROUP, OTHER = Address("log_group", "flows"), Address("log_group", "other")
GROUPS = {"log_group": {"flows": {"name": "/flows"}, "other": {"name": "/other", "tags": {"secret": "hunter2"}}}}
MADE = (
    Started(GROUP, Action.CREATE),
    Called(GROUP, Call("logs", "CreateLogGroup", {"logGroupName": "hunter2"}), "r-1"),
    Done(GROUP, Action.CREATE, 1.25),
)
REST = (Started(OTHER, Action.CREATE), Done(OTHER, Action.CREATE, 0.5))


@pytest.fixture
def aws(stack):
    stack.client("s3").create_bucket(Bucket=BUCKET)
    return line(stack)


@pytest.fixture
def planned(stack):
    """The document of a plan that makes two log groups."""
    return stack.plan(environment(GROUPS)).document


def recorder(planned, id_="aaaa1111", **named):
    return history.Recorder.of(planned, "apply", id_, **named)


def valid(receipt):
    Draft202012Validator(schemas.load("receipt")).validate(receipt)
    return receipt


def stored(stack):
    """The receipts in the bucket as they were written: key → document."""
    s3 = stack.client("s3")
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET, Prefix=PLACE.history).get("Contents", ())]
    return {key: json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys}


def test_promise_16_a_run_leaves_a_receipt_before_its_first_call_and_at_its_end(stack, aws, planned):
    writing = recorder(planned)
    writing.begin(aws, PLACE)
    (begun,) = stored(stack).values()
    assert (valid(begun)["result"], begun["ended"], begun["calls"]) == ("running", None, [])
    for event in (*MADE, *REST):
        writing.take(event)
    assert writing.end(aws, PLACE)
    ((key, ended),) = stored(stack).items()
    assert key == f"mfinfra/test/history/{begun['began'].replace('-', '').replace(':', '')}-aaaa1111.json"
    assert valid(ended)["result"] == "done"
    assert ended["ended"] >= ended["began"]
    assert ended["steps"] == [
        {"address": "log_group.flows", "action": "create", "result": "done", "error": None, "seconds": 1.2},
        {"address": "log_group.other", "action": "create", "result": "done", "error": None, "seconds": 0.5},
    ]
    assert ended["calls"] == [
        {"address": "log_group.flows", "service": "logs", "operation": "CreateLogGroup", "request_id": "r-1"}
    ]


def test_promise_16_a_receipt_says_who_from_where_and_what_was_approved(planned, monkeypatch):
    monkeypatch.setenv("CI_JOB_URL", "https://ci.test/1")
    said = valid(recorder(planned).receipt)
    assert (said["who"], said["user"]) == ("arn:aws:iam::123456789012:user/test", host.user())
    assert said["run_url"] == "https://ci.test/1"
    assert said["plan_sha256"] == planned["integrity"]["plan_sha256"]
    assert said["source"]["sha256"] == planned["source"]["sha256"]
    assert said["source"]["path"].endswith("environment.yaml")
    assert said["summary"]["create"] == 2
    assert said["locked"] is True


def test_promise_13_a_receipt_holds_no_parameters_and_no_secret(planned):
    writing = recorder(planned)
    for event in MADE:
        writing.take(event)
    denied = AwsError(
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP",
        service="s3", operation="PutObject", aws_code="AccessDenied",
    )  # fmt: skip
    writing.take(Failed(OTHER, Action.CREATE, denied))
    writing.take(Failed(GROUP, Action.CREATE, ValueError("hunter2")))
    said = json.dumps(writing.finish())
    assert "hunter2" not in said
    assert "AKIA" not in said
    assert "ValueError" in said
    assert "AccessDenied" in said


FAILED = Failed(OTHER, Action.CREATE, UserError("no", code="MF3101"))
LOST = Failed(OTHER, Action.CREATE, LostLock("taken over", code="MF4302"))
SKIPPED = Skipped(OTHER, Action.CREATE, "the run was interrupted")


@pytest.mark.parametrize(
    ("events", "interrupted", "result"),
    [
        ((*MADE, *REST), False, "done"),
        ((*MADE, *REST), True, "done"),
        ((*MADE, FAILED), False, "failed"),
        ((*MADE, SKIPPED), True, "interrupted"),
        ((*MADE, LOST), False, "lost lock"),
        ((*MADE, LOST), True, "lost lock"),
        ((), False, "interrupted"),
        (MADE, False, "interrupted"),
        ((*MADE, Started(OTHER, Action.CREATE)), False, "interrupted"),
    ],
)
def test_the_result_says_how_the_run_ended(planned, events, interrupted, result):
    writing = recorder(planned)
    for event in events:
        writing.take(event)
    assert valid(writing.finish(interrupted=interrupted))["result"] == result


def test_a_lost_lock_that_no_step_noticed_is_told_all_the_same(planned):
    writing = recorder(planned)
    for event in (*MADE, SKIPPED):
        writing.take(event)
    assert valid(writing.finish(interrupted=True, lost=True))["result"] == "lost lock"
    for event in REST:
        writing.take(event)
    assert valid(writing.finish(lost=True))["result"] == "done", "it was lost behind the last step"


def test_a_failed_step_has_its_code_and_its_sentence_and_a_skipped_one_its_reason(planned):
    writing = recorder(planned)
    for event in (Started(OTHER, Action.CREATE), FAILED, Skipped(GROUP, Action.CREATE, "`log_group.other` was not")):
        writing.take(event)
    failed, skipped = writing.receipt["steps"]
    assert failed["error"] == {"code": "MF3101", "message": "no"}
    assert skipped["error"] == {"code": None, "message": "`log_group.other` was not"}


@pytest.mark.parametrize(
    ("rows", "done", "earlier", "part", "left"),
    [
        ({"a": "create", "b": "no-op"}, ("a",), (), False, ["a", "b"]),
        ({"a": "create"}, (), (), False, []),
        ({"a": "delete", "b": "delete"}, ("a",), ("a", "b"), False, ["b"]),
        ({"a": "no-op"}, (), ("a", "gone"), False, ["a"]),
        ({"a": "update"}, ("a",), ("b", "c"), True, ["a", "b", "c"]),
        ({"a": "delete"}, ("a",), ("a", "b"), True, ["b"]),
        ({"a": "create"}, (), ("a",), False, ["a"]),
    ],
    ids=[
        "what stood and what was made", "what was not made", "what was not deleted either", "what is ours no more",
        "what a part does not speak of", "what a part deletes", "what somebody deleted and could not be made again",
    ],
)  # fmt: skip
def test_what_stands_after_a_run_is_what_applies_made_and_none_took_away(rows, done, earlier, part, left):
    steps = [{"address": address, "result": "done" if address in done else "failed"} for address in rows]
    actions = {address: (action,) for address, action in rows.items()}
    assert receipts.standing(actions, steps, earlier, part=part) == left


def test_a_run_of_very_many_calls_keeps_the_first_and_counts_the_rest(planned):
    writing = recorder(planned)
    for _ in range(5_003):
        writing.take(MADE[1])
    assert (len(writing.receipt["calls"]), writing.receipt["calls_omitted"]) == (5_000, 3)


def test_where_no_receipt_can_be_written_nothing_begins(aws, planned):
    aws.faults = [refuses("AccessDenied", 403)]
    with pytest.raises(AwsError):
        recorder(planned).begin(aws, PLACE)


def test_a_receipt_is_never_written_over_another_one(aws, planned):
    one, two = recorder(planned), recorder(planned)
    two.receipt["began"] = one.receipt["began"]
    one.begin(aws, PLACE)
    with pytest.raises(AwsError, match="PreconditionFailed"):
        two.begin(aws, PLACE)


def test_a_run_that_lost_its_lock_still_writes_its_receipt_and_nothing_else(stack, aws, planned):
    other = line(stack)
    stack.operations.clear()
    with lock.held(aws, PLACE, lock.Request("apply")) as holder:
        writing = recorder(planned, holder.id)
        writing.begin(aws, PLACE)
        taken_over_by_another(other)
        holder._renew()
        with pytest.raises(LostLock) as caught:
            aws.write(WRITE, lambda why, seconds: None)
        writing.take(Failed(GROUP, Action.CREATE, caught.value))
        assert writing.end(aws, PLACE, interrupted=True)
    (said,) = stored(stack).values()
    assert valid(said)["result"] == "lost lock"
    assert "eve@mars" in said["steps"][0]["error"]["message"]
    assert "logs.CreateLogGroup" not in stack.operations


def test_promise_16_where_the_bucket_is_gone_the_receipt_is_kept_locally(stack, aws, planned, tmp_path):
    stack.client("s3").delete_bucket(Bucket=BUCKET)
    writing, said = recorder(planned), []
    assert not writing.end(aws, PLACE, tell=said.append)
    assert "could not be written to `s3://records/mfinfra/test`" in said[0]
    path = history.keep(writing.receipt, tmp_path / "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert valid(json.loads(path.read_text()))["result"] == "interrupted"
    with pytest.raises(UserError, match="cannot be saved"):
        history.keep(writing.receipt, tmp_path / "new")


# --- read back --------------------------------------------------------------------------------------------------------


def past(aws, planned, *ids, **changes):
    """Receipts of runs that are over, one an hour."""
    for number, id_ in enumerate(ids):
        writing = recorder(planned, id_)
        for event in (*MADE, *REST):
            writing.take(event)
        writing.finish()
        writing.receipt |= {"began": f"2026-01-02T{number:02}:00:00Z", **changes}
        history._put(aws, PLACE, writing.receipt)


def test_the_newest_come_first_and_no_more_than_asked_for(aws, planned):
    past(aws, planned, "aaaa1111", "bbbb2222", "cccc3333")
    assert [one["id"] for one in history.newest(aws, PLACE, 2)] == ["cccc3333", "bbbb2222"]
    assert [one["id"] for one in history.newest(aws, PLACE, 9)] == ["cccc3333", "bbbb2222", "aaaa1111"]


def test_what_was_written_is_what_is_read(stack, aws, planned):
    past(aws, planned, "aaaa1111")
    assert [*stored(stack).values()] == [*history.newest(aws, PLACE, 1)]


@pytest.mark.parametrize(
    ("id_", "found"),
    [("aabb1111", "aabb1111"), ("aabb1", "aabb1111"), ("aabb", None), ("aab", None), ("", None), ("ffff", None)],
)
def test_a_receipt_is_found_by_the_beginning_of_its_id_if_that_is_one(aws, planned, id_, found):
    past(aws, planned, "aabb1111", "aabb2222")
    if found:
        assert history.find(aws, PLACE, id_)["id"] == found
        return
    with pytest.raises(UserError) as caught:
        history.find(aws, PLACE, id_)
    assert caught.value.code == "MF4305"


def test_without_a_bucket_there_is_no_history(stack, aws):
    stack.client("s3").delete_bucket(Bucket=BUCKET)
    assert history.newest(aws, PLACE, 9) == ()


def test_every_request_names_the_owner_that_the_bucket_must_have(aws, planned):
    past(aws, planned, "aaaa1111", result="running")
    history.find(aws, PLACE, "aaaa1111")
    assert {call.operation for call in aws.calls} == {"PutObject", "ListObjectsV2", "GetObject"}
    assert all(call.params["ExpectedBucketOwner"] == "123456789012" for call in aws.calls)


def running(aws, planned, **changes):
    past(aws, planned, "aaaa1111", result="running", ended=None, duration_seconds=None, **changes)
    return history.newest(aws, PLACE, 1)[0]["result"]


def test_promise_16_a_run_that_was_killed_is_told_from_one_that_runs(aws, planned):
    assert running(aws, planned) == "did not finish"
    someone(aws)
    assert running(aws, planned) == "running"


def test_a_run_whose_lock_is_stale_or_another_s_did_not_finish(aws, planned):
    someone(aws, process=replace(host.this(), started="0"))
    assert running(aws, planned) == "did not finish"
    lock.unlock(aws, PLACE, "aaaa1111")
    someone(aws, id="bbbb2222")
    assert running(aws, planned) == "did not finish"


def test_of_a_run_without_a_lock_nobody_knows_whether_it_runs(aws, planned):
    assert running(aws, planned, locked=False) == "running"


# --- what may stand there ---------------------------------------------------------------------------------------------

DEEP = b"[" * 100_000
STRANGE = {
    "nothing": b"",
    "no json": b"{",
    "a list": b"[]",
    "very deep": DEEP,
    "deep inside": b'{"result": "done", "steps": ' + DEEP,
    "another result": b'{"result": "perfect"}',
    "a result that is none": b'{"result": ["done"]}',
    "a huge number": b'{"result": "done", "calls_omitted": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("raw", STRANGE.values(), ids=STRANGE)
def test_what_is_no_receipt_is_shown_as_unreadable(stack, aws, raw):
    key = PLACE.receipt("2026-01-02T03:04:05Z", "eeee5555")
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=raw)
    (found,) = history.newest(aws, PLACE, 9)
    assert (found["id"], found["began"], found["result"]) == ("eeee5555", "2026-01-02T03:04:05Z", "unreadable")


def test_what_is_no_name_of_a_receipt_is_passed_over(stack, aws):
    for name in ("notes.txt", "20260102T030405Z-../../x.json", "x/20260102T030405Z-aaaa1111.json", "\x1b[2J.json"):
        stack.client("s3").put_object(Bucket=BUCKET, Key=PLACE.history + name, Body=b"{}")
    assert history.newest(aws, PLACE, 9) == ()


def test_members_of_another_type_become_empty_ones():
    wrong = {
        "result": "done",
        "who": 7,
        "source": [],
        "steps": {"a": 1},
        "calls": [7, None],
        "summary": {"create": "x"},
    }
    more = {"calls_omitted": float("inf"), "duration_seconds": True, "ended": 5, "locked": "yes"}
    found = receipts.parse(json.dumps({**wrong, **more}).encode(), "aaaa1111", "2026-01-02T03:04:05Z")
    assert (found["who"], found["source"]["path"], found["steps"], found["summary"]["create"]) == ("", "", [], 0)
    assert found["calls"] == [{"address": "", "service": "", "operation": "", "request_id": ""}] * 2
    assert (found["calls_omitted"], found["duration_seconds"], found["ended"], found["locked"]) == (0, 0.0, "", False)


def test_promise_14_every_text_of_a_receipt_is_inert():
    hostile = "\x1b[2J\u202e\u200b::error ::\r\nx" + "y" * 5000
    document = {
        "result": "done", "who": hostile, "source": {"path": hostile}, "run_url": hostile,
        "steps": [{"address": hostile, "error": {"code": hostile, "message": hostile}}],
        "calls": [{"operation": hostile}],
    }  # fmt: skip
    found = receipts.parse(json.dumps(document).encode(), "aaaa1111", "2026-01-02T03:04:05Z")
    step = found["steps"][0]
    for text in (found["who"], found["source"]["path"], found["run_url"], step["address"], step["error"]["message"]):
        assert text.isprintable()
        assert len(text) < 1100


def test_the_schema_of_the_lock_describes_what_is_written(aws):
    with lock.held(aws, PLACE, lock.Request("apply")) as holder:
        said = json.loads(holder.beat.lock.body)
    Draft202012Validator(schemas.load("lock")).validate(said)
    assert Draft202012Validator(schemas.load("lock")).is_valid(json.loads(Lock("aaaa1111").body)) is False


def test_a_closed_schema_allows_no_parameters():
    said = {"address": "a.b", "service": "s3", "operation": "PutObject", "request_id": "r", "parameters": {}}
    calls = schemas.load("receipt")["properties"]["calls"]
    assert not Draft202012Validator(calls).is_valid([said])
    del said["parameters"]
    assert Draft202012Validator(calls).is_valid([said])
