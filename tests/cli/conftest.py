from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from happening import WHOLE
from render import plans
from stack import REGION, wire

from mfinfra import operation, reconcile
from mfinfra.aws import session
from mfinfra.cli.app import main
from mfinfra.model import Block
from mfinfra.operation import Locking

FILE = """\
version: 1
environment: prod
account: "123456789012"
region: us-east-1
resources:
  log_group:
    flows: {name: /aws/vendedlogs/flows}
"""


@dataclass
class Live:
    """What stands in for AWS: the plan that a review finds and the events of its run; `asked` keeps the options."""

    document: dict
    happens: tuple = WHOLE
    asked: list = field(default_factory=list)
    allowed: list = field(default_factory=list)
    ran: bool = False
    stopped: bool = False
    locking: Locking | None = None
    binding: bool | None = None

    def review(self, reading, options, *, parallelism, writes):
        if isinstance(self.document, BaseException):
            raise self.document
        self.asked.append((options, parallelism))
        plan = SimpleNamespace(changes=self.changes, work=self.changes, lifted=self.lifted, options=options)
        return SimpleNamespace(document=self.document, plan=plan, shown=lambda allowed: self.document)

    def lifted(self, allowed):
        self.allowed.append(allowed)
        rows = [row for row in self.document["resource_changes"] if row["blocked"]]
        return SimpleNamespace(blocks=[(row["address"], Block(**row["blocked"])) for row in rows])

    @property
    def changes(self):
        return any(row["change"]["actions"] != ["no-op"] for row in self.document["resource_changes"])

    def operation(self, reviewed, allowed, locking, *_, **chosen):
        self.locking, self.binding = locking, chosen["binding"]
        return self

    def events(self):
        self.ran = True
        for event in self.happens:
            if isinstance(event, signal.Signals):
                os.kill(os.getpid(), event)
            elif isinstance(event, BaseException):
                raise event
            else:
                yield event

    def stop(self):
        self.stopped = True


@pytest.fixture
def live(monkeypatch):
    """A live state that needs one role; a test puts another document or other events in."""
    found = Live(plans.document(plans.created()))
    monkeypatch.setattr(reconcile, "review", found.review)
    monkeypatch.setattr(operation, "Operation", found.operation)
    return found


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "prod.yaml"
    path.write_text(FILE)
    return "prod.yaml"


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command in this process: exit code, stdout, stderr."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def call(*argv):
        code = main(argv)
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def terminal(monkeypatch):
    """Somebody at a terminal, who types what the test says."""

    def types(answer):
        monkeypatch.setenv("TERM", "dumb")  # a terminal that is not redrawn: its text can be compared
        monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: answer))
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    return types


@pytest.fixture
def same_clients(embedded, monkeypatch):
    """Commands that run in this process take the clients of the tests: to make them takes longer than all the rest."""
    made = wire().clients.setdefault(f"commands {embedded.endpoint}", {})

    def client(aws, service):
        if service not in made:
            made[service] = wire().session.client(service, region_name=REGION, endpoint_url=aws.endpoint)
        return made[service]

    monkeypatch.setattr(session.Aws, "client", client)
    monkeypatch.setattr(session, "_session", lambda *_: wire().session)
    return lambda service: client(embedded, service)
