"""A first file on the sandbox: its plan creates and nothing else, is applied, and is empty then."""

from __future__ import annotations

import pytest
from stack import ACCOUNT, wire

from mfinfra.aws import session
from mfinfra.aws.clock import Clock
from mfinfra.model import Action, Scope
from mfinfra.sandbox import network
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
