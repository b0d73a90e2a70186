"""A first file on the sandbox: its plan creates and nothing else, is applied, and is empty then."""

from __future__ import annotations

import pytest
from stack import ACCOUNT, REGION, wire

from mfinfra.aws import session
from mfinfra.aws.clock import Clock
from mfinfra.errors import UserError
from mfinfra.model import Action, Scope
from mfinfra.sandbox import lifecycle, network
from mfinfra.starting import place, start
from mfinfra.starting.given import Given

pytestmark = pytest.mark.slow


@pytest.fixture
def begun(stack, monkeypatch, tmp_path):
    """Write a first file by what the sandbox tells of its network."""

    def enter(access, region, environment):
        scope = Scope(environment, ACCOUNT, region)
        caller = f"arn:aws:iam::{ACCOUNT}:user/test"
        endpoint = stack.server.endpoint
        return session.Aws(wire().session, scope, endpoint, sandbox=True, clock=Clock(0.0), caller=caller)

    monkeypatch.setattr(session, "enter", enter)

    def begin(**flags):
        found = start.start(Given(endpoint="sandbox", vpc=network.VPC_ID, region="us-east-1", **flags), None, print)
        path = tmp_path / found.path.name
        place.write(found.text, path, overwrite=False)
        return path

    return begin


@pytest.mark.parametrize("preset", ["fargate", "private", "spot"])
def test_a_first_file_creates_is_applied_and_differs_no_more(stack, begun, preset):
    path = begun(preset=preset, environment="first")
    reviewed = stack.plan(path)
    assert {step.action for step in reviewed.plan.steps} == {Action.CREATE}
    assert list(reviewed.plan.blocks) == []
    stack.carry_out(reviewed)
    assert not stack.plan(path).plan.changes


def test_a_second_file_beside_the_first_takes_other_names(stack, begun):
    stack.apply(begun(preset="fargate"))
    path = begun(preset="fargate")
    assert path.name == "dev-2.yaml"
    assert {step.action for step in stack.plan(path).plan.steps} == {Action.CREATE}


def test_an_environment_of_the_same_name_with_other_names_is_no_new_one(stack, begun):
    made = {"repository": {"images": {"name": "handmade"}}, "log_group": {"runs": {"name": "/handmade"}}}
    stack.apply({"version": 1, "environment": "dev", "account": ACCOUNT, "region": REGION, "resources": made})
    path = begun(preset="fargate")
    assert path.name == "dev-2.yaml"
    with pytest.raises(UserError, match="there is an environment `dev` of 2 resources already"):
        begun(preset="fargate", environment="dev")
    assert {step.action for step in stack.plan(path).plan.steps} == {Action.CREATE}


def test_a_sandbox_that_runs_is_asked_what_is_in_it(stack, begun, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    stack.apply(begun(preset="fargate", environment="sandbox").rename("first.yaml"))
    monkeypatch.setattr(lifecycle, "find", lambda: stack.server)
    told = []
    found = start.start(Given(preset="sandbox"), None, told.append)
    assert found.path.name == "sandbox-2.yaml"
    assert [said.partition(" of ")[0] for said in told] == ["there is an environment `sandbox`"]
