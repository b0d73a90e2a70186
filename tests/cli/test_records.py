"""`unlock` and `history` at the command line, on the embedded sandbox."""

from __future__ import annotations

import json

import pytest
from locking import BUCKET, content, line, someone
from stack import ACCOUNT, REGION

from mfinfra import history
from mfinfra.records import Place

PLACE = Place(BUCKET, "mfinfra", "test")
FILE = """\
version: 1
environment: test
account: "{account}"
region: {region}
aws: {{endpoint: "{endpoint}"}}
{lock}
resources:
  log_group:
    flows: {{name: /flows}}
"""


def written(stack, path, *, account=ACCOUNT, lock=f"lock: s3://{BUCKET}"):
    path.write_text(FILE.format(account=account, region=REGION, endpoint=stack.server.endpoint, lock=lock))
    return str(path)


@pytest.fixture
def bucket(stack, monkeypatch, same_clients):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    stack.client("s3").create_bucket(Bucket=BUCKET)
    return stack


@pytest.fixture
def file(bucket, tmp_path):
    return written(bucket, tmp_path / "prod.yaml")


@pytest.fixture
def past(bucket, file):
    """One run that is over, one that was killed."""
    aws, document = line(bucket), bucket.plan(bucket.folder / "prod.yaml").document
    for id_, began in (("aaaa1111", "2026-01-02T03:04:05Z"), ("bbbb2222", "2026-01-02T04:04:05Z")):
        recorder = history.Recorder.of(document, "apply", id_)
        recorder.receipt["began"] = began
        recorder.begin(aws, PLACE)
        if id_ == "aaaa1111":
            recorder.end(aws, PLACE, interrupted=True)


def test_unlock_removes_the_lock_and_says_whose_it_was(run, bucket, file):
    someone(line(bucket))
    shown = run("unlock", file, "aaaa1111")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (
        "removed the lock of test from ben@elsewhere (arn:ben): `apply` since 2026-01-02 03:04:05 UTC\n"
    )
    assert content() is None


def test_promise_10_unlock_with_another_id_removes_nothing(run, bucket, file):
    someone(line(bucket))
    shown = run("unlock", file, "dddd4444")
    assert (shown.code, shown.out) == (3, "")
    assert "`aaaa1111`" in shown.err
    assert content()["id"] == "aaaa1111"


def test_unlock_without_a_lock_fails(run, file):
    shown = run("unlock", file, "aaaa1111")
    assert (shown.code, shown.out) == (1, "")
    assert "`test` is not locked" in shown.err


@pytest.mark.parametrize("argv", [("unlock", "aaaa1111"), ("history",)], ids=["unlock", "history"])
def test_promise_9_another_account_is_refused(run, bucket, tmp_path, argv):
    someone(line(bucket))
    other = written(bucket, tmp_path / "other.yaml", account="999999999999")
    assert run(argv[0], other, *argv[1:]).code == 3
    assert content() is not None


@pytest.mark.parametrize("argv", [("unlock", "aaaa1111"), ("history",)], ids=["unlock", "history"])
def test_a_file_that_names_no_bucket_has_neither_lock_nor_history(run, bucket, tmp_path, argv):
    shown = run(argv[0], written(bucket, tmp_path / "bare.yaml", lock=""), *argv[1:])
    assert shown.code == 1
    assert "the file names no bucket to keep it in" in shown.err


def test_promise_14_a_hostile_lock_is_told_on_one_inert_line(run, bucket, file):
    someone(line(bucket), user="\x1b[2J\n::error ::x", who="")
    shown = run("unlock", file, "aaaa1111")
    assert shown.code == 0
    assert shown.out.count("\n") == 1
    assert "\x1b" not in shown.out


def test_history_lists_the_newest_first(run, file, past):
    shown = run("history", file)
    assert (shown.code, shown.err) == (0, "")
    head, newest, oldest = shown.out.splitlines()
    assert head.startswith("began (UTC)")
    assert newest.startswith("2026-01-02 04:04  bbbb22  apply  killed?")
    assert oldest.startswith("2026-01-02 03:04  aaaa11  apply  interrupted")
    assert [row.split()[2] for row in run("history", file, "--limit", "1").out.splitlines()[1:]] == ["bbbb22"]


def test_history_shows_one_run_whole(run, file, past):
    shown = run("history", file, "bbbb2")
    assert shown.code == 0
    assert shown.out.startswith("apply of test, bbbb2222: did not finish (killed?)\n")


def test_history_is_json_for_programs(run, file, past):
    listed = json.loads(run("history", file, "--format", "json").out)
    assert (listed["format_version"], listed["environment"]) == ("1.0", "test")
    assert [one["id"] for one in listed["receipts"]] == ["bbbb2222", "aaaa1111"]
    assert json.loads(run("history", file, "aaaa1111", "--format", "json").out) == listed["receipts"][1]


def test_history_of_an_unknown_run_fails(run, file, past):
    shown = run("history", file, "ffff")
    assert (shown.code, shown.out) == (1, "")
    assert "an id that begins with `ffff`" in shown.err


def test_history_without_a_receipt_claims_nothing_about_what_was_applied(run, file):
    shown = run("history", file)
    assert (shown.code, shown.out) == (0, "No history: no receipt is in the bucket.\n")


def test_history_writes_nothing(run, bucket, file, past):
    before = {row["Key"] for row in bucket.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
    run("history", file)
    run("history", file, "aaaa1111")
    assert {row["Key"] for row in bucket.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]} == before
