"""What a plan replaces is deleted under the name that it had, and made under the one that it shall have."""

from __future__ import annotations

import pytest
import requested
from stack import environment

from mfinfra.evaluate import Request
from mfinfra.grants import needed

ROLE = "arn:aws:iam::123456789012:role/{}"


def file(name):
    return environment({"role": {"main": {"name": name, "preset": "ecs_instance"}}})


def refused(statements, recorded):
    return [
        request
        for service, operation, params in recorded
        if service != "sts"
        for request in requested.of(service, operation, params, "test")
        if not requested.allowed(statements, request)
    ]


@pytest.mark.slow
def test_a_saved_plan_that_renames_may_delete_the_old_and_make_the_new_and_nothing_else(stack, recorded):
    stack.apply(file("old"))
    recorded.clear()
    reviewed = stack.plan(file("new"), allow_replace=frozenset({"role.main"}))
    stack.carry_out(reviewed)

    for told in (needed.to_carry_out, needed.to_write):
        statements = told(reviewed.plan.environment, reviewed.document)
        writes = [call for call in recorded if not call[1].startswith(("Describe", "Get", "List"))]
        assert refused(statements, writes if told is needed.to_write else recorded) == []
        assert {
            (verb, name): requested.allowed(statements, Request(f"iam:{verb}Role", ROLE.format(name)))
            for verb in ("Create", "Delete")
            for name in ("old", "new")
        } == {("Create", "old"): False, ("Create", "new"): True, ("Delete", "old"): True, ("Delete", "new"): True}
