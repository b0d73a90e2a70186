"""What is adopted has no tags of ours while it is changed: its policies know, and reach no other environment's."""

from __future__ import annotations

import pytest
import requested
import yaml

from mfinfra import desired
from mfinfra.evaluate import Request
from mfinfra.grants import needed

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"
ROTATE = "kms:EnableKeyRotation"


def environment(tmp_path, **more):
    path = tmp_path / "adopting.yaml"
    resources = {"key": {"main": {"alias": "alias/main", "protect": False, **more}}}
    written = {"version": 1, "environment": "test", "account": "123456789012", "region": "us-east-1"}
    path.write_text(yaml.safe_dump({**written, "resources": resources}), "utf-8")
    return desired.read(path).environment


def plan(*actions):
    call = {"service": "kms", "operation": "EnableKeyRotation", "parameters": {"KeyId": "1234"}}
    change = {"actions": list(actions), "before": {}, "after": {}}
    return {"resource_changes": [{"address": "key.main", "change": change, "calls": [call]}]}


def reached(statements, owner, action=ROTATE):
    tags = {f"aws:ResourceTag/{requested.OURS}": [owner]} if owner else {}
    return requested.allowed(statements, Request(action, KEY, tags))


@pytest.mark.parametrize("adopt", [True, False])
def test_what_the_file_adopts_may_be_changed_before_it_has_tags(tmp_path, adopt):
    told = needed.to_apply(environment(tmp_path, adopt=adopt))

    assert reached(told, "test")
    assert reached(told, None) is adopt
    assert not reached(told, "production")
    assert reached(told, "test", "kms:ScheduleKeyDeletion")
    assert not reached(told, None, "kms:ScheduleKeyDeletion"), "no adoption deletes"


@pytest.mark.parametrize(("actions", "adopts"), [(("adopt", "update"), True), (("update",), False)])
def test_of_a_saved_plan_its_own_step_says_whether_it_adopts(tmp_path, actions, adopts):
    told = needed.to_carry_out(environment(tmp_path, adopt=True), plan(*actions))

    assert reached(told, "test")
    assert reached(told, None) is adopts
    assert not reached(told, "production")
