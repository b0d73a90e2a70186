"""The decisions of IAM, rule by rule. Each group of cases has the page of AWS that states the rule."""

from __future__ import annotations

import pytest
from evaluate_case import policies_of
from evaluate_cases import CASES, UNJUDGED

from mfinfra.evaluate import Caller, Matched, Request, UnjudgedError, decide, grants, judge, trusts


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_iam_decides(case):
    assert decide(case.request, policies_of(case), boundary=case.boundary) == case.decision


@pytest.mark.parametrize("case", UNJUDGED, ids=lambda case: case.name)
def test_what_has_no_rule_is_an_error_and_never_a_decision(case):
    with pytest.raises(UnjudgedError, match=case.message):
        decide(case.request, policies_of(case))


def allow(**more):
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **more}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_a_judgement_names_the_statements_that_matched_and_the_keys_that_were_missing():
    asks = {"StringEquals": {"aws:PrincipalTag/team": "ml"}, "Bool": {"aws:SecureTransport": "true"}}
    first = document(allow(Sid="Mine"), allow(Action="ec2:*"))
    second = document(allow(Condition=asks), allow(Effect="Deny", Action="s3:Put*"))
    request = Request("s3:GetObject", "arn:aws:s3:::b/k", {"aws:securetransport": ["true"]})
    found = judge(request, [first, second])
    assert found.allowed
    assert found.matched == (Matched(0, 0, "Allow", "Mine"),)
    assert found.missing == ("aws:PrincipalTag/team",)
    assert judge(Request("s3:PutObject"), [first, second]).matched[-1] == Matched(1, 1, "Deny")


def test_a_boundary_allows_nothing_by_itself_and_says_whether_it_stopped_something():
    found = judge(Request("s3:GetObject"), [document(allow())], boundary=document(allow(Action="ec2:*")))
    assert (found.decision, found.bounded) == ("implicitDeny", False)
    assert judge(Request("s3:GetObject"), [], boundary=document(allow())).decision == "implicitDeny"
    assert judge(Request("s3:GetObject"), [document(allow())]).bounded is None


def test_a_policy_may_be_text():
    assert decide(Request("s3:GetObject"), ['{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'])


STATES = Caller("Service", "states.amazonaws.com")
SOMEBODY = Caller("AWS", "arn:aws:iam::123456789012:user/somebody")
SESSION = Caller("AWS", "arn:aws:sts::123456789012:assumed-role/x/session")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
PRINCIPALS = [
    ({"Principal": {"Service": "states.amazonaws.com"}}, STATES, True),
    ({"Principal": {"Service": ["batch.amazonaws.com", "states.amazonaws.com"]}}, STATES, True),
    ({"Principal": {"Service": "batch.amazonaws.com"}}, STATES, False),
    ({"Principal": {"AWS": "states.amazonaws.com"}}, STATES, False),
    ({"Principal": "*"}, STATES, True),
    ({"Principal": {"AWS": "*"}}, SOMEBODY, True),
    ({"Principal": {"AWS": "123456789012"}}, SOMEBODY, True),
    ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, SOMEBODY, True),
    ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, SESSION, True),
    ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, Caller("AWS", "123456789012"), True),
    ({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}, SOMEBODY, False),
    ({"Principal": {"AWS": "arn:aws:iam::123456789012:user/somebody"}}, SOMEBODY, True),
    ({"Principal": {"AWS": "arn:aws:iam::123456789012:user/some*"}}, SOMEBODY, False),
    ({"NotPrincipal": {"AWS": "arn:aws:iam::123456789012:user/somebody"}}, SOMEBODY, False),
    ({"NotPrincipal": {"AWS": "arn:aws:iam::123456789012:user/other"}}, SOMEBODY, True),
]


@pytest.mark.parametrize(("principal", "caller", "trusted"), PRINCIPALS)
def test_a_trust_policy_names_who_may_assume_a_role(principal, caller, trusted):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", **principal}
    assert trusts(document(statement), caller) is trusted
    assert trusts(document(statement, {**statement, "Effect": "Deny"}), caller) is False


def test_a_trust_policy_holds_its_condition():
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "states.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    assert trusts(document(statement), STATES, {"aws:SourceAccount": ["123456789012"]})
    assert not trusts(document(statement), STATES, {"aws:SourceAccount": ["210987654321"]})
    assert not trusts(document(statement), STATES)
    assert not trusts(document(statement), STATES, {"aws:SourceAccount": ["123456789012"]}, action="sts:TagSession")


def test_the_policy_of_a_resource_decides_on_what_it_names():
    statement = {"Effect": "Allow", "Action": "s3:*", "Principal": "*", "Resource": "arn:aws:s3:::b/*"}
    assert grants(document(statement), SOMEBODY, Request("s3:GetObject", "arn:aws:s3:::b/k")) == "allowed"
    assert grants(document(statement), SOMEBODY, Request("s3:GetObject", "arn:aws:s3:::c/k")) == "implicitDeny"
    with pytest.raises(UnjudgedError, match="is no principal"):
        grants(document({**statement, "Principal": "somebody"}), SOMEBODY, Request("s3:GetObject", "arn:aws:s3:::b/k"))
