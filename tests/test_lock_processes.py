"""Promise 10, one writer: runs in processes of their own against one sandbox, killed, stopped and woken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from locking import BUCKET, PLACE, age, content, line
from stack import ACCOUNT, REGION

from mfinfra import lock
from mfinfra.errors import Locked

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent

BEGINNING = """
import os, signal, sys
from dataclasses import replace
from mfinfra import host, lock
from mfinfra.aws import session
from mfinfra.aws.clock import Clock
from mfinfra.errors import Locked, LostLock
from mfinfra.model import Call, Scope
from mfinfra.records import Place

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in the background without it
scope = Scope("test", {account!r}, {region!r})
aws = session.Aws(session.isolated_session("x", "y"), scope, {endpoint!r}, clock=Clock(0.0), caller="arn:someone")
place = Place({bucket!r}, {prefix!r}, "test")

def write(name):
    aws.write(Call("logs", "CreateLogGroup", {{"logGroupName": name}}), lambda why, seconds: None)
"""

# One run: it says what it does on stdout, line by line, and goes on when a line comes in.
RUN = """
name, expiry, where, writes = sys.argv[1], float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if where == "elsewhere":
    here = host.this()
    host.this = lambda: replace(here, host="elsewhere")

def say(*words):
    print(*words, flush=True)

say("ready")
sys.stdin.readline()
with lock.held(aws, place, lock.Request("apply"), expiry=expiry, tell=lambda said: say("told", said)) as held:
    say("held", held.id)
    for number in range(writes):
        sys.stdin.readline()
        try:
            write(f"/{name}/{number}")
            say("wrote", number)
        except LostLock as error:
            say("lost", error)
say("over")
"""

# Many runs, each a process of its own; they begin when `start` is closed, and who has the lock keeps it until `end` is.
CONTENDERS = """
count = int(sys.argv[1])
aws.client("s3"), aws.client("logs")  # made once: no connection is open yet when the processes part
start, end = os.pipe(), os.pipe()
for number in range(count):
    if os.fork() == 0:
        os.close(start[1]), os.close(end[1])
        os.read(start[0], 1)
        try:
            with lock.held(aws, place, lock.Request("apply")):
                os.write(1, b"held ")
                write(f"/{number}")
                os.read(end[0], 1)
        except Locked:
            os.write(1, b"locked ")
        os._exit(0)
os.close(start[1])
codes = [os.wait()[1] for _ in range(count - 1)]
os.close(end[1])
codes.append(os.wait()[1])
sys.exit(any(codes))
"""


def program(stack, text):
    facts = {"account": ACCOUNT, "region": REGION, "bucket": PLACE.bucket, "prefix": PLACE.prefix}
    return BEGINNING.format(endpoint=stack.server.endpoint, **facts) + text


class Process:
    """A run in a process of its own."""

    def __init__(self, stack, name, *, expiry=300.0, where="here", writes=1):
        self.child = subprocess.Popen(
            [sys.executable, "-c", program(stack, RUN), name, str(expiry), where, str(writes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=ROOT,
        )

    def says(self, word):
        """The rest of its next line, which has to begin with `word`."""
        said = self.child.stdout.readline()
        assert said.startswith(word), said
        return said.removeprefix(word).strip()

    def go_on(self):
        self.child.stdin.write("\n")

    def signalled(self, number):
        self.child.send_signal(number)
        flags = os.WSTOPPED if number == signal.SIGSTOP else os.WCONTINUED if number == signal.SIGCONT else os.WEXITED
        os.waitid(os.P_PID, self.child.pid, flags | os.WNOWAIT)


@pytest.fixture
def bucket(stack):
    stack.client("s3").create_bucket(Bucket=BUCKET)
    return stack


@pytest.fixture
def process(bucket):
    """Runs that are ended with the test, however it ends."""
    started = []

    def start(name, **named):
        started.append(Process(bucket, name, **named))
        return started[-1]

    yield start
    for each in started:
        each.child.kill()
        each.child.communicate()


def groups(stack):
    """What reached AWS."""
    return {row["logGroupName"] for row in stack.client("logs").describe_log_groups()["logGroups"]}


def begun(process, *names, **named):
    runs = [process(name, **named) for name in names]
    for run in runs:
        run.says("ready")
    return runs


def expires(bucket):
    """Wait until the lock has expired: its holder has to see that time has passed, so that this takes as long."""
    while not lock.look(line(bucket), PLACE).expired:
        time.sleep(0.2)


def test_promise_10_of_32_runs_that_begin_at_once_one_gets_the_lock(bucket):
    command = [sys.executable, "-c", program(bucket, CONTENDERS), "32"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    assert sorted(done.stdout.split()) == ["held"] + ["locked"] * 31
    assert len(groups(bucket)) == 1
    assert content() is None


def test_promise_10_a_holder_that_was_killed_on_this_machine_is_followed_at_once(process, bucket):
    killed, after = begun(process, "killed", "after")
    killed.go_on()
    killed.says("held")
    killed.signalled(signal.SIGKILL)
    after.go_on()
    assert "that process ran on this machine and is gone" in after.says("told took over the lock of `test`")
    after.says("held")
    after.go_on()
    after.says("wrote")
    assert groups(bucket) == {"/after/0"}


def test_promise_10_a_holder_that_was_killed_elsewhere_is_followed_only_after_its_lock_expired(process, bucket):
    (killed,) = begun(process, "killed", where="elsewhere")
    killed.go_on()
    killed.says("held")
    killed.signalled(signal.SIGKILL)
    aws, said = line(bucket), []
    with pytest.raises(Locked), lock.held(aws, PLACE, lock.Request("apply")):
        raise AssertionError

    def heard(words):
        said.append(words)
        if len(said) == 1:
            age(301)  # while the next run waits

    with lock.held(aws, PLACE, lock.Request("apply"), timeout=60.0, tell=heard) as held:
        assert content()["id"] == held.id
    assert said[0].startswith("waiting for the lock of `test`")
    assert "expired after 300 s" in said[-1]


def test_promise_10_a_holder_that_slept_past_its_expiry_writes_nothing_after_another_took_over(process, bucket):
    slept, other = begun(process, "slept", expiry=2.0, writes=3) + begun(process, "other")
    slept.go_on()
    first = slept.says("held")
    slept.go_on()
    slept.says("wrote 0")
    slept.signalled(signal.SIGSTOP)

    seen = lock.look(line(bucket), PLACE)
    assert seen.lock.id == first
    expires(bucket)
    other.go_on()
    assert "expired after 2 s" in other.says("told took over the lock of `test`")
    second = other.says("held")

    slept.go_on()  # it wakes up with a write to do
    slept.signalled(signal.SIGCONT)
    told = [slept.child.stdout.readline(), slept.child.stdout.readline()]
    assert sorted(said.split()[0] for said in told) == ["lost", "told"]
    assert all("was taken over" in said and "has it now" in said for said in told)
    slept.go_on()
    slept.says("lost")
    slept.says("over")
    other.go_on()
    other.says("wrote 0")
    assert groups(bucket) == {"/slept/0", "/other/0"}
    other.says("over")
    assert second != first
    assert content() is None


def test_a_holder_that_slept_and_was_not_missed_goes_on(process, bucket):
    (slept,) = begun(process, "slept", expiry=2.0, writes=2)
    slept.go_on()
    first = slept.says("held")
    slept.signalled(signal.SIGSTOP)
    expires(bucket)
    slept.go_on()
    slept.signalled(signal.SIGCONT)
    slept.says("wrote 0")
    assert lock.look(line(bucket), PLACE).lock.id == first
    assert not lock.look(line(bucket), PLACE).expired


def test_promise_10_heartbeats_keep_a_lock_for_longer_than_its_expiry(process, bucket):
    (holder,) = begun(process, "holder", expiry=4.0, where="elsewhere")
    holder.go_on()
    first = holder.says("held")
    with pytest.raises(Locked), lock.held(line(bucket), PLACE, lock.Request("apply"), timeout=9.0):
        raise AssertionError
    holder.go_on()
    holder.says("wrote 0")
    holder.says("over")
    assert first
    assert content() is None


def test_ctrl_c_gives_the_lock_back(process, bucket):
    (holder,) = begun(process, "holder")
    holder.go_on()
    holder.says("held")
    holder.signalled(signal.SIGINT)
    holder.child.wait(30)
    assert content() is None
