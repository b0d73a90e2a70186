"""What IAM answers to the question that apply asks it before the first write; answers are checked against botocore."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import golden
import pytest
from stack import REGION, Stack

from mfinfra import desired, preflight, reconcile
from mfinfra.aws.calls import Answer
from mfinfra.errors import AccessDenied, Refused
from mfinfra.model import Call
from mfinfra.operation import Operation
from mfinfra.policy import statement
from mfinfra.preflight import Denied, Preflight

USER = "arn:aws:iam::123456789012:user/ana"
ROLE = "arn:aws:iam::123456789012:role/teams/ml/deploy"
SESSION = "arn:aws:sts::123456789012:assumed-role/deploy/mfinfra"
DELETE = statement("s3:DeleteBucket", "arn:aws:s3:::data", sid="Bucket")
PASS = statement(
    ["iam:PassRole"],
    ["arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b"],
    sid="Pass",
    condition={"StringEquals": {"iam:PassedToService": ["batch.amazonaws.com", "ec2.amazonaws.com"]}},
)


@dataclass
class Iam:
    """Answers simulations: what is in `denied` is denied, `lacking` are keys that had no value."""

    caller: str = USER
    denied: frozenset[str] = frozenset()
    lacking: tuple[str, ...] = ()
    parallelism: int = 4
    asked: list[Call] = field(default_factory=list)

    def ask(self, call: Call) -> Any:
        assert golden.problems_of(call) == ""
        self.asked.append(call)
        if call.operation == "GetRole":
            role = {"Arn": ROLE, "RoleName": "deploy", "Path": "/teams/ml/", "RoleId": "AROAEXAMPLEEXAMPLE"}
            return Answer({"Role": {**role, "CreateDate": "2026-11-23T00:00:00Z"}})
        rows = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "implicitDeny" if action in self.denied else "allowed",
                "MissingContextValues": list(self.lacking),
            }
            for action in call.params["ActionNames"]
            for resource in call.params["ResourceArns"]
        ]
        answer = {"EvaluationResults": rows, "IsTruncated": False}
        assert golden.problems_of(call, answer) == ""
        return Answer(answer)


def test_what_is_allowed_passes_with_one_question_for_each_statement():
    iam = Iam()

    assert preflight.check(iam, [DELETE, PASS]) == Preflight()
    assert [call.params["ActionNames"] for call in iam.asked] == [["s3:DeleteBucket"], ["iam:PassRole"]]
    assert iam.asked[1].params["ContextEntries"] == [
        {
            "ContextKeyName": "iam:PassedToService",
            "ContextKeyValues": ["batch.amazonaws.com"],
            "ContextKeyType": "string",
        }
    ]


def test_what_is_denied_is_named_with_its_resource():
    found = preflight.check(Iam(denied=frozenset({"iam:PassRole"})), [DELETE, PASS])

    assert found.denied == (
        Denied("iam:PassRole", "arn:aws:iam::123456789012:role/a"),
        Denied("iam:PassRole", "arn:aws:iam::123456789012:role/b"),
    )
    with pytest.raises(Refused, match="nothing was changed") as refusal:
        preflight.refuse(found, USER)
    assert refusal.value.code == "MF5501"
    assert "`iam:PassRole` on `arn:aws:iam::123456789012:role/a`" in refusal.value.hint


def test_a_denial_that_hangs_on_a_key_without_a_value_is_not_believed():
    found = preflight.check(Iam(denied=frozenset({"s3:DeleteBucket"}), lacking=("aws:MultiFactorAuthAge",)), [DELETE])

    assert found == Preflight(unsure="conditions on `aws:MultiFactorAuthAge` cannot be simulated")


def test_a_session_is_simulated_as_its_role_with_the_path_that_the_session_does_not_show():
    iam = Iam(caller=SESSION)

    preflight.check(iam, [DELETE])

    assert [call.operation for call in iam.asked] == ["GetRole", "SimulatePrincipalPolicy"]
    assert iam.asked[1].params["PolicySourceArn"] == ROLE


def test_the_account_itself_may_do_everything_and_is_not_asked_about():
    iam = Iam(caller="arn:aws:iam::123456789012:root")

    assert preflight.check(iam, [DELETE]) == Preflight()
    assert iam.asked == []


def test_who_has_no_policies_of_its_own_is_not_known_about():
    found = preflight.check(Iam(caller="arn:aws:sts::123456789012:federated-user/ana"), [DELETE])

    assert found == Preflight(unsure="a `federated-user` has no policies of its own that could be simulated")


def test_where_the_question_is_denied_nothing_is_known():
    class Closed(Iam):
        def ask(self, call):
            raise AccessDenied("no", service="iam", operation=call.operation, aws_code="AccessDenied")

    assert "AccessDenied" in preflight.check(Closed(), [DELETE]).unsure


BUCKET = {
    "version": 1,
    "environment": "test",
    "account": "123456789012",
    "region": REGION,
    "resources": {"bucket": {"data": {"name": "data-123456789012"}}},
    "metaflow": {"datastore": "bucket.data"},
}


def operation(
    stack: Stack, asked: Preflight, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> tuple[Operation, list[str]]:
    reading = desired.read(stack.write(BUCKET))
    reviewed = reconcile.compare(replace(stack.connect(reading), sandbox=False), reading)
    monkeypatch.setattr(preflight, "check", lambda aws, statements: asked)
    told: list[str] = []
    return Operation(reviewed, tell=told.append, **more), told


def test_nothing_is_written_where_iam_would_deny_a_write(stack, monkeypatch):
    run, _ = operation(stack, Preflight((Denied("s3:CreateBucket", "arn:aws:s3:::data-123456789012"),)), monkeypatch)

    with pytest.raises(Refused, match="IAM does not allow"):
        list(run.events())
    assert stack.writes() == []


def test_a_run_goes_ahead_where_iam_cannot_be_asked_and_says_so(stack, monkeypatch):
    run, told = operation(stack, Preflight(unsure="`iam:SimulatePrincipalPolicy` failed"), monkeypatch)

    assert list(run.events())
    assert told[0].startswith("the permissions were not all checked beforehand: `iam:SimulatePrincipalPolicy` failed")
    assert "s3.CreateBucket" in stack.writes()


def test_who_does_not_want_the_question_is_not_held_up_by_it(stack, monkeypatch):
    denied = Preflight((Denied("s3:CreateBucket", "arn:aws:s3:::data-123456789012"),))
    run, _ = operation(stack, denied, monkeypatch, preflight=False)

    assert list(run.events())
