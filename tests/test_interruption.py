"""Promise 12 with the real command: a closed terminal or stdout, a full disk, credentials that expire half-way."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
import yaml
from stack import environment, inventory

from mfinfra.sandbox.faults import DENIED, EXPIRED, Rule, Script, after

pytestmark = pytest.mark.slow
PATIENCE = 120.0
MANY = 6
GROUPS = {f"g{number}": {"name": f"/g/{number}"} for number in range(MANY)}
BUCKET = "data-123456789012"


@pytest.fixture
def file(stack, tmp_path):
    whole = environment(
        {"bucket": {"data": {"name": BUCKET}}, "log_group": GROUPS},
        metaflow={"datastore": "bucket.data"},
        aws={"endpoint": stack.server.endpoint},
    )
    path = tmp_path / "prod.yaml"
    path.write_text(yaml.safe_dump(whole))
    return path


def start(file, *flags, **how):
    """A run of `apply` in a process of its own."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))},
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
        "TERM": "xterm",
    }
    argv = [sys.executable, "-m", "mfinfra", "apply", file.name, "--yes", "--parallelism", "2", *flags]
    usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(argv, cwd=file.parent, env=environ, **{**usual, **how})


def ended(run):
    out, err = run.communicate(timeout=PATIENCE)
    return run.returncode, out or "", err or ""


def groups(stack):
    return sorted(inventory(stack)["logs"])


def receipts(stack):
    client = stack.client("s3")
    rows = client.list_objects_v2(Bucket=BUCKET, Prefix="mfinfra/test/history/").get("Contents", ())
    return [json.loads(client.get_object(Bucket=BUCKET, Key=row["Key"])["Body"].read()) for row in rows]


def locked(stack):
    return "Contents" in stack.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="mfinfra/test/lock.json")


def held(stack, skip=2):
    """Of the log groups, those after the first `skip` wait until they are `let`; `there` says that one does."""
    there, let = Event(), Event()

    def hold(request, status):
        there.set()
        assert let.wait(PATIENCE)

    stack.server.faults = Script(Rule("logs.CreateLogGroup", after(hold), times=None, skip=skip))
    return there, let


def test_promise_12_a_terminal_that_is_closed_ends_the_apply_in_order(stack, file):
    there, let = held(stack)
    master, slave = pty.openpty()
    run = start(file, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=controlling)
    os.close(slave)
    assert there.wait(PATIENCE)
    os.close(master)
    let.set()
    assert run.wait(PATIENCE) == 129
    assert 0 < len(groups(stack)) < MANY
    (receipt,) = receipts(stack)
    assert (receipt["result"], locked(stack)) == ("interrupted", False)


def controlling():
    """Make the terminal on stdin the one that hangs up on this process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_promise_12_who_ignores_the_hangup_goes_on_without_a_terminal(stack, file):
    there, let = held(stack)
    master, slave = pty.openpty()

    def deaf():
        controlling()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    run = start(file, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=deaf)
    os.close(slave)
    assert there.wait(PATIENCE)
    os.close(master)
    let.set()
    assert run.wait(PATIENCE) == 0
    assert len(groups(stack)) == MANY
    assert [receipt["result"] for receipt in receipts(stack)] == ["done"]


@pytest.mark.parametrize("flags", [(), ("--json",)], ids=["report", "events"])
def test_promise_12_a_reader_that_has_gone_breaks_nothing(stack, file, flags):
    run = start(file, *flags)
    run.stdout.close()
    run.stdout = None
    code, _, err = ended(run)
    assert code == 0, err
    assert len(groups(stack)) == MANY


def small(limit=0):
    """No file may grow beyond `limit` bytes: as on a full disk, whoever the user is."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def test_promise_12_a_full_disk_is_told_and_stops_nothing(stack, file):
    stack.server.faults = Script(Rule("s3.PutObject", DENIED, times=None, skip=1, about="history/"))
    run = start(file, "--json-into", "events.json", preexec_fn=small)
    code, out, err = ended(run)
    assert (code, len(groups(stack))) == (0, MANY), err
    assert out.startswith("Apply complete")
    said = [line for line in err.splitlines() if "file too large" in line.lower()]
    assert len(said) == 2, err
    assert any("events.json" in line and "the run goes on" in line for line in said)
    assert any(".mfinfra" in line for line in said)
    assert not list(Path(file.parent, ".mfinfra").glob("receipt-*")), "no half of one is left"


def test_promise_12_with_credentials_that_expire_half_way_what_was_done_is_told(stack, file):
    def expire(request, status):
        stack.server.faults = Script(Rule("*", EXPIRED, times=None))

    stack.server.faults = Script(Rule("logs.CreateLogGroup", after(expire), skip=2))
    code, out, err = ended(start(file))
    stack.server.faults = None

    assert code == 6, (out, err)
    verdict = out.splitlines()[-1]
    done, failed, skipped = (verdict.split(f" {word}")[0].rpartition(" ")[2] for word in ("done", "failed", "skipped"))
    assert int(done) + int(failed) + int(skipped) == MANY + 1
    assert int(failed) <= 2, "what was under way, and nothing that came after it"
    assert "not created, because the credentials expired" in out
    assert "log in again" in out
    assert "the lock of `test` could not be given back" in err
    assert "it expires 300 s after" in err
    assert list(Path(file.parent, ".mfinfra").glob("receipt-*")), "the receipt is here where S3 takes it no more"
