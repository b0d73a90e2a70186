"""The real client of Metaflow, in processes of its own, against an embedded sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import recorded
from stack import Stack

from mfinfra.cli.app import main
from mfinfra.metaflow.parts import Parts
from mfinfra.sandbox.corrections.batch import surroundings
from mfinfra.sandbox.faults import Event, Script

ROOT = Path(__file__).parents[1]
ROLES = {"user": "user", surroundings.KEY: "job_role"}
"""Access key → who needs what it asks for. The keys of tests are neither."""
ENVIRONMENT = ROOT / "environments" / "sandbox.yaml"
FLOWS = ROOT / "tests" / "flows"
PATIENCE = 300.0
"""Seconds until a process is taken for one that never ends; a busy machine is slow."""


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody with Metaflow: a folder of their own, and the configuration that `mfinfra config --write` wrote."""

    folder: Path
    stack: Stack

    @property
    def environment(self) -> dict[str, str]:
        """All that a process of the client knows."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "USER": "ada",
            "METAFLOW_HOME": str(self.folder / "metaflow"),
            "METAFLOW_PROFILE": "sandbox",
            **self.stack.server.environment,
            "AWS_ACCESS_KEY_ID": "user",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Python with `arguments`, and what it says as text."""
        command = [sys.executable, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )

    def flow(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """The flow `tests/flows/NAME.py` with `arguments`."""
        return self.start(str(FLOWS / f"{name}.py"), *arguments)

    def asked(self, program: str) -> Any:
        """What a program of Metaflow's Client API prints as JSON."""
        return json.loads(finished(self.start("-c", program)).stdout)


def said(process: subprocess.CompletedProcess[str]) -> str:
    """All that a process wrote."""
    return process.stdout + process.stderr


def finished(process: subprocess.Popen[str], *, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Wait for a process; it must end with `code`, or with any where that is `None`."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"never ended: {process.communicate()}") from None
    if code is not None and process.returncode != code:
        raise AssertionError(f"exit code {process.returncode}, expected {code}\n{out}\n{err}")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def stand(server: Any, folder: Path) -> Client:
    """Bring `environments/sandbox.yaml` up, configure Metaflow by it, and record what is asked from now on."""
    server.reset(transition_polls=0, jobs="processes")
    client = Client(folder, Stack(server, folder))
    client.stack.apply(ENVIRONMENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METAFLOW_HOME", str(folder / "metaflow"))
        assert main(["config", str(ENVIRONMENT), "--write"]) == 0
    server.faults = Script()
    return client


def asked(event: Event) -> dict[str, Any]:
    """The parameters of a request whose body is JSON."""
    parameters: dict[str, Any] = json.loads(event.request.text.partition("\n")[2])
    return parameters


def undeclared(events: tuple[Event, ...], parts: Parts) -> set[str]:
    """Those requests that no need of the role that sent them declares, as `role service.Operation what`."""
    missing = set()
    for event in events:
        if event.request.key in ROLES:
            role, params = ROLES[event.request.key], _parameters(event)
            if not recorded.covers(parts, event.request.service, event.request.operation, params, role=role):
                missing.add(f"{role} {event.name} {params}")
    return missing


def _parameters(event: Event) -> dict[str, Any]:
    """The parameters, as far as IAM decides on them."""
    if event.request.service != "s3":
        return asked(event)
    bucket, _, key = event.request.text.partition("\n")[0].partition("?")[0].strip("/").partition("/")
    return {"Bucket": bucket, "Key": key}
