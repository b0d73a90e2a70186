"""Where a run is, and whether a process is there still: a number means nothing by itself."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from mfinfra import host


@pytest.fixture(scope="module")
def child():
    """A process that is there, and one that has ended and was not asked how: both have a number."""
    there = subprocess.Popen(["sleep", "600"])
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    yield there.pid, ended.pid
    there.kill()
    there.wait(), ended.wait()


def there(pid):
    return replace(host.this(), pid=pid, started=host._alive_since(pid))


def test_this_process_is_there():
    assert not host.gone(host.this())
    assert None not in (host.this().boot, host.this().started, host.this().namespace)


def test_a_child_is_there_until_it_ends(child):
    alive, zombie = child
    assert not host.gone(there(alive))
    assert host.gone(replace(there(alive), started="1")), "its number was given to another process"
    assert host.gone(replace(host.this(), pid=zombie)), "ended, and only its number is left"


@pytest.mark.parametrize("fact", ["host", "boot", "namespace"])
@pytest.mark.parametrize("value", ["another", None])
def test_promise_10_of_what_ran_elsewhere_nothing_is_known(child, fact, value):
    assert not host.gone(replace(host.this(), pid=child[1], started="1", **{fact: value}))


def test_without_its_start_nothing_is_known(child):
    assert not host.gone(replace(host.this(), pid=child[1], started=None))


def test_somebody_else_s_process_is_there(monkeypatch):
    def refused(pid, signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)
    monkeypatch.setattr(host, "_alive_since", lambda pid: None)  # /proc may be hidden from others
    known = host.Process(host.this().host, 1, host.this().boot, "1", host.this().namespace)
    assert not host.gone(known)


def test_where_the_system_tells_nothing_nobody_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "PROC", tmp_path)
    host._boot.cache_clear()
    try:
        assert host.this() == host.Process(host.this().host, os.getpid())
        assert not host.gone(host.this())
    finally:
        host._boot.cache_clear()


@pytest.mark.parametrize("name", ["sleep", "a) Z 1 (b", "((", "x" * 15])
def test_a_program_s_name_is_no_field(tmp_path, monkeypatch, name):
    monkeypatch.setattr(host, "PROC", tmp_path)
    (tmp_path / "42").mkdir()
    fields = ["S", *(str(number) for number in range(4, 22)), "987654", "0", "0"]
    (tmp_path / "42" / "stat").write_text(f"42 ({name}) {' '.join(fields)}\n")
    assert host._alive_since(42) == "987654"


def test_on_macos_the_system_s_own_commands_are_asked(monkeypatch):
    answers = {"sysctl": "{ sec = 1700000000, usec = 5 } Tue Nov 14", "ps": "Tue Nov 14 22:13:20 2026"}

    def run(command, **named):
        assert named["env"]["LC_ALL"] == "C"
        return subprocess.CompletedProcess(command, 0, answers[command[0]] + "\n", "")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "run", run)
    host._boot.cache_clear()
    try:
        mine = host.this()
        assert (mine.boot, mine.started, mine.namespace) == (answers["sysctl"], answers["ps"], "none")
        assert not host.gone(mine)
        assert host.gone(replace(mine, started="Mon Nov 13 22:13:20 2026"))
    finally:
        host._boot.cache_clear()


def test_a_command_that_fails_tells_nothing(monkeypatch):
    assert host._said("false") is None
    assert host._said("/no/such/command") is None
    assert host._said("true") is None
    assert host._said("echo", "yes") == "yes"


def test_a_user_without_a_name_is_its_number(monkeypatch):
    assert host.user().endswith(f"@{host.this().host}")

    def nameless():
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert host.user() == f"{os.getuid()}@{host.this().host}"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        ({"BUILD_URL": "https://jenkins/1"}, "https://jenkins/1"),
        ({"CI_JOB_URL": "https://gitlab/1", "BUILD_URL": ""}, "https://gitlab/1"),
        ({"GITHUB_SERVER_URL": "https://g", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}, "https://g/a/b/actions/runs/7"),
        ({"GITHUB_SERVER_URL": "https://g", "GITHUB_REPOSITORY": "a/b"}, None),
    ],
)  # fmt: skip
def test_a_run_of_ci_is_known_by_its_variables(environ, url):
    assert host.run_url(environ) == url
