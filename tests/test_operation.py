"""An apply from what was approved to its receipt: the lock, the second look, and what is left behind."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from stack import ACCOUNT, environment, inventory, unprotected

from mfinfra import history, lock, records
from mfinfra.aws.session import Aws
from mfinfra.errors import AccessDenied, Incomplete, Locked, Refused, Stale
from mfinfra.model import Done, Failed, Skipped
from mfinfra.operation import NO_PLACE, Locking, Operation, bucket_first
from mfinfra.planning.gate import Allowed
from mfinfra.sandbox.faults import DENIED, Rule, Script

BUCKET = "data-123456789012"
TAGS = ["mfinfra:environment", "mfinfra:address", "mfinfra:owner", "mfinfra:spec"]
RESOURCES = {
    "bucket": {"data": {"name": BUCKET}},
    "log_group": {"flows": {"name": "/flows", "retention_days": 7}},
    "table": {"foreach": {"name": "foreach", "deletion_protection": False}},
}
METAFLOW = {"datastore": "bucket.data"}
FILE = environment(RESOURCES, metaflow=METAFLOW)
LOCK, RECEIPTS = "mfinfra/test/lock.json", "mfinfra/test/history/"


@pytest.fixture
def operate(stack, tmp_path):
    """Carry a file out, as `mfinfra apply FILE --yes` does: the events, and what was told."""

    def run(file, *, plan=None, **options):
        parts = {
            name: options.pop(name)
            for name in ("allowed", "locking", "name", "binding", "replanned")
            if name in options
        }
        reviewed = plan or stack.plan(file, **options)
        told = []
        operation = Operation(reviewed, **parts, tell=told.append, folder=tmp_path / ".mfinfra")
        return list(operation.events()), told

    return run


def objects(stack, prefix=""):
    found = stack.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [row["Key"] for row in found.get("Contents", ())]


def receipts(stack):
    s3 = stack.client("s3")
    return [json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in objects(stack, RECEIPTS)]


def ends(events):
    return {str(event.address): type(event).__name__ for event in events if isinstance(event, (Done, Failed, Skipped))}


@pytest.mark.slow
def test_promise_10_on_a_first_apply_the_bucket_is_made_first_then_the_lock_is_taken_then_the_rest_is_made(
    stack, operate
):
    events, told = operate(FILE)

    assert ends(events) == {"bucket.data": "Done", "log_group.flows": "Done", "table.foreach": "Done"}
    assert told == []
    writes = stack.writes()
    took = writes.index("s3.PutObject")
    assert "s3.CreateBucket" in writes[:took]
    assert not {"logs.CreateLogGroup", "dynamodb.CreateTable"} & set(writes[:took])
    assert writes[-1] == "s3.DeleteObject"
    assert objects(stack, LOCK) == []


@pytest.mark.slow
def test_promise_16_every_apply_leaves_a_receipt_that_says_who_what_and_with_which_result(stack, operate):
    operate(FILE)
    operate(
        environment({**RESOURCES, "log_group": {"flows": {"name": "/flows", "retention_days": 30}}}, metaflow=METAFLOW)
    )

    first, second = sorted(receipts(stack), key=lambda receipt: -len(receipt["steps"]))
    assert (first["result"], second["result"]) == ("done", "done")
    assert [step["address"] for step in first["steps"]] == ["bucket.data", "log_group.flows", "table.foreach"]
    assert [step["action"] for step in second["steps"]] == ["update"]
    assert [call["operation"] for call in second["calls"]][:1] == ["PutRetentionPolicy"]
    assert first["who"].startswith("arn:aws:")
    assert any(call["request_id"] for call in first["calls"])
    assert first["plan_sha256"] != second["plan_sha256"]


@pytest.mark.slow
def test_a_second_apply_makes_no_writing_call(stack, operate):
    operate(FILE)
    before = stack.writes()
    assert not stack.plan(FILE).plan.work
    assert stack.writes() == before


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["target", "exclude"])
def test_what_somebody_deleted_is_told_from_what_is_new_also_after_the_apply_of_a_part(stack, operate, choice):
    operate(FILE)
    changed = environment({**RESOURCES, "log_group": {"flows": {"name": "/flows"}}}, metaflow=METAFLOW)
    operate(changed, **{choice: frozenset({"log_group.flows" if choice == "target" else "table.foreach"})})
    stack.client("dynamodb").delete_table(TableName="foreach")

    rows = {row["address"]: row for row in stack.plan(changed).document["resource_changes"]}
    assert rows["table.foreach"]["change"]["actions"] == ["create"]
    assert rows["table.foreach"]["drift"] == "live"


@pytest.mark.slow
def test_promise_10_while_another_run_holds_the_lock_nothing_is_written(stack, operate):
    operate(FILE)
    changed = environment({**RESOURCES, "log_group": {}}, metaflow=METAFLOW)
    reviewed = stack.plan(changed)
    place = records.place(reviewed.reading.environment)
    with lock.held(reviewed.aws, place, lock.Request("apply")) as held:
        before = stack.writes()
        with pytest.raises(Locked) as caught:
            operate(changed, plan=reviewed, allowed=Allowed(destroy=frozenset({"log_group.flows"}), max_deletes=1))
        assert [name for name in stack.writes()[len(before) :] if name != "s3.PutObject"] == []
        assert held.id in caught.value.hint
    assert caught.value.exit_code == 5
    assert len(receipts(stack)) == 1


@pytest.mark.slow
def test_what_changed_between_the_review_and_the_lock_stops_the_run_before_its_first_write(stack, operate):
    operate(FILE)
    changed = environment(
        {**RESOURCES, "log_group": {"flows": {"name": "/flows", "retention_days": 30}}}, metaflow=METAFLOW
    )
    reviewed = stack.plan(changed)
    stack.client("logs").put_retention_policy(logGroupName="/flows", retentionInDays=14)
    with pytest.raises(Stale, match=r"AWS changed while this plan was being approved: `log_group.flows`") as caught:
        operate(changed, plan=reviewed)
    assert caught.value.exit_code == 4
    assert stack.client("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 14
    assert (objects(stack, LOCK), len(receipts(stack))) == ([], 1)


def test_on_a_first_apply_too_what_changed_meanwhile_stops_the_rest_and_says_what_was_made(stack, operate):
    reviewed = stack.plan(FILE)
    stack.client("logs").create_log_group(logGroupName="/flows")
    with pytest.raises(Incomplete, match=r"`log_group.flows`") as caught:
        operate(FILE, plan=reviewed)
    assert caught.value.exit_code == 6
    assert "the bucket for the lock was made, nothing else" in caught.value.hint
    assert stack.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(("key", "wanted"), [(LOCK, True), (RECEIPTS, True), (RECEIPTS, False)])
def test_on_a_first_apply_too_what_may_not_be_written_beside_the_bucket_stops_the_rest_and_says_so(
    stack, tmp_path, monkeypatch, key, wanted
):
    def send(aws, call):
        if call.operation == "PutObject" and call.params["Key"].startswith(key):
            raise AccessDenied("no", service="s3", operation="PutObject", aws_code="AccessDenied", hint="mend it")
        return usual(aws, call)

    usual = Aws.send
    monkeypatch.setattr(Aws, "send", send)
    operation, events = Operation(stack.plan(FILE), locking=Locking(wanted), folder=tmp_path), []
    with pytest.raises(Incomplete, match="AccessDenied") as caught:
        events.extend(operation.events())
    assert "the bucket for the lock was made, nothing else; mend it; it was asked for `s3://data" in caught.value.hint
    assert ends(events) == {"bucket.data": "Done", "log_group.flows": "Skipped", "table.foreach": "Skipped"}


def test_a_receipt_that_can_be_kept_nowhere_is_told_and_undoes_no_report(stack, operate, monkeypatch, tmp_path):
    (tmp_path / ".mfinfra").write_text("no folder")
    monkeypatch.setattr(history.Recorder, "end", lambda *_, **__: False)
    events, told = operate(FILE)
    assert set(ends(events).values()) == {"Done"}
    assert [said for said in told if "nothing can be saved" in said]


@pytest.mark.slow
def test_a_receipt_that_is_kept_here_is_no_business_of_git(operate, monkeypatch, tmp_path):
    monkeypatch.setattr(history.Recorder, "end", lambda *_, **__: False)
    operate(FILE)
    assert (tmp_path / ".mfinfra" / ".gitignore").read_text() == "*\n"


def test_a_bucket_for_the_lock_that_cannot_be_made_leaves_the_rest_undone(stack, operate, monkeypatch):
    reviewed = stack.plan(FILE)
    aws = reviewed.aws

    class Failing:
        def __getattr__(self, name):
            return getattr(aws, name)

        def write(self, call, waiting, *more):
            if call.operation == "CreateBucket":
                raise Refused("no bucket for you")
            return aws.write(call, waiting, *more)

    events, _ = operate(FILE, plan=replace(reviewed, aws=Failing()))
    assert ends(events) == {"bucket.data": "Failed", "log_group.flows": "Skipped", "table.foreach": "Skipped"}
    assert stack.client("dynamodb").list_tables()["TableNames"] == []


def test_without_a_bucket_it_says_that_there_is_no_lock(stack, operate):
    events, told = operate(environment({"log_group": RESOURCES["log_group"]}))
    assert ends(events) == {"log_group.flows": "Done"}
    assert told == [NO_PLACE]


def test_no_lock_takes_none_says_so_and_leaves_a_receipt_all_the_same(stack, operate):
    _, told = operate(FILE, locking=Locking(wanted=False))
    assert "`--no-lock`" in told[0]
    assert [receipt["locked"] for receipt in receipts(stack)] == [False]


@pytest.mark.slow
def test_a_destroy_takes_the_lock_and_the_records_with_the_bucket_and_keeps_its_own_receipt_here(
    stack, operate, tmp_path
):
    before = inventory(stack)
    file = environment(
        {kind: {n: {**s, "protect": False} for n, s in named.items()} for kind, named in RESOURCES.items()},
        metaflow=METAFLOW,
    )
    operate(file)
    allowed = Allowed(destroy=frozenset({"bucket.data", "log_group.flows", "table.foreach"}))
    events, told = operate(file, destroy=True, allowed=allowed, name="destroy")

    assert set(ends(events).values()) == {"Done"}
    assert inventory(stack) == before
    (kept,) = (tmp_path / ".mfinfra").glob("receipt-*.json")
    assert json.loads(kept.read_text())["result"] == "done"
    assert str(kept) in " ".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("locking", [Locking(), Locking(wanted=False)], ids=["lock", "no lock"])
def test_promise_3_a_destroy_that_was_cut_short_after_its_bucket_went_is_finished_by_another(
    stack, operate, tmp_path, locking
):
    before = inventory(stack)
    resources = {kind: {n: {**s, "protect": False} for n, s in named.items()} for kind, named in RESOURCES.items()}
    file = environment(resources, metaflow=METAFLOW)
    operate(file)
    destroy = {
        "destroy": True,
        "name": "destroy",
        "allowed": Allowed(destroy=frozenset({"bucket.data", "log_group.flows", "table.foreach"})),
    }
    stack.server.faults = Script(Rule("logs.DeleteLogGroup", DENIED))
    events, _ = operate(file, **destroy)
    assert (ends(events)["bucket.data"], ends(events)["log_group.flows"]) == ("Done", "Failed")
    stack.server.faults = None
    events, told = operate(file, **destroy, locking=locking)

    assert ends(events) == {"log_group.flows": "Done"}
    assert inventory(stack) == before
    results = {json.loads(path.read_text())["result"] for path in (tmp_path / ".mfinfra").glob("receipt-*.json")}
    assert results == {"failed", "done"}
    assert told[0] == "no lock: the bucket that it was in is destroyed already"


@pytest.mark.slow
def test_a_bucket_with_content_keeps_its_receipts_when_it_cannot_go(stack, operate):
    file = environment(
        {kind: {n: {**s, "protect": False} for n, s in named.items()} for kind, named in RESOURCES.items()},
        metaflow=METAFLOW,
    )
    operate(file)
    stack.client("s3").put_object(Bucket=BUCKET, Key="metaflow/data", Body=b"x")
    allowed = Allowed(destroy=frozenset({"bucket.data", "log_group.flows", "table.foreach"}))
    events, _ = operate(file, destroy=True, allowed=allowed, name="destroy")

    assert ends(events)["bucket.data"] == "Failed"
    assert sorted(receipt["result"] for receipt in receipts(stack)) == ["done", "failed"]
    assert objects(stack, LOCK) == []


@pytest.mark.slow
def test_a_renamed_bucket_is_locked_under_its_old_name(stack, operate):
    resources = unprotected(RESOURCES)
    operate(environment(resources, metaflow=METAFLOW))
    renamed = {**resources, "bucket": {"data": {**resources["bucket"]["data"], "name": "other-123456789012"}}}
    file = environment(renamed, metaflow=METAFLOW)
    reviewed = stack.plan(file)
    place = records.place(reviewed.reading.environment)
    with lock.held(reviewed.aws, replace(place, bucket=BUCKET), lock.Request("apply")), pytest.raises(Locked):
        operate(file, plan=reviewed, allowed=Allowed(replace=frozenset({"bucket.data"})))
    events, _ = operate(file, allowed=Allowed(replace=frozenset({"bucket.data"})))
    assert set(ends(events).values()) == {"Done"}
    assert [row["Name"] for row in stack.client("s3").list_buckets()["Buckets"]] == ["other-123456789012"]


@pytest.mark.slow
def test_only_a_bucket_that_the_plan_creates_comes_before_the_lock(stack, operate):
    first = bucket_first(stack.plan(FILE).plan, records.place(stack.plan(FILE).reading.environment).address)
    assert [str(step.address) for step in first.steps] == ["bucket.data"]
    operate(FILE)
    reviewed = stack.plan(FILE)
    assert bucket_first(reviewed.plan, records.place(reviewed.reading.environment).address) is None


@pytest.mark.slow
def test_a_run_that_fails_says_so_in_its_receipt(stack, operate):
    operate(FILE)
    changed = environment(
        {**RESOURCES, "log_group": {"flows": {"name": "/flows", "retention_days": 30}}}, metaflow=METAFLOW
    )
    reviewed = stack.plan(changed)
    aws = reviewed.aws
    original = type(aws).write

    def failing(self, call, waiting, *more):
        if call.operation == "PutRetentionPolicy":
            raise Refused("not today", code="MF0001")
        return original(self, call, waiting, *more)

    type(aws).write = failing
    try:
        operate(changed, plan=reviewed)
    finally:
        type(aws).write = original
    (receipt,) = [receipt for receipt in receipts(stack) if receipt["result"] != "done"]
    assert receipt["result"] == "failed"
    assert receipt["steps"][0]["error"]["message"] == "not today"
    assert history.find(aws, records.place(reviewed.reading.environment), receipt["id"])["result"] == "failed"


@pytest.mark.slow
def test_what_is_made_anew_for_its_own_sake_is_made_anew_once_for_each_plan(stack, operate):
    file = environment({**RESOURCES, "log_group": {"flows": {"name": "/flows", "protect": False}}}, metaflow=METAFLOW)
    operate(file)
    reviewed = stack.plan(file, replace=frozenset({"log_group.flows"}))
    allowed = Allowed(replace=frozenset({"log_group.flows"}))
    assert set(ends(operate(file, plan=reviewed, allowed=allowed)[0]).values()) == {"Done"}
    again = stack.plan(file, replace=frozenset({"log_group.flows"}))
    assert again.document["integrity"]["plan_sha256"] == reviewed.document["integrity"]["plan_sha256"]
    before = stack.writes()
    with pytest.raises(Stale, match="this plan was begun at") as caught:
        operate(file, plan=again, allowed=allowed)
    assert (caught.value.code, stack.writes()) == ("MF4208", before)


def test_without_receipts_nothing_is_made_anew(stack, operate):
    file = environment({"log_group": {"flows": {"name": "/flows", "protect": False}}})
    operate(file)
    with pytest.raises(Refused, match="`--replace`"):
        operate(file, replace=frozenset({"log_group.flows"}), allowed=Allowed(replace=frozenset({"log_group.flows"})))


def drift_of(reviewed):
    return {row["address"]: row["drift"] for row in reviewed.document["resource_changes"]}


@pytest.mark.slow
def test_what_somebody_deleted_in_aws_is_told_from_what_is_new_in_the_file(stack, operate):
    operate(FILE)
    stack.client("logs").delete_log_group(logGroupName="/flows")
    more = {**RESOURCES, "log_group": {**RESOURCES["log_group"], "new": {"name": "/new"}}}
    found = drift_of(stack.plan(environment(more, metaflow=METAFLOW)))
    assert found == {
        "bucket.data": "none",
        "log_group.flows": "live",
        "log_group.new": "file",
        "table.foreach": "none",
    }


@pytest.mark.slow
def test_what_the_last_apply_destroyed_is_not_missed(stack, operate):
    file = environment({**RESOURCES, "log_group": {"flows": {"name": "/flows", "protect": False}}}, metaflow=METAFLOW)
    operate(file)
    without = environment({**RESOURCES, "log_group": {}}, metaflow=METAFLOW)
    operate(without, allowed=Allowed(destroy=frozenset({"log_group.flows"}), max_deletes=1))
    assert drift_of(stack.plan(file))["log_group.flows"] == "file"


@pytest.mark.slow
def test_a_plan_without_changes_asks_for_no_receipt(stack, operate):
    operate(FILE)
    before = list(stack.operations)
    stack.plan(FILE)
    asked = stack.operations[len(before) :]
    assert "s3.GetObject" not in asked
    assert "s3.ListObjectsV2" not in asked


@pytest.mark.slow
def test_receipts_that_may_not_be_read_are_a_warning_and_no_guess(stack, operate, monkeypatch):
    operate(FILE)
    stack.client("logs").delete_log_group(logGroupName="/flows")

    def denied(*_):
        raise AccessDenied("no", service="s3", operation="ListObjectsV2", aws_code="AccessDenied")

    monkeypatch.setattr(history, "newest", denied)
    reviewed = stack.plan(FILE)
    (check,) = [row for row in reviewed.document["checks"] if row["status"] == "warn"]
    assert check["code"] == "MF2401"
    assert drift_of(reviewed)["log_group.flows"] == "file"


@pytest.mark.slow
def test_what_nobody_has_approved_is_planned_anew_once_the_lock_is_held(stack, operate):
    operate(FILE)
    changed = environment(
        {**RESOURCES, "log_group": {"flows": {"name": "/flows", "retention_days": 30}}}, metaflow=METAFLOW
    )
    reviewed, heard = stack.plan(changed), []
    stack.client("dynamodb").update_time_to_live(
        TableName="foreach", TimeToLiveSpecification={"Enabled": False, "AttributeName": "ttl"}
    )
    events, _ = operate(changed, plan=reviewed, binding=False, replanned=heard.append)
    assert ends(events) == {"log_group.flows": "Done", "table.foreach": "Done"}
    (now,) = heard
    assert now.document["summary"]["update"] == 2
    assert not stack.plan(changed).plan.work


@pytest.mark.slow
def test_what_nobody_has_approved_still_stops_at_a_guard(stack, operate):
    operate(FILE)
    changed = environment(
        {**RESOURCES, "log_group": {"flows": {"name": "/flows", "retention_days": 30}}}, metaflow=METAFLOW
    )
    reviewed = stack.plan(changed)
    stack.client("logs").untag_resource(resourceArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/flows", tagKeys=TAGS)
    with pytest.raises(Refused, match="nobody's tags are on it"):
        operate(changed, plan=reviewed, binding=False)
    assert stack.client("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
