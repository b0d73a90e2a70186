"""The command itself; what it finds is told by the tests of the diagnosis."""

from __future__ import annotations

import http.client
import io
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import doctor_world
import pytest

from mfinfra.aws import session
from mfinfra.cli import _diagnosis, doctor
from mfinfra.cli._checks import Format
from mfinfra.cli.app import main
from mfinfra.errors import UserError
from mfinfra.metaflow.doctor.case import Case
from mfinfra.model import Verdict

FILE = """\
version: 1
environment: prod
account: "123456789012"
region: us-east-1
resources: {}
metaflow:
  batch: {queue: jobs, job_role: arn:aws:iam::123456789012:role/batch}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "prod.yaml"
    path.write_text(FILE, "utf-8")
    return path


@pytest.fixture
def world(monkeypatch):
    """Stands in for AWS, with public subnets, so that the plain file above is healthy."""
    there = doctor_world.public()
    monkeypatch.setattr(session, "connect", lambda *_, **__: there)
    return there


def test_a_healthy_environment_exits_0_and_says_so_last(world, file, capsys):
    assert doctor.command(file) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing was found that would keep flows from running."


def test_what_is_found_exits_1_and_the_last_line_is_the_most_likely_cause(world, file, capsys):
    world.queue["state"] = "DISABLED"
    assert doctor.command(file) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "Queues and compute environments"
    assert shown[-1] == "Most likely: jobs: the queue takes no jobs: it is DISABLED [MF5361]"
    assert "Touched: nothing, every question only read." in shown


def test_a_command_in_a_fix_names_the_file_and_can_be_pasted(world, tmp_path, capsys):
    world.queue["state"] = "DISABLED"
    spaced = tmp_path / "my prod.yaml"
    spaced.write_text(FILE, "utf-8")
    doctor.command(spaced)
    assert f"`mfinfra apply '{spaced}'`" in capsys.readouterr().out


def test_warnings_fail_where_they_are_asked_to(world, file):
    world.subnets["subnet-a"]["AvailableIpAddressCount"] = 0
    assert doctor.command(file) == 0
    assert doctor.command(file, strict=True) == 1


def test_json_has_the_form_of_all_checks_with_the_worst_first(world, file, capsys):
    world.queue["state"] = "DISABLED"
    doctor.command(file, format_=Format.JSON)
    document = json.loads(capsys.readouterr().out)
    assert document["command"] == "doctor"
    assert document["verdict"] == "failed"
    assert document["checks"][0]["findings"][0]["code"] == "MF5361"
    assert document["touched"] == []


def test_one_job_is_explained_by_its_id(world, file, capsys):
    world.jobs = [doctor_world.job("FAILED", statusReason="Host EC2 (instance i-1) terminated.")]
    assert doctor.command(file, job="job-1") == 1
    assert "MF5349" in capsys.readouterr().out.splitlines()[-1]


def test_a_log_is_explained_offline(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(session, "connect", lambda *_, **__: pytest.fail("AWS was asked"))
    log = tmp_path / "flow.log"
    log.write_text("Metaflow 2.19.39\nAWS Step Functions requires --datastore=s3.\n", "utf-8")
    assert main(["doctor", "--error", str(log)]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert any("fix: write `metaflow: {datastore: {bucket: bucket.NAME}}`" in line for line in shown)
    assert shown[-1].startswith("Most likely: METAFLOW_DEFAULT_DATASTORE: ")
    assert shown[-1].endswith("[MF5310]")


def test_a_log_may_be_piped_in_and_explained_for_programs(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff NoRegionError: You must specify a region.")))
    assert doctor.command(error=Path("-"), format_=Format.JSON) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [each["code"] for each in found] == ["MF5330"]


def test_a_log_of_which_nothing_is_known_exits_0(tmp_path, capsys):
    log = tmp_path / "flow.log"
    log.write_text("ZeroDivisionError: division by zero", "utf-8")
    assert doctor.command(error=log) == 0
    assert capsys.readouterr().out.startswith("Nothing in it is known")


def test_only_the_end_of_a_long_log_is_looked_at(tmp_path, capsys):
    log = tmp_path / "flow.log"
    log.write_text("NoRegionError\n" + "x" * _diagnosis.LARGEST + "\nNoCredentialsError", "utf-8")
    assert doctor.command(error=log) == 1
    shown = capsys.readouterr().out
    assert "MF5331" in shown
    assert "MF5330" not in shown


def test_what_a_log_says_reaches_the_terminal_as_text_only(tmp_path, capsys):
    log = tmp_path / "flow.log"
    log.write_text("\x1b[2J\x1b]0;x\x07 [bold]AWS Batch Job Queue \x1b[31mq not found.", "utf-8")
    assert doctor.command(error=log) == 1
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "there is nothing to look at"),
        ({"error": Path("nowhere.log")}, "cannot be read"),
        ({"error": Path("-"), "format_": Format.JUNIT}, "a log is no test"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_with_a_hint(arguments, said, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(UserError, match=said) as raised:
        doctor.command(**arguments)
    assert raised.value.hint


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({"/ok/ping": 200, "/shut/ping": 403}.get(self.path, 500))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def service():
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("path", "verdict"), [("/ok/", "passed"), ("/shut", "passed"), ("/broken", "failed")])
def test_the_metadata_service_is_asked_where_that_is_wished(service, path, verdict):
    world = doctor_world.nat()
    world.metaflow["service"] = {"url": service + path}
    checked = _diagnosis._connected(Case(doctor_world.environment(world), doctor_world.NOW))
    assert checked.verdict == verdict


def test_a_service_that_is_not_there_is_said_to_be_out_of_reach(world, file, capsys):
    file.write_text(FILE + "  service: {url: http://127.0.0.1:9/}\n", "utf-8")
    assert doctor.command(file, connect=True) == 1
    shown = capsys.readouterr().out
    assert "MF5453" in shown
    assert "Connection refused" in shown


@pytest.mark.parametrize("url", ["http://[", "http://a b", "http://a:port", f"http://{'a' * 70}.invalid"])
def test_an_address_that_is_none_is_said_to_be_none(url):
    assert "the address is none" in _diagnosis._ping(url)


@pytest.mark.parametrize("error", [http.client.BadStatusLine("\x1b[31m"), http.client.LineTooLong("header line")])
def test_what_speaks_no_http_is_said_not_to(error, monkeypatch):
    monkeypatch.setattr(_diagnosis.urllib.request, "urlopen", Mock(side_effect=error))
    assert _diagnosis._ping("http://127.0.0.1:9") == f"what answered speaks no HTTP: {type(error).__name__}"


def test_of_a_pipe_that_never_ends_only_the_end_is_kept():
    class Pipe(io.RawIOBase):
        left = 5

        def readable(self):
            return True

        def readinto(self, buffer):
            self.left -= 1
            size = min(len(buffer), _diagnosis.LARGEST) if self.left >= 0 else 0
            buffer[:size] = b"0123456789"[self.left : self.left + 1] * size
            return size

    assert _diagnosis._end(Pipe()) == "0" * _diagnosis.LARGEST


def test_without_a_service_there_is_nothing_to_ask():
    case = Case(doctor_world.environment(doctor_world.nat()), doctor_world.NOW)
    assert _diagnosis._connected(case).verdict is Verdict.SKIPPED
    assert _diagnosis._ping("ftp://x") is not None
