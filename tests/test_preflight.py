"""What IAM answers to the question that apply asks it before the first write; answers are checked against botocore."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import golden
import pytest
from stack import REGION, Stack

from mfinfra import desired, preflight, reconcile
from mfinfra.aws.calls import Answer
from mfinfra.errors import AccessDenied, AwsError, Refused
from mfinfra.evaluate import Request, judge
from mfinfra.grants import fit, needed
from mfinfra.model import Call
from mfinfra.operation import Operation
from mfinfra.policy import document, statement
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


def test_what_is_allowed_passes_with_a_question_for_each_statement_and_each_service_that_gets_a_role():
    iam = Iam(parallelism=1)

    assert preflight.check(iam, [DELETE, PASS]) == Preflight()
    assert [call.params["ActionNames"] for call in iam.asked] == [["s3:DeleteBucket"], *[["iam:PassRole"]] * 2]
    assert [call.params["ContextEntries"] for call in iam.asked[1:]] == [
        [
            {
                "ContextKeyName": "iam:PassedToService",
                "ContextKeyValues": [service],
                "ContextKeyType": "string",
            }
        ]
        for service in ("batch.amazonaws.com", "ec2.amazonaws.com")
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


def test_one_question_that_iam_does_not_take_leaves_the_others():
    class Choosing(Iam):
        def ask(self, call):
            if call.params["ActionNames"] == ["iam:PassRole"]:
                raise AwsError("no such ARN", service="iam", operation=call.operation, aws_code="InvalidInput")
            return Iam.ask(self, call)

    found = preflight.check(Choosing(denied=frozenset({"s3:DeleteBucket"})), [PASS, DELETE])

    assert found.denied == (Denied("s3:DeleteBucket", "arn:aws:s3:::data"),)
    assert "InvalidInput" in found.unsure


OURS = "mfinfra:environment"
ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}".format
TEMPLATES = ACCOUNT("ec2", "launch-template/*")
GROUPS = ACCOUNT("ec2", "security-group/*")
QUEUE = ACCOUNT("batch", "compute-environment/cpu*")
LOGS = ACCOUNT("logs", "log-group:/flows")
KEYS = ACCOUNT("kms", "key/*")
NEW = {"StringEquals": {f"aws:RequestTag/{OURS}": "test"}}
OLD = {"StringEquals": {f"aws:ResourceTag/{OURS}": "test"}}
ATTACH = {"ArnEquals": {"iam:PolicyARN": ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]}}
ROLES = "arn:aws:iam::123456789012:role/a"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
LINKED = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/*"


class Judging(Iam):
    """Answers by IAM's rules, from the policy of the caller."""

    def __init__(self, *held: dict[str, Any]) -> None:
        super().__init__()
        self.held = document(list(held))

    def ask(self, call: Call) -> Any:
        assert golden.problems_of(call) == ""
        context = {one["ContextKeyName"]: one["ContextKeyValues"] for one in call.params.get("ContextEntries", ())}
        rows = []
        for action in call.params["ActionNames"]:
            inner = []
            for name in call.params["ResourceArns"]:
                found = judge(Request(action, name, context), [self.held])
                facts = {"EvalResourceName": name, "EvalResourceDecision": found.decision.value}
                inner.append({**facts, "MissingContextValues": list(found.missing)})
            rows.append({"EvalActionName": action, "EvalDecision": "allowed", "ResourceSpecificResults": inner})
        return Answer({"EvaluationResults": rows})


def held(action: Any, resource: Any = "*", condition: Any = None, effect: str = "Allow") -> dict[str, Any]:
    return statement(action, resource, condition=condition, effect=effect)


# What is asked → what the caller has → whether that is a denial, and whether it is doubted.
HAVING = {
    "nothing": (held("s3:PutBucketPolicy", "arn:aws:s3:::data"), [held("s3:GetObject")], True, False),
    "a role for another of the services": (
        PASS,
        [held("iam:PassRole", "*", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})],
        False,
        False,
    ),
    "a role for none of the services": (
        PASS,
        [held("iam:PassRole", "*", {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})],
        True,
        False,
    ),
    "one of two policies to attach": (
        held("iam:AttachRolePolicy", ROLES, ATTACH),
        [held("iam:AttachRolePolicy", "*", {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/A"}})],
        True,
        False,
    ),
    "templates by the form of their id": (
        held("ec2:CreateLaunchTemplate", TEMPLATES, NEW),
        [held("ec2:*", ACCOUNT("ec2", "launch-template/lt-*"), NEW)],
        False,
        False,
    ),
    "no templates": (held("ec2:CreateLaunchTemplate", TEMPLATES, NEW), [held("s3:*")], True, False),
    "tags of somebody else": (
        held("ec2:CreateLaunchTemplate", TEMPLATES, NEW),
        [held("ec2:*", "*", {"StringEquals": {f"aws:RequestTag/{OURS}": "production"}})],
        True,
        False,
    ),
    "one group by its id": (
        held("ec2:DeleteSecurityGroup", GROUPS, OLD),
        [held("ec2:*", ACCOUNT("ec2", "security-group/sg-1"))],
        False,
        True,
    ),
    "one key by its id": (held("kms:Decrypt", KEYS, OLD), [held("kms:*", ACCOUNT("kms", "key/k"))], False, True),
    "an environment by its own name": (
        held("batch:CreateComputeEnvironment", QUEUE),
        [held("batch:*", QUEUE.removesuffix("*"))],
        False,
        False,
    ),
    "another environment": (
        held("batch:CreateComputeEnvironment", QUEUE),
        [held("batch:*", QUEUE.replace("cpu", "gpu"))],
        True,
        False,
    ),
    "log groups by one of their ARNs": (
        held("logs:CreateLogGroup", [LOGS, f"{LOGS}:*"]),
        [held("logs:*", f"{LOGS}:*")],
        False,
        False,
    ),
    "no log groups": (held("logs:CreateLogGroup", [LOGS, f"{LOGS}:*"]), [held("s3:*")], True, False),
    "a role of the service's own, which may be there": (
        held("iam:CreateServiceLinkedRole", LINKED),
        [held("s3:*")],
        False,
        True,
    ),
    "zones of its own": (
        held("route53:AssociateVPCWithHostedZone"),
        [held("route53:*", "arn:aws:route53:::hostedzone/*")],
        False,
        True,
    ),
    "what a second factor allows": (DELETE, [held("s3:*", "*", MFA)], False, True),
    "what is denied outright": (
        held("kms:Decrypt", KEYS, OLD),
        [held("*"), held("kms:*", "*", None, "Deny")],
        True,
        False,
    ),
}


@pytest.mark.parametrize("name", HAVING)
def test_a_caller_is_held_up_only_by_what_iam_is_known_to_deny(name):
    asked, has, denied, doubted = HAVING[name]

    found = preflight.check(Judging(*has), [asked])

    assert (bool(found.denied), bool(found.unsure)) == (denied, doubted), found


def test_what_iam_does_not_answer_for_is_not_known():
    class Silent(Iam):
        def ask(self, call: Call) -> Any:
            return Answer({"EvaluationResults": []})

    assert preflight.check(Silent(), [DELETE]).unsure == (
        "IAM does not answer for `s3:DeleteBucket` on `arn:aws:s3:::data`"
    )


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


def without(actions, lacking):
    """What of a statement's actions, one or a list of them, is left."""
    return [one for one in ([actions] if isinstance(actions, str) else actions) if one != lacking]


@pytest.mark.slow
@pytest.mark.parametrize("lacking", ["", "s3:PutBucketVersioning"])
def test_iams_simulator_lets_through_who_has_what_permissions_tells_and_nobody_with_less(stack, lacking):
    reading = desired.read(stack.write(BUCKET))
    aws = replace(stack.connect(reading), sandbox=False, caller=SESSION)
    reviewed = reconcile.compare(aws, reading)
    told = needed.to_carry_out(reading.environment, reviewed.document)
    (policy,) = fit.documents([{**item, "Action": left} for item in told if (left := without(item["Action"], lacking))])
    iam, anybody = stack.client("iam"), {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="deploy", Path="/t/", AssumeRolePolicyDocument=json.dumps(document([anybody])))
    iam.put_role_policy(RoleName="deploy", PolicyName="p", PolicyDocument=json.dumps(policy))
    stack.operations.clear()
    heard: list[str] = []
    run = Operation(reviewed, tell=heard.append)

    if lacking:
        with pytest.raises(Refused) as refusal:
            list(run.events())
        assert refusal.value.hint.startswith(f"`{lacking}` on `arn:aws:s3:::data-123456789012`")
        assert stack.writes() == []
    else:
        assert list(run.events())
        assert heard == []
