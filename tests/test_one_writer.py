"""Promise 10 over whole applies: the real command in processes of its own, at once, killed, stopped and woken up."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Condition, Thread

import pytest
import yaml
from stack import REGION, environment, wire

from mfinfra.sandbox.listener import Listener

pytestmark = pytest.mark.slow

BUCKET = "data-123456789012"
MANY = 24
PATIENCE = 180.0
WRITING = re.compile(r"Create|Put|Delete|Tag|Modify|Update")


class Tap:
    """Passes every request on to the sandbox and says who sent which; new log groups wait while `shut`."""

    def __init__(self, gateway):
        self.gateway, self.seen = gateway, []
        self._open, self._left, self._waiting = Condition(), math.inf, 0

    def __call__(self, environ, start):
        who = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2] or self._named(environ)
        if name == "CreateLogGroup":
            self._wait()
        answer = self.gateway(environ, start)
        self.seen.append((who[1] if who else "", name))
        return answer

    def _wait(self):
        with self._open:
            self._waiting += 1
            assert self._open.wait_for(lambda: self._left > 0, PATIENCE)
            self._left -= 1

    def shut(self, after):
        """Let `after` more of them through, and no other."""
        self._left = after

    def open(self):
        """Let all of them through, and return when those that waited have arrived."""
        with self._open:
            self._left = math.inf
            self._open.notify_all()
        until(lambda: sum(name == "CreateLogGroup" for _, name in list(self.seen)) >= self._waiting, self)

    @staticmethod
    def _named(environ):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path.endswith("/lock.json"):
            return f"{method} lock"
        return {"PUT": "Put", "DELETE": "Delete", "POST": "Post"}.get(method, "Get") + path

    def writes(self, who):
        """The writes of one process, its lock and receipts left out."""
        return [name for sender, name in self.seen if sender == who and WRITING.match(name) and "/history/" not in name]


@pytest.fixture
def tap(embedded):
    embedded.reset(transition_polls=0)
    found = Tap(embedded._gateway)
    server = Listener(0, found)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.endpoint = server.endpoint
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def file(tap, tmp_path):
    subnets = ["subnet-0000000000000000a"]
    resources = {
        "bucket": {"data": {"name": BUCKET}},
        "log_group": {f"g{number}": {"name": f"/g/{number}"} for number in range(MANY)},
        "endpoint": {
            name: {"vpc": "vpc-00000000000000001", "service": name, "subnets": subnets} for name in ("ecr.api", "logs")
        },
    }
    resources["endpoint"] = {name.replace(".", "-"): spec for name, spec in resources["endpoint"].items()}
    path = tmp_path / "prod.yaml"
    whole = environment(resources, metaflow={"datastore": "bucket.data"}, aws={"endpoint": tap.endpoint})
    path.write_text(yaml.safe_dump(whole))
    return path


def start(file, who, *flags, command="apply"):
    """A run of the command in a process of its own, with credentials that name it."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))},
        "AWS_ACCESS_KEY_ID": who,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(file.parent),
    }
    argv = [sys.executable, "-m", "mfinfra", command, file.name, *flags]
    return subprocess.Popen(
        argv,
        cwd=file.parent,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    """Exit code and all that was said."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out + err


def until(holds, tap):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, tap.seen[-20:]
        time.sleep(0.02)


def begun(tap, file, who, *flags, groups):
    """A run that has made so many log groups, and whose further ones wait."""
    tap.shut(after=groups)
    process = start(file, who, "--yes", *flags)
    until(lambda: tap.seen.count((who, "CreateLogGroup")) >= groups, tap)
    return process


def groups(tap):
    client = wire().session.client("logs", region_name=REGION, endpoint_url=tap.endpoint)
    return [row["logGroupName"] for row in client.describe_log_groups()["logGroups"]]


def endpoints(tap):
    client = wire().session.client("ec2", region_name=REGION, endpoint_url=tap.endpoint)
    return sorted(row["ServiceName"].rpartition(".")[2] for row in client.describe_vpc_endpoints()["VpcEndpoints"])


def history(file):
    code, said = ended(start(file, "READER", "--format", "json", command="history"))
    assert code == 0, said
    return json.loads(said)["receipts"]


def test_promise_10_of_two_applies_at_once_one_writes_and_the_other_is_told_who(tap, file):
    first = begun(tap, file, "FIRST", groups=1)
    second = start(file, "SECOND", "--yes")
    code, said = ended(second)
    assert (code, tap.writes("SECOND")) == (5, []), said
    assert re.search(r"mfinfra unlock prod\.yaml [0-9a-f]{16}", said)
    tap.open()
    assert ended(first)[0] == 0
    assert ended(start(file, "THIRD", "--yes"))[0] == 0
    assert (len(groups(tap)), endpoints(tap), tap.writes("THIRD")) == (MANY, ["api", "logs"], [])


def test_promise_10_two_first_applies_begun_together_make_nothing_twice(tap, file):
    runs = [start(file, who, "--yes", "--lock-timeout", "120") for who in ("FIRST", "SECOND")]
    found = [ended(run) for run in runs]
    assert {code for code, _ in found} <= {0, 4, 6}, found
    assert 0 in {code for code, _ in found}
    assert ended(start(file, "THIRD", "--yes"))[0] == 0
    assert (len(groups(tap)), endpoints(tap)) == (MANY, ["api", "logs"])


def test_promise_10_a_run_that_was_killed_is_followed_at_once_by_the_next_which_says_so(tap, file):
    killed = begun(tap, file, "KILLED", groups=5)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    tap.open()
    code, said = ended(start(file, "NEXT", "--yes"))
    assert code == 0, said
    assert re.search(r"lock.*(ended|gone|not there)", said), said
    assert (len(groups(tap)), endpoints(tap)) == (MANY, ["api", "logs"])
    results = [receipt["result"] for receipt in history(file)]
    assert sorted(results) == ["did not finish", "done"]


def test_promise_10_a_run_that_slept_past_its_expiry_writes_nothing_when_it_wakes_up(tap, file):
    sleeper = begun(tap, file, "SLEEPER", "--lock-expiry", "3", "--parallelism", "1", groups=3)
    sleeper.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, sleeper.pid, os.WSTOPPED | os.WNOWAIT)
    tap.open()
    code, said = ended(start(file, "NEXT", "--yes", "--lock-timeout", "120"))
    assert code == 0, said
    before = len(tap.writes("SLEEPER"))
    sleeper.send_signal(signal.SIGCONT)
    code, said = ended(sleeper)
    assert code == 6, said
    # A request that was on its way when the process was stopped is the last that may arrive.
    assert len(tap.writes("SLEEPER")) <= before + 1, tap.writes("SLEEPER")[before:]
    assert "lock" in said
    assert (len(groups(tap)), endpoints(tap)) == (MANY, ["api", "logs"])
    assert "lost lock" in {receipt["result"] for receipt in history(file)}


def test_an_interrupted_apply_gives_its_lock_back_and_says_so_in_its_receipt(tap, file):
    run = begun(tap, file, "STOPPED", "--parallelism", "2", groups=2)
    run.send_signal(signal.SIGTERM)
    assert any("stopping: calls in flight finish" in line for line in run.stderr)
    tap.open()
    code, said = ended(run)
    assert code == 143, said
    assert ("STOPPED", "DELETE lock") in tap.seen
    assert [receipt["result"] for receipt in history(file)] == ["interrupted"]
    assert ended(start(file, "NEXT", "--yes"))[0] == 0
    assert len(groups(tap)) == MANY


def test_records_are_no_content_that_a_destroy_would_stumble_over(tap, file):
    whole = yaml.safe_load(file.read_text())
    for named in whole["resources"].values():
        for spec in named.values():
            spec["protect"] = False
    file.write_text(yaml.safe_dump(whole))
    assert ended(start(file, "FIRST", "--yes"))[0] == 0
    holding = [f"{kind}.{name}" for kind in ("bucket", "log_group") for name in whole["resources"][kind]]
    flags = [word for address in holding for word in ("--allow-destroy", address)]
    code, said = ended(start(file, "LAST", "--yes", *flags, command="destroy"))
    assert code == 0, said
    assert (groups(tap), endpoints(tap)) == ([], [])
    assert list(Path(file.parent, ".mfinfra").glob("receipt-*.json"))
