"""Promise 10, one writer: the lock in the bucket, one run at a time on the embedded sandbox."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from threading import Event

import pytest
from locking import (
    BUCKET,
    ELSEWHERE,
    PLACE,
    WRITE,
    Watch,
    age,
    answer_lost,
    answer_lost_for_good,
    content,
    goes_through,
    key,
    line,
    refuses,
    someone,
    taken_over_by_another,
    unreachable,
)

from mfinfra import host, lock
from mfinfra.errors import AccessDenied, AwsError, Locked, LostLock, Refused, UserError
from mfinfra.lock import Request
from mfinfra.lock.store import Store

APPLY = Request("apply", plan_sha256="9a3c", file="prod.yaml")


@pytest.fixture
def bucket(stack):
    stack.client("s3").create_bucket(Bucket=BUCKET)
    stack.operations.clear()
    return stack


@pytest.fixture
def aws(bucket):
    return line(bucket)


@pytest.fixture
def other(bucket):
    """Another run's way in."""
    return line(bucket)


@pytest.fixture
def watch(monkeypatch):
    return Watch(monkeypatch)


def held(aws, request=APPLY, **named):
    return lock.held(aws, PLACE, request, **named)


def write(aws):
    return aws.write(WRITE, lambda why, seconds: None)


def wrote(stack):
    return stack.operations.count("logs.CreateLogGroup")


def test_promise_10_while_one_run_has_the_lock_no_other_gets_it(aws, other):
    with held(aws), pytest.raises(Locked), held(other):
        raise AssertionError
    with held(other):
        assert content() is not None
    assert content() is None


def test_the_lock_says_who_and_what_for(aws, monkeypatch):
    for name, value in (("SERVER_URL", "https://git.test"), ("REPOSITORY", "a/b"), ("RUN_ID", "17")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    with held(aws, expiry=120.0) as holder:
        said = content()
    assert said["id"] == holder.id
    assert said["environment"] == "test"
    assert (said["operation"], said["plan_sha256"]) == ("apply", "9a3c")
    assert (said["who"], said["user"]) == (aws.caller, host.user())
    assert said["process"] == {
        "host": host.this().host,
        "pid": os.getpid(),
        "boot": host.this().boot,
        "started": host.this().started,
        "namespace": host.this().namespace,
    }
    assert said["expiry_seconds"] == 120.0
    assert said["run_url"] == "https://git.test/a/b/actions/runs/17"
    assert said["format_version"] == "1.0"


def test_locked_says_by_whom_since_when_until_when_and_what_to_do(aws, other):
    found = someone(other, run_url="https://ci.test/1")
    until = key().last_modified.replace(microsecond=0).timestamp() + 300
    with pytest.raises(Locked) as caught, held(aws):
        raise AssertionError
    assert (caught.value.exit_code, caught.value.code) == (5, "MF4300")
    assert "`test` is locked by ben@elsewhere (arn:ben): `apply` since 2026-01-02 03:04:05 UTC" in caught.value.message
    shown = subprocess.check_output(["date", "-u", "-d", f"@{until:.0f}", "+until %F %T UTC"], text=True).strip()
    assert shown in caught.value.message
    assert "--lock-timeout" in caught.value.hint
    assert f"mfinfra unlock prod.yaml {found.id}" in caught.value.hint
    assert "https://ci.test/1" in caught.value.hint


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_lock_is_given_back_whatever_happens_in_between(aws, raised):
    with pytest.raises(raised), held(aws):
        raise raised
    assert content() is None
    assert aws.permit is None


def test_every_request_names_the_owner_that_the_bucket_must_have(aws, other):
    someone(other)
    age(301)
    with held(aws) as holder:
        taken = [*aws.calls]
        holder._renew()
    lock.look(aws, PLACE)
    assert {call.operation for call in aws.calls} == {"PutObject", "GetObject", "DeleteObject"}
    assert all(call.params["ExpectedBucketOwner"] == "123456789012" for call in aws.calls)
    assert [call.operation for call in taken] == ["PutObject", "GetObject", "PutObject"]


# --- expiry -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body_says", ["1999-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
@pytest.mark.parametrize(("seconds", "free"), [(0, False), (299, False), (302, True)])
def test_promise_10_it_is_taken_over_only_after_it_expired_by_the_clock_of_s3(aws, other, seconds, free, body_says):
    someone(other, created=body_says, heartbeat=body_says)
    age(seconds)
    said = []
    if not free:
        with pytest.raises(Locked), held(aws):
            raise AssertionError
        assert content()["id"] == "aaaa1111"
        return
    with held(aws, tell=said.append) as holder:
        assert content()["id"] == holder.id
    assert len(said) == 1
    assert said[0].startswith("took over the lock of `test` from ben@elsewhere (arn:ben): `apply` since")
    assert "expired after 300 s" in said[0]


def test_the_expiry_is_the_one_that_the_lock_itself_says(aws, other):
    someone(other, expiry_seconds=900.0)
    age(890)
    with pytest.raises(Locked), held(aws, expiry=10.0):
        raise AssertionError


def test_without_the_time_of_s3_nothing_expires(aws, other, monkeypatch):
    someone(other)
    age(10_000)
    monkeypatch.setattr("mfinfra.aws.calls._moment", lambda _: None)
    with pytest.raises(Locked), held(aws):
        raise AssertionError


def test_promise_10_a_holder_that_comes_back_while_it_is_taken_over_keeps_its_lock(aws, other):
    found = someone(other)
    age(400)

    def renewed_first(taker, call):
        store = Store(other, PLACE)
        assert store.replace(found.renewed(found_now()), store.read().etag)
        return goes_through(taker, call)

    aws.faults = [goes_through, renewed_first]
    with pytest.raises(Locked), held(aws):
        raise AssertionError
    assert (content()["id"], content()["beat"]) == (found.id, 1)


def found_now():
    from datetime import UTC, datetime

    return datetime(2026, 1, 2, tzinfo=UTC)


def test_each_heartbeat_is_another_object_even_within_one_second(aws):
    with held(aws) as holder:
        etags = {holder.beat.etag}
        for _ in range(5):
            assert holder._renew()
            etags.add(holder.beat.etag)
    assert len(etags) == 6


# --- a holder that is gone --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ended():
    """The number of a process that has ended."""
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def test_promise_10_a_lock_whose_holder_is_gone_from_this_machine_is_taken_over_at_once(aws, other, ended):
    someone(other, process=replace(host.this(), pid=ended))
    said = []
    with held(aws, tell=said.append) as holder:
        assert content()["id"] == holder.id
    assert "that process ran on this machine and is gone" in said[0]


def test_promise_10_a_lock_whose_holder_is_there_is_not(aws, other):
    someone(other, process=host.this())
    with pytest.raises(Locked), held(aws):
        raise AssertionError


# --- waiting ----------------------------------------------------------------------------------------------------------


class Waits(Event):
    """Nobody sleeps: instead of the n-th wait the n-th of `acts` happens."""

    def __init__(self, *acts):
        super().__init__()
        self.acts = list(acts)
        self.waited = []

    def wait(self, timeout=None):
        self.waited.append(timeout)
        self.acts.pop(0)()
        return self.is_set()


def waiting(aws, *acts):
    aws.clock = replace(aws.clock, stopped=Waits(*acts))
    return aws.clock.stopped


def test_with_a_timeout_it_waits_says_why_and_gets_the_lock_when_it_is_free(aws, other, watch):
    found, said = someone(other), []
    waits = waiting(aws, lambda: watch.pass_by(2), lambda: lock.unlock(other, PLACE, found.id))
    with held(aws, timeout=60.0, tell=said.append) as holder:
        assert content()["id"] == holder.id
    assert len(said) == 1
    assert said[0].startswith("waiting for the lock of `test`: ben@elsewhere (arn:ben): `apply` since 2026-01-02")
    assert waits.waited == [2.0, 2.0]


def test_after_the_timeout_it_gives_up(aws, other, watch):
    someone(other)
    waits = waiting(aws, lambda: watch.pass_by(2), lambda: watch.pass_by(1.5))
    with pytest.raises(Locked), held(aws, timeout=3.0):
        raise AssertionError
    assert waits.waited == [2.0, 1.0]


def test_a_run_that_is_stopped_waits_no_longer(aws, other):
    someone(other)
    waits = waiting(aws)
    waits.acts = [waits.set]
    with pytest.raises(Locked), held(aws, timeout=3000.0):
        raise AssertionError


def test_interrupted_while_it_takes_the_lock_it_leaves_none_behind(aws):
    def interrupted(taker, call):
        goes_through(taker, call)
        raise KeyboardInterrupt

    aws.faults = [interrupted]
    with pytest.raises(KeyboardInterrupt), held(aws):
        raise AssertionError
    assert content() is None


# --- whether it is still ours -----------------------------------------------------------------------------------------


def test_promise_10_a_run_writes_while_it_has_the_lock(bucket, aws):
    with held(aws):
        write(aws)
    assert wrote(bucket) == 1


CLOCKS = pytest.mark.parametrize("clock", [0, 1, 2], ids=["monotonic", "wall", "boot"])


@CLOCKS
def test_promise_10_after_a_long_sleep_the_lock_is_renewed_before_anything_is_written(bucket, aws, watch, clock):
    with held(aws) as holder:
        watch.pass_by(250, clock)
        before = len(aws.calls)
        write(aws)
        assert [call.operation for call in aws.calls[before:]] == ["PutObject"]
        assert content()["beat"] == 1
        write(aws)
        assert content()["beat"] == 1, "renewed once, it is surely ours again"
        assert holder.lost is None
    assert wrote(bucket) == 2


@CLOCKS
def test_promise_10_taken_over_in_its_sleep_a_run_writes_nothing_more(bucket, aws, other, watch, clock):
    said, stopped = [], []
    with held(aws, tell=said.append) as holder:
        holder.stop = lambda: stopped.append(True)
        watch.pass_by(400, clock)
        taken_over_by_another(other)
        for _ in range(2):
            with pytest.raises(LostLock) as caught:
                write(aws)
    assert f"taken over: eve@mars ({aws.caller}): `apply` since 2026-02-03 04:05:06 UTC has it now" in str(caught.value)
    assert wrote(bucket) == 0
    assert content()["id"] == "bbbb2222", "it does not give back what is another's"
    assert said == [f"{caught.value}; this run writes nothing more"]
    assert stopped == [True]


def test_promise_10_a_heartbeat_that_finds_another_s_lock_ends_the_writes_at_once(bucket, aws, other):
    with held(aws) as holder:
        taken_over_by_another(other)
        write(aws)
        assert not holder._renew()
        with pytest.raises(LostLock):
            write(aws)
        assert not holder._renew()
    assert wrote(bucket) == 1


def test_promise_10_a_lock_that_was_removed_is_lost(bucket, aws, other):
    with held(aws) as holder:
        lock.unlock(other, PLACE, holder.id)
        assert not holder._renew()
        with pytest.raises(LostLock) as caught:
            write(aws)
    assert "`mfinfra unlock`" in caught.value.message
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("fault", [unreachable, refuses("SlowDown", 503), refuses("AccessDenied", 403)])
def test_a_heartbeat_that_fails_is_no_loss_until_the_expiry_has_passed(bucket, aws, watch, fault):
    with held(aws) as holder:
        aws.faults = [fault]
        assert not holder._renew()
        write(aws)
        watch.pass_by(301)
        aws.faults = [fault]
        with pytest.raises(LostLock) as caught:
            write(aws)
        assert "has expired without a heartbeat" in caught.value.message
    assert wrote(bucket) == 1


def test_between_doubt_and_expiry_a_failed_renewal_is_tried_again(bucket, aws, watch, monkeypatch):
    monkeypatch.setattr("mfinfra.lock.hold.RETRY", 0.0)
    with held(aws):
        watch.pass_by(250)
        aws.faults = [unreachable, unreachable]
        write(aws)
        assert aws.faults == []
    assert wrote(bucket) == 1


def test_promise_10_a_bug_in_the_heartbeat_ends_the_writes(bucket, aws, monkeypatch):
    monkeypatch.setattr(Store, "replace", lambda *_: 1 / 0)
    lost = Event()
    with held(aws, expiry=0.1) as holder:
        holder.stop = lost.set
        assert lost.wait(60)
        with pytest.raises(LostLock) as caught:
            write(aws)
    assert "ZeroDivisionError" in caught.value.message
    assert wrote(bucket) == 0


# --- answers that are lost on the way ---------------------------------------------------------------------------------


def test_a_lock_that_s3_took_without_our_hearing_of_it_is_ours(aws):
    aws.faults = [answer_lost]
    with held(aws) as holder:
        assert content()["id"] == holder.id
        assert holder._renew()
    assert content() is None


@pytest.mark.parametrize("fault", [answer_lost, answer_lost_for_good])
def test_a_heartbeat_that_s3_took_without_our_hearing_of_it_is_no_loss(aws, fault):
    with held(aws) as holder:
        aws.faults = [fault]
        holder._renew()
        assert holder._renew()
        assert holder.lost is None
    assert content() is None


def test_an_old_heartbeat_that_arrives_late_counts_from_when_it_was_sent(aws, watch):
    with held(aws) as holder:
        aws.faults = [answer_lost_for_good]
        assert not holder._renew()
        watch.pass_by(301)
        aws.faults = [goes_through, unreachable]
        assert not holder._renew(), "its own lock is there, but since when is not known"
        assert holder.lost is not None


def test_a_release_whose_answer_is_lost_is_no_failure(aws):
    said = []
    with held(aws, tell=said.append):
        aws.faults = [answer_lost]
    assert (said, content()) == ([], None)


def test_a_conflict_with_another_request_is_asked_again(aws, monkeypatch):
    monkeypatch.setattr("mfinfra.lock.store.PAUSE", 0.0)
    conflict = refuses("ConditionalRequestConflict", 409)
    aws.faults = [conflict, conflict]
    with held(aws):
        aws.faults = [conflict]
    assert content() is None
    aws.faults = [conflict] * 100
    with pytest.raises(AwsError, match="ConditionalRequestConflict"), held(aws):
        raise AssertionError


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [unreachable, refuses("NotImplemented", 501)])
def test_a_release_that_fails_is_told_and_hides_nothing(aws, fault):
    said, told = [], []

    def run():
        with held(aws, tell=said.append) as holder:
            aws.faults = [fault]
            told.append(holder.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    assert len(said) == 1
    assert "could not be given back" in said[0]
    assert told[0] in said[0]


def test_a_release_that_finds_another_s_lock_leaves_it_and_says_so(aws, other):
    said = []
    with held(aws, tell=said.append):
        taken_over_by_another(other)
    assert content()["id"] == "bbbb2222"
    assert "was not ours any more" in said[0]


@pytest.mark.parametrize("whole", [True, False], ids=["the bucket too", "the lock alone"])
def test_promise_10_a_run_that_deletes_the_lock_s_own_bucket_goes_on_without_it(bucket, aws, watch, whole):
    said = []
    with held(aws, tell=said.append) as holder:
        holder.leaving = True
        bucket.client("s3").delete_object(Bucket=BUCKET, Key=PLACE.lock)
        if whole:
            bucket.client("s3").delete_bucket(Bucket=BUCKET)
        watch.pass_by(1000)
        write(aws)
        assert holder.lost is None
        watch.pass_by(1000)
        write(aws)
    assert (said, wrote(bucket)) == ([], 2)


def test_promise_10_leaving_is_no_licence_another_s_lock_still_ends_the_writes(bucket, aws, other):
    with held(aws) as holder:
        holder.leaving = True
        taken_over_by_another(other)
        holder._renew()
        with pytest.raises(LostLock):
            write(aws)
    assert wrote(bucket) == 0


# --- the bucket -------------------------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there_is_named(bucket, aws):
    bucket.client("s3").delete_bucket(Bucket=BUCKET)
    with pytest.raises(UserError) as caught, held(aws):
        raise AssertionError
    assert (caught.value.code, caught.value.exit_code) == ("MF4301", 1)
    assert BUCKET in caught.value.message


def test_a_bucket_that_was_made_a_moment_ago_is_waited_for(aws):
    missing, said = refuses("NoSuchBucket", 404), []
    aws.faults = [missing, missing]
    with held(aws, fresh=True, tell=said.append) as holder:
        assert content()["id"] == holder.id
    assert said == ["S3 is making the bucket known"] * 2


def test_a_bucket_of_somebody_else_is_never_written_into(aws, monkeypatch):
    monkeypatch.setattr(aws, "scope", replace(aws.scope, account="999999999999"))
    with pytest.raises(AccessDenied), held(aws):
        raise AssertionError
    assert content() is None


# --- what may stand there ---------------------------------------------------------------------------------------------

USABLE = {"id": "cccc3333", "expiry_seconds": 300}
HOSTILE = "\x1b[2J\u202eben\n::error ::x" + "x" * 10_000
MALFORMED = {
    "nothing": b"",
    "no json": b"{",
    "no text": b"\xff\xfe",
    "a list": b"[]",
    "a number": b"7",
    "very deep": b"[" * 100_000,
    "very deep, in an object": b'{"id": "cccc3333", "expiry_seconds": 300, "x": ' + b"[" * 100_000,
    "very long": json.dumps({**USABLE, "x": "x" * 100_000}).encode(),
    "no id": json.dumps({**USABLE, "id": ""}).encode(),
    "an id that is an order": json.dumps({**USABLE, "id": "$(reboot)"}).encode(),
    "an id that is none": json.dumps({**USABLE, "id": 7}).encode(),
    "no expiry": json.dumps({"id": "cccc3333"}).encode(),
    "an endless expiry": b'{"id": "cccc3333", "expiry_seconds": Infinity}',
    "no number": b'{"id": "cccc3333", "expiry_seconds": NaN}',
    "a huge number": b'{"id": "cccc3333", "expiry_seconds": ' + b"9" * 5000 + b"}",
    "a negative expiry": json.dumps({**USABLE, "expiry_seconds": -1}).encode(),
    "years": json.dumps({**USABLE, "expiry_seconds": 1e9}).encode(),
    "true": json.dumps({**USABLE, "expiry_seconds": True}).encode(),
}


def put(stack, body):
    return stack.client("s3").put_object(Bucket=BUCKET, Key=PLACE.lock, Body=body)["ETag"]


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_lock_is_one_of_somebody_unknown_and_expires_all_the_same(bucket, aws, body):
    etag = put(bucket, body)
    with pytest.raises(Locked) as caught, held(aws):
        raise AssertionError
    assert "`test` is locked by somebody unknown: `an unknown operation`, until" in caught.value.message
    assert f"mfinfra unlock prod.yaml {etag.strip(chr(34))}" in caught.value.hint
    age(298)
    with pytest.raises(Locked), held(aws):
        raise AssertionError
    age(4)
    with held(aws) as holder:
        assert content()["id"] == holder.id


def test_promise_14_what_a_lock_says_is_inert(bucket, aws):
    texts = ("user", "who", "created", "operation", "environment", "run_url", "plan_sha256", "mfinfra_version")
    process = {"host": HOSTILE[:1000], "pid": -1, "boot": 7, "started": [], "namespace": {}}
    put(
        bucket, json.dumps({**USABLE, **dict.fromkeys(texts, HOSTILE[:1000]), "process": process, "beat": "x"}).encode()
    )
    with pytest.raises(Locked) as caught, held(aws):
        raise AssertionError
    for said in (caught.value.message, caught.value.hint):
        assert said.isprintable()
        assert len(said) < 1500
    assert "cccc3333" in caught.value.hint


@pytest.mark.parametrize("pid", [0, -1, 2**70, "x", None, 1.5])
def test_a_number_that_is_no_process_proves_nothing(bucket, aws, pid):
    process = {**{name: getattr(host.this(), name) for name in ("host", "boot", "started", "namespace")}, "pid": pid}
    put(bucket, json.dumps({**USABLE, "process": process}).encode())
    if pid == 2**70:
        with held(aws):
            return  # there is none of this number
    with pytest.raises(Locked), held(aws):
        raise AssertionError


# --- unlock -----------------------------------------------------------------------------------------------------------


def test_unlock_removes_the_lock_with_this_id_and_tells_whose_it_was(aws, other):
    found = someone(other)
    assert lock.unlock(aws, PLACE, found.id).lock.user == "ben@elsewhere"
    assert content() is None


def test_promise_10_unlock_removes_no_other_lock(aws, other):
    someone(other)
    with pytest.raises(Refused) as caught:
        lock.unlock(aws, PLACE, "dddd4444")
    assert (caught.value.exit_code, caught.value.code) == (3, "MF4304")
    assert "aaaa1111" in caught.value.message
    assert content()["id"] == "aaaa1111"


def test_unlock_without_a_lock_says_so(aws):
    with pytest.raises(UserError) as caught:
        lock.unlock(aws, PLACE, "aaaa1111")
    assert caught.value.code == "MF4303"


def test_unlock_follows_a_holder_that_renews_meanwhile(aws, other):
    found = someone(other)

    def renewed_first(taker, call):
        store = Store(other, PLACE)
        assert store.replace(found.renewed(found_now()), store.read().etag)
        return goes_through(taker, call)

    aws.faults = [renewed_first]
    lock.unlock(aws, PLACE, found.id)
    assert content() is None


def test_what_is_no_lock_is_removed_by_its_etag(bucket, aws):
    etag = put(bucket, b"{").strip('"')
    lock.unlock(aws, PLACE, etag)
    assert content() is None


def test_in_a_bucket_with_versions_a_lock_can_be_taken_again(bucket, aws):
    bucket.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        with held(aws) as holder:
            assert holder._renew()
            with pytest.raises(Locked), held(line(bucket)):
                raise AssertionError
    assert lock.look(aws, PLACE) is None


def test_elsewhere_is_not_here():
    assert not host.gone(ELSEWHERE)
