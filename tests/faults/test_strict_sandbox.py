"""`mfinfra sandbox start --strict`: the background sandbox that is as late and as severe as AWS."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from mfinfra.errors import UserError
from mfinfra.sandbox import lifecycle
from mfinfra.sandbox.behaviour import Behaviour, asked_for

ROOT = Path(__file__).parents[2]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
STRICT = Behaviour(strict=True, rate=0.02)


@pytest.mark.parametrize(
    ("chosen", "behaviour", "told"),
    [
        ({}, Behaviour(), "not strict"),
        ({"strict": True}, STRICT, "strict, 2 % faults by seed 0"),
        ({"strict": True, "rate": 0.0, "seed": 4}, Behaviour(strict=True, seed=4), "strict"),
        ({"rate": 0.155, "seed": 7}, Behaviour(rate=0.155, seed=7), "not strict, 15.5 % faults by seed 7"),
    ],
)
def test_how_a_sandbox_behaves_is_chosen_and_told(chosen, behaviour, told):
    assert Behaviour.chosen(**chosen) == behaviour
    assert str(behaviour) == told


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan, math.inf])
def test_a_rate_is_a_share(rate):
    with pytest.raises(UserError, match="no share of the requests"):
        Behaviour.chosen(rate=rate)


@pytest.mark.parametrize(
    ("environ", "asked"),
    [
        ({}, {}),
        ({"MFINFRA_SANDBOX_STRICT": ""}, {}),
        ({"MFINFRA_SANDBOX_STRICT": "1"}, {"strict": True}),
        ({"MFINFRA_SANDBOX_STRICT": "False", "MFINFRA_SANDBOX_SEED": "3"}, {"strict": False, "seed": 3}),
        ({"MFINFRA_SANDBOX_FAULTS": "0.1"}, {"rate": 0.1}),
    ],
)
def test_the_environment_asks_for_what_it_names(environ, asked):
    assert asked_for(environ) == asked


@pytest.mark.parametrize(
    ("variable", "said"),
    [("STRICT", "perhaps"), ("FAULTS", "many"), ("FAULTS", "2"), ("FAULTS", "nan"), ("SEED", "1.5")],
)
def test_what_the_environment_cannot_mean_is_an_error(variable, said):
    with pytest.raises(UserError):
        asked_for({f"MFINFRA_SANDBOX_{variable}": said})


@pytest.fixture
def home(tmp_path, monkeypatch):
    directory = tmp_path / "box"
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", str(directory))
    yield directory
    lifecycle.stop()


@pytest.fixture
def mfinfra(home, tmp_path):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))}
    environ = inherited | {"PYTHONPATH": str(ROOT), "MFINFRA_SANDBOX_DIR": str(home)}

    def run(*argv, **more):
        command = [sys.executable, "-m", "mfinfra", *argv]
        done = subprocess.run(
            command, env=environ | more, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.slow
def test_a_strict_sandbox_stays_usable_and_says_what_it_is(mfinfra, home, client):
    file = str(ROOT / "environments" / "sandbox.yaml")
    code, out, _ = mfinfra("sandbox", "start", "--strict", "--seed", "7")
    running = lifecycle.find()
    assert running.behaviour == Behaviour(strict=True, rate=0.02, seed=7)
    said = f"the sandbox runs at {running.endpoint} (process {running.pid})\nit is strict, 2 % faults by seed 7\n"
    assert (code, out) == (0, said)
    assert mfinfra("sandbox", "status")[:2] == (0, f"{said}its log is {home / 'sandbox.log'}\n")

    code, out, err = mfinfra("apply", file, "--yes")
    assert (code, "Apply complete: 16 created" in out) == (0, True), err
    code, out, err = mfinfra("plan", file, MFINFRA_SANDBOX_STRICT="1")
    assert (code, "No changes: 16 resources" in out) == (0, True), err
    iam = client("iam", running.endpoint, retries={"mode": "standard"})
    iam.create_role(RoleName="late", AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(iam.exceptions.NoSuchEntityException):  # a kind one knows it at once
        iam.get_role(RoleName="late")

    code, out, err = mfinfra("sandbox", "start")
    assert (code, out) == (1, "")
    assert "is `strict, 2 % faults by seed 7`, and `not strict` was asked for\n  hint: `mfinfra sandbox stop`" in err
    with pytest.raises(UserError, match="a sandbox is running already"):
        lifecycle.start(0, running.behaviour)
    assert lifecycle.find() == running
    assert (home / "sandbox.log").read_text() == ""


@pytest.fixture(scope="module")
def on_demand(tmp_path_factory):
    """A sandbox that was started on demand, as the environment asks for it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MFINFRA_SANDBOX_DIR", str(tmp_path_factory.mktemp("box")))
        patched.setenv("MFINFRA_SANDBOX_STRICT", "1")
        patched.setenv("MFINFRA_SANDBOX_FAULTS", "0.3")
        yield lifecycle.ensure()
        lifecycle.stop()


@pytest.mark.slow
def test_the_environment_makes_the_sandbox_on_demand_strict_and_never_another_one(on_demand, monkeypatch):
    assert on_demand.behaviour == Behaviour(strict=True, rate=0.3)
    assert lifecycle.ensure() == on_demand
    monkeypatch.setenv("MFINFRA_SANDBOX_STRICT", "0")
    with pytest.raises(UserError, match=r"is `strict, 30 % faults by seed 0`, and `not strict, .*` was asked for"):
        lifecycle.ensure()
    monkeypatch.delenv("MFINFRA_SANDBOX_STRICT")
    monkeypatch.delenv("MFINFRA_SANDBOX_FAULTS")
    assert lifecycle.ensure() == on_demand


@pytest.mark.slow
def test_with_the_same_seed_the_same_requests_go_wrong_in_the_same_way_after_a_reset(on_demand, client):
    logs = client("logs", on_demand.endpoint)

    def outcome(_):
        try:
            logs.describe_log_groups()
        except (ClientError, BotoCoreError) as error:
            return type(error).__name__
        return ""

    lifecycle.reset()
    first = list(map(outcome, range(40)))
    assert 5 < sum(map(bool, first)) < 20
    assert len(set(first)) > 2, "throttles, errors and lost answers"
    lifecycle.reset()
    assert list(map(outcome, range(40))) == first


@pytest.mark.slow
def test_a_record_of_an_older_release_tells_of_a_kind_sandbox(on_demand):
    path = lifecycle.state_dir() / "sandbox.json"
    whole = path.read_text()
    record = json.loads(whole)
    assert record.pop("behaviour") == {"strict": True, "rate": 0.3, "seed": 0}
    path.write_text(json.dumps(record))
    assert lifecycle.find() == replace(on_demand, behaviour=Behaviour())
    path.write_text(json.dumps(record | {"behaviour": 5}))
    assert lifecycle.find() is None
    path.write_text(whole)
