"""IAM's rules, asked of somebody else: the evaluator of ministack, whose code was written for another purpose.

Its simulator takes no context over HTTP, so that conditions are asked of the module behind it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from evaluate_case import policies_of
from evaluate_cases import CASES

from mfinfra.aws import session

pytestmark = pytest.mark.ministack
URL = os.environ.get("TEST_MINISTACK", "")
PYTHON = Path(__file__).parents[2] / ".venv-ministack/bin/python"
JUDGE = """
import json, sys
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

WORDS = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
for case in json.load(sys.stdin):
    context = EvalContext(
        "arn:aws:iam::123456789012:user/k", "User", "123456789012", case["action"], case["resource"], "us-east-1"
    )
    context.service_context = {
        key.lower(): values[0] if len(values) == 1 else values for key, values in case["context"].items()
    }
    limits = [[parse_policy_document(case["boundary"])]] if case["boundary"] else []
    print(WORDS[evaluate(context, [parse_policy_document(one) for one in case["policies"]], *limits).decision])
"""
NO_VARIABLES = (
    "it takes `${…}` as text; AWS fills it in since version 2012-10-17: "
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"
)
NO_SEGMENTS = (
    "it matches an ARN as one text; AWS keeps a wildcard within its segment, unless `*` ends it: "
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"
)
SIX_PARTS = (
    "it matches an ARN as one text; AWS checks each of its six parts: "
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN"
)
LINES = (
    "its `*` ends at a line; AWS's is any combination of characters, and keys of S3 may have any: "
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"
)
QUOTES = (
    "it writes `True`; AWS reads Booleans without quotes as the words: "
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
)
BUCKET = "arn:aws:s3:::b"
VARIABLES = (
    "is the value of the request",
    "has no case in its name",
    "matches nothing without a value, nor itself",
    "has a value to stand in",
    "stands beside a wildcard",
    "is text itself",
    "is a star and matches one",
    "is a dollar",
)
NAMED = "'aws:username': ['k'], 'aws:PrincipalTag/team': ['a*b']}"
CONDITIONS = (
    "{'StringEquals': {'s3:prefix': '${aws:username}'}} ~ {'s3:prefix': ['k'], " + NAMED,
    "{'StringLike': {'s3:prefix': '${aws:username}/*'}} ~ {'s3:prefix': ['k/x'], " + NAMED,
    "{'ArnLike': {'aws:SourceArn': 'arn:aws:s3:::${aws:username}'}} ~ {'aws:SourceArn': ['arn:aws:s3:::k'], " + NAMED,
)
DISAGREES = {
    f"resource: {BUCKET}/* ~ {BUCKET}/line\nbreak": LINES,
    "resource: arn:aws:sqs:us*1:123456789012:q ~ arn:aws:sqs:us-x:1:123456789012:q": NO_SEGMENTS,
    "resource: arn:aws:sqs:us-east-?:123456789012:q ~ arn:aws:sqs:us-east-::123456789012:q": NO_SEGMENTS,
    "strings: {'StringEquals': {'x:key': True}} ~ {'x:key': ['true']}": QUOTES,
    "arns: {'ArnLike': {'x:key': 'arn:aws:sns:*:topic:x:y'}} ~ "
    "{'x:key': ['arn:aws:sns:us-east-1:123456789012:topic:x:y']}": SIX_PARTS,
    **{f"variables: {name}": NO_VARIABLES for name in VARIABLES},
    **{f"variables: {condition}": NO_VARIABLES for condition in CONDITIONS},
}
"""Cases in which ministack decides otherwise, and why it is AWS's page that is followed."""


def named(case):
    return f"{case.rule}: {case.name}"


def asked(case):
    return {
        "action": case.request.action,
        "resource": case.request.resource,
        "context": dict(case.request.context),
        "policies": policies_of(case),
        "boundary": case.boundary,
    }


def test_the_second_evaluator_decides_as_ours_but_for_what_is_written_down():
    text = json.dumps([asked(case) for case in CASES])
    said = subprocess.run([PYTHON, "-c", JUDGE], input=text, capture_output=True, text=True, check=True)
    decided = dict(zip(map(named, CASES), said.stdout.split(), strict=True))
    assert {named(case) for case in CASES if decided[named(case)] != case.decision} == set(DISAGREES)


PLAIN = [case for case in CASES if not (case.request.context or case.boundary or named(case) in DISAGREES)]


@pytest.fixture(scope="module")
def iam():
    client = session.isolated_session("123456789012", "test").client("iam", region_name="us-east-1", endpoint_url=URL)
    yield client
    client.close()


@pytest.mark.parametrize("case", PLAIN, ids=named)
def test_its_simulator_answers_as_iam_does(iam, case):
    (result,) = iam.simulate_custom_policy(
        PolicyInputList=[json.dumps(document) for document in policies_of(case)],
        ActionNames=[case.request.action],
        ResourceArns=[case.request.resource],
    )["EvaluationResults"]
    assert result["EvalDecision"] == case.decision
