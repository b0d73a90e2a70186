import http.server
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from mfinfra.errors import UserError
from mfinfra.sandbox import lifecycle, network

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path, monkeypatch):
    directory = tmp_path / "state"
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", str(directory))
    yield directory
    lifecycle.stop()


def ec2_of(sandbox):
    return boto3.client(
        "ec2",
        endpoint_url=sandbox.endpoint,
        region_name="us-east-1",
        aws_access_key_id=network.ACCESS_KEY_ID,
        aws_secret_access_key=network.SECRET_ACCESS_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_a_sandbox_is_started_found_reset_and_stopped(home, monkeypatch):
    monkeypatch.setattr(lifecycle, "SILENT_POLLS", 0)  # one of ours has not ended because it is silent
    assert lifecycle.find() is None
    started = lifecycle.start()
    assert lifecycle.find() == started
    assert lifecycle.ensure() == started
    with pytest.raises(UserError, match="running already"):
        lifecycle.start()
    ec2 = ec2_of(started)
    ec2.create_vpc(CidrBlock="10.9.0.0/16")
    before = len(ec2.describe_vpcs()["Vpcs"])
    lifecycle.reset()
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    ec2.close()
    assert len(vpcs) == before - 1
    assert network.VPC_ID in vpcs
    assert lifecycle.stop() is True
    assert lifecycle.find() is None
    assert lifecycle.stop() is False
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)


def test_its_files_are_its_users_only_and_it_listens_on_loopback_only(home):
    started = lifecycle.ensure()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert started.endpoint == f"http://127.0.0.1:{started.port}"
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = [each.split(":")[0] for each in listening if int(each.split(":")[1], 16) == started.port]
    assert set(addresses) == {"0100007F"}


def test_a_stranger_on_the_port_is_not_taken_for_the_sandbox(home):
    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"nonce": "other", "pid": os.getpid(), "version": "1"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        home.mkdir(parents=True)
        lifecycle.write_record(home, lifecycle.Record(os.getpid(), server.server_port, "ours", "1", 0.0))
        assert lifecycle.find() is None
        assert lifecycle.stop() is False
        assert not (home / "sandbox.json").exists()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_damaged_state_file_is_no_sandbox(home):
    home.mkdir(parents=True)
    whole = '{"pid": %s, "port": %s, "nonce": "n", "version": "1", "started": 0}'
    numbers = [("1e999", "1"), ("-1", "1"), ("0", "1"), ("1", "0"), ("1", "99999"), ("1", '"evil.example:80"')]
    damaged = ["", "[]", '{"pid": 1}', '{"pid": "x", "port": 1, "nonce": "", "version": ""}', "[" * 100_000]
    for text in (*damaged, *(whole % pair for pair in numbers)):
        (home / "sandbox.json").write_text(text)
        assert lifecycle.find() is None


def test_a_stranger_that_speaks_no_http_is_no_sandbox(home):
    home.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        lifecycle.write_record(home, lifecycle.Record(os.getpid(), server.getsockname()[1], "n", "1", 0.0))

        def greet():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        assert lifecycle.find() is None
        thread.join()


def test_a_link_in_the_place_of_a_file_is_not_followed(home, tmp_path):
    home.mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (home / "sandbox.log").symlink_to(precious)
    with pytest.raises(OSError, match=r"sandbox\.log"):
        lifecycle.start()
    assert precious.read_text() == "kept"


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(home):
    home.mkdir(parents=True)
    os.mkfifo(home / "sandbox.json")
    assert lifecycle.find() is None
    os.mkfifo(home / "sandbox.log")
    with pytest.raises(OSError, match=r"sandbox\.log"):
        lifecycle.start()


def test_a_record_of_another_user_leads_nowhere(home, monkeypatch):
    lifecycle.ensure()
    with monkeypatch.context() as other:
        other.setattr(lifecycle.os, "geteuid", lambda: os.getuid() + 1)
        assert lifecycle.find() is None


def test_a_relative_folder_will_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", "here")
    try:
        assert lifecycle.ensure().log == tmp_path / "here" / "sandbox.log"
    finally:
        lifecycle.stop()


def test_a_file_in_the_place_of_the_folder_is_said_to_be_none(home):
    home.write_text("")
    with pytest.raises(UserError, match="is not a folder"):
        lifecycle.ensure()
    home.unlink()


def test_two_processes_that_ask_at_once_get_one_sandbox(home):
    code = "from mfinfra.sandbox import lifecycle; print(lifecycle.ensure().pid)"
    asking = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
    pids = {process.communicate()[0] for process in asking}
    assert len(pids) == 1
    assert lifecycle.find().pid == int(pids.pop())


def test_a_killed_sandbox_is_not_found_and_another_is_started(home):
    first = lifecycle.ensure()
    os.kill(first.pid, 9)
    os.waitpid(first.pid, 0)
    assert lifecycle.find() is None
    assert lifecycle.ensure().pid != first.pid


def test_a_sandbox_that_gives_no_answer_is_told_and_no_other_takes_its_place(home, monkeypatch):
    started = lifecycle.start()
    monkeypatch.setattr(lifecycle, "ASK_SECONDS", 0.3)
    os.kill(started.pid, signal.SIGSTOP)
    try:
        for ask in (lifecycle.find, lifecycle.ensure, lifecycle.start, lifecycle.stop, lifecycle.reset):
            with pytest.raises(UserError, match=rf"process {started.pid}\) gives no answer"):
                ask()
    finally:
        os.kill(started.pid, signal.SIGCONT)
    monkeypatch.undo()
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", str(home))
    assert lifecycle.ensure() == started


def test_without_moto_the_hint_tells_what_to_install(home, monkeypatch):
    monkeypatch.setattr(lifecycle.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        lifecycle.ensure()
    assert caught.value.hint == f"{sys.executable} -m pip install 'mfinfra[sandbox]'"


def test_a_server_that_cannot_start_tells_why(home):
    taken = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    try:
        with pytest.raises(UserError, match="did not start") as caught:
            lifecycle.start(port=taken.server_port)
    finally:
        taken.server_close()
    assert "in use" in caught.value.hint


def test_the_lifecycle_imports_neither_moto_nor_boto3():
    code = (
        "import sys, mfinfra.sandbox.lifecycle; print([m for m in ('moto', 'boto3', 'botocore') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_without_a_choice_the_state_is_in_the_users_state_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("MFINFRA_SANDBOX_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert lifecycle.state_dir() == tmp_path / "mfinfra"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert lifecycle.state_dir() == tmp_path / ".local" / "state" / "mfinfra"


def test_the_background_process_outlives_the_one_that_started_it(home):
    code = "from mfinfra.sandbox import lifecycle; print(lifecycle.ensure().pid)"
    pid = int(subprocess.check_output([sys.executable, "-c", code]))
    time.sleep(0.2)
    assert lifecycle.find().pid == pid
