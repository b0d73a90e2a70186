"""The declared calls against the source of the Metaflow that is installed, against botocore, and by example."""

from __future__ import annotations

import base64
import re
from functools import cache
from hashlib import sha1
from importlib.util import find_spec
from pathlib import Path

import pytest
import recorded
from botocore import xform_name
from botocore.session import get_session
from fragments import EVERYTHING, environment, merged

from mfinfra.evaluate import Decision
from mfinfra.metaflow import examples, needs, simulation
from mfinfra.metaflow.calls import ROWS
from mfinfra.metaflow.parts import Parts

METAFLOW = Path(find_spec("metaflow").submodule_search_locations[0])
PARTS = Parts(environment(EVERYTHING))
# boto3's own way to upload and to assume a role
ELSEWHERE = {
    **dict.fromkeys(
        ("s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload", "s3:PutObject"), "upload_file"
    ),
    "s3:AbortMultipartUpload": "upload_file",
    "sts:AssumeRole": "role_arn=role",
}
# Methods of a client that ask AWS nothing, and those of the sandbox that Metaflow's makers ran
NO_CALLS = {"get_paginator", "get_caller_identity", "exceptions"}


@cache
def operations(service):
    return {xform_name(name): name for name in get_session().get_service_model(service).operation_names}


def declared():
    return {operation for row in ROWS for operation in row.operations}


def test_every_operation_is_one_of_botocore():
    for operation in declared():
        service, _, name = operation.partition(":")
        assert name in operations(service).values(), operation


@pytest.mark.parametrize("row", [row for row in ROWS if row.operations], ids=lambda row: row.action)
def test_every_call_stands_in_the_file_of_metaflow_that_is_named(row):
    text = (METAFLOW.parent / row.source).read_text("utf-8")
    for operation in row.operations:
        name = xform_name(operation.partition(":")[2])
        assert ELSEWHERE.get(operation, name) in text, (operation, row.source)


def calls_in_the_source():
    files = {
        **dict.fromkeys(METAFLOW.glob("plugins/aws/step_functions/step_functions_client.py"), "stepfunctions"),
        **dict.fromkeys(METAFLOW.glob("plugins/aws/step_functions/event_bridge_client.py"), "events"),
        **dict.fromkeys(METAFLOW.glob("plugins/aws/step_functions/dynamo_db_client.py"), "dynamodb"),
        **dict.fromkeys(METAFLOW.glob("plugins/aws/batch/batch_client.py"), "batch"),
        **dict.fromkeys(METAFLOW.glob("plugins/aws/secrets_manager/*provider.py"), "secretsmanager"),
        **dict.fromkeys(METAFLOW.glob("plugins/datatools/s3/*.py"), "s3"),
    }
    for path, service in files.items():
        text = path.read_text("utf-8")
        names = re.findall(r"(?:_client|s3|client)\.([a-z0-9_]+)\(", text) + re.findall(
            r'get_paginator\(\s*"([a-z0-9_]+)"', text
        )
        for name in names:
            if name in operations(service):
                yield f"{service}:{operations(service)[name]}"


def test_every_call_in_the_source_of_metaflow_is_declared():
    found = set(calls_in_the_source())
    assert len(found) > 25
    assert found <= declared()


def test_only_the_known_parts_of_metaflow_make_a_client_of_aws():
    made = re.compile(r"get_(?:aws|s3)_client\(\s*(?:\"([a-z0-9-]+)\")?")
    found = {
        match[1] or "s3" for path in METAFLOW.rglob("*.py") for match in made.finditer(path.read_text("utf-8"))
    } - {"module"}
    assert found <= {operation.partition(":")[0] for operation in declared()}


def test_rules_are_named_as_metaflow_names_them():
    # its module alone: the package takes a second to import, and warns
    text = (METAFLOW / "plugins/aws/step_functions/event_bridge_client.py").read_text("utf-8")
    known = {"base64": base64, "sha1": sha1, "to_bytes": str.encode, "to_unicode": bytes.decode}
    exec(text[text.index("def format(") :], known)
    for name in ("prod_Flow", "x" * 64, "x" * 65, "y" * 80):
        assert examples.rule_name(name) == known["format"](name)


def test_needs_follow_what_the_environment_uses():
    plain, whole = (
        {(need.role, need.action) for need in needs.of(Parts(environment(fragment)))} for fragment in (None, EVERYTHING)
    )
    assert plain < whole
    assert {role for role, _ in plain} == {"user"}
    assert ("user", "batch:TagResource") in whole - plain
    assert ("step_functions_role", "states:StartExecution") in whole - plain
    assert not [
        need
        for need in needs.of(Parts(environment({"resources": {"job_queue": None}, "metaflow": {"batch": None}})))
        if "batch:" in need.action
    ]


def test_every_need_is_one_of_its_own_pattern_and_says_why():
    for need in needs.of(PARTS):
        assert re.fullmatch(re.escape(need.within).replace(r"\*", ".*").replace(r"\?", "."), need.resource)
        assert need.why
        assert need.source


@pytest.mark.parametrize(
    ("image", "registry", "repository"),
    [
        (None, None, None),
        ("python:3.11", "docker.io", None),
        ("team/x:1", "123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1:123456789012:repository/team/x"),
        (None, "210987654321.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1:210987654321:repository/python"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/x@sha256:ab", None, "us-east-1:123456789012:repository/x"),
    ],
)
def test_the_image_of_jobs_is_pulled_from_where_it_is(image, registry, repository):
    fragment = {"metaflow": {"batch": {"image": image, "registry": registry}}}
    parts = Parts(environment(merged(EVERYTHING, fragment)))
    found = {need.resource for need in needs.of(parts) if need.action == "ecr:BatchGetImage"}
    assert found == ({f"arn:aws:ecr:{repository}"} if repository else set())


A = "arn:aws:{}:us-east-1:123456789012:"
RECORDED = [
    ("user", "s3", "HeadObject", {"Bucket": "data", "Key": "metaflow/F/1/a"}, True),
    ("user", "s3", "HeadObject", {"Bucket": "data", "Key": "other/F/1/a"}, False),
    ("user", "s3", "UploadPart", {"Bucket": "data", "Key": "metaflow/x"}, True),
    ("user", "s3", "ListObjectsV2", {"Bucket": "data", "Prefix": "metaflow/"}, True),
    ("user", "s3", "DeleteObject", {"Bucket": "data", "Key": "metaflow/x"}, False),
    ("user", "batch", "DescribeJobs", {"jobs": ["1"]}, True),
    ("user", "batch", "SubmitJob", {"jobQueue": "jobs", "jobDefinition": "metaflow_a:1", "tags": {"a": "b"}}, True),
    ("user", "batch", "SubmitJob", {"jobQueue": "jobs", "jobDefinition": "mine:1"}, False),
    ("user", "batch", "SubmitJob", {"jobQueue": "theirs", "jobDefinition": "metaflow_a:1"}, False),
    (
        "user",
        "batch",
        "RegisterJobDefinition",
        {
            "jobDefinitionName": "metaflow_a",
            "containerProperties": {"jobRoleArn": "arn:aws:iam::123456789012:role/ml/Job"},
        },
        True,
    ),
    (
        "user",
        "batch",
        "RegisterJobDefinition",
        {
            "jobDefinitionName": "metaflow_a",
            "nodeProperties": {"nodeRangeProperties": [{"container": {"jobRoleArn": "arn:aws:iam::1:role/Theirs"}}]},
        },
        False,
    ),
    ("user", "batch", "TerminateJob", {"jobId": "abc"}, True),
    (
        "user",
        "stepfunctions",
        "CreateStateMachine",
        {"name": "prod_F", "roleArn": "arn:aws:iam::123456789012:role/Sfn"},
        True,
    ),
    (
        "user",
        "stepfunctions",
        "CreateStateMachine",
        {"name": "production_F", "roleArn": "arn:aws:iam::123456789012:role/Sfn"},
        False,
    ),
    ("user", "stepfunctions", "ListStateMachines", {}, True),
    ("user", "stepfunctions", "StopExecution", {"executionArn": A.format("states") + "execution:prod_F:1"}, True),
    ("user", "events", "DisableRule", {"Name": "prod_F"}, True),
    (
        "user",
        "events",
        "PutTargets",
        {"Rule": "prod_F", "Targets": [{"RoleArn": "arn:aws:iam::123456789012:role/Cron"}]},
        True,
    ),
    (
        "user",
        "events",
        "PutTargets",
        {"Rule": "prod_F", "Targets": [{"RoleArn": "arn:aws:iam::123456789012:role/ml/Job"}]},
        False,
    ),
    ("user", "dynamodb", "PutItem", {"TableName": "splits"}, False),
    ("job_role", "dynamodb", "PutItem", {"TableName": "splits"}, True),
    ("job_role", "dynamodb", "Scan", {"TableName": "splits"}, False),
    ("job_role", "secretsmanager", "GetSecretValue", {"SecretId": "metaflow/db"}, True),
    ("job_role", "secretsmanager", "GetSecretValue", {"SecretId": "payroll"}, False),
    ("job_role", "sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/Secrets"}, True),
]


@pytest.mark.parametrize(("role", "service", "operation", "params", "covered"), RECORDED)
def test_recorded_calls_are_told_apart(role, service, operation, params, covered):
    assert recorded.covers(PARTS, service, operation, params, role=role) is covered


def test_every_declared_operation_can_be_recorded():
    known = {f"{service}:{operation}" for service, operation in recorded._ASKS}
    assert known == declared()


ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
UNKNOWN = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringAlmostEquals": {"aws:x": "y"}}}
    ],
}


def test_what_policies_deny_is_listed_and_what_cannot_be_told_is_among_it():
    every = needs.of(PARTS)
    refused = simulation.denied(every, [ALLOWED])
    assert {item.need.action.partition(":")[0] for item in refused} == {
        need.action.partition(":")[0] for need in every
    } - {"s3"}
    assert all(item.decision is Decision.IMPLICIT_DENY for item in refused)
    (first, *_) = simulation.denied(every, [UNKNOWN])
    assert (first.decision, first.unknown) == (None, "`StringAlmostEquals` is not an operator known here")
    assert simulation.denied([need for need in every if "s3:" in need.action], [ALLOWED], boundary=UNKNOWN)


def test_simulations_ask_for_every_need_once_and_read_their_answers():
    every = needs.of(PARTS)
    asked = list(simulation.simulations(every))
    assert sorted(map(repr, (need for one in asked for need in one.needs))) == sorted(map(repr, every))
    assert len(asked) < len({(need.action, need.resource) for need in every})
    one = next(one for one in asked if one.needs[0].action == "iam:PassRole")
    assert one.params("arn:aws:iam::123456789012:role/It") == {
        "PolicySourceArn": "arn:aws:iam::123456789012:role/It",
        "ActionNames": ["iam:PassRole"],
        "ResourceArns": [one.needs[0].resource],
        "ContextEntries": [
            {
                "ContextKeyName": "iam:PassedToService",
                "ContextKeyValues": ["ecs-tasks.amazonaws.com"],
                "ContextKeyType": "string",
            }
        ],
    }
    result = {"EvalActionName": "iam:passrole", "EvalDecision": "explicitDeny", "MissingContextValues": ["aws:x"]}
    outcome = one.outcomes([result])[0]
    assert (outcome.decision, outcome.missing, outcome.allowed) == (Decision.EXPLICIT_DENY, ("aws:x",), False)
    specific = {
        "EvalResourceName": one.needs[0].resource,
        "EvalResourceDecision": "allowed",
        "MissingContextValues": [],
    }
    assert one.outcomes([{**result, "ResourceSpecificResults": [specific]}])[0].allowed
    assert one.outcomes([])[0].decision is None


def test_the_decision_on_a_resource_is_found_among_those_of_all_types():
    need = next(need for need in needs.of(PARTS) if need.action == "batch:SubmitJob")
    simulated = simulation.Simulation((need,))

    def result(resource, inner, outer="implicitDeny"):
        specific = {"EvalResourceName": resource, "EvalResourceDecision": inner, "MissingContextValues": ["x:y"]}
        return {"EvalActionName": "batch:SubmitJob", "EvalDecision": outer, "ResourceSpecificResults": [specific]}

    def told(*results):
        return simulated.outcomes(results)[0].decision

    ours, other = result(need.resource, "allowed"), result("*", "implicitDeny")
    assert told(ours, other) == told(other, ours) == Decision.ALLOWED
    assert told(ours, result(need.resource, "explicitDeny")) is Decision.EXPLICIT_DENY
    assert told(result(f"{need.resource}2", "allowed", "allowed")) is None
    assert simulated.outcomes([ours])[0].missing == ("x:y",)
    flat = {"EvalActionName": "batch:SubmitJob", "EvalResourceName": need.resource, "EvalDecision": "allowed"}
    assert told(flat) is Decision.ALLOWED
    assert told({**flat, "EvalResourceName": f"{need.resource}2"}) is None


def test_a_key_with_several_values_is_sent_as_a_list():
    need = next(need for need in needs.of(PARTS) if "kms:ResourceAliases" in need.context)
    (entry,) = simulation.Simulation((need,)).params("arn:aws:iam::123456789012:role/It")["ContextEntries"]
    assert (entry["ContextKeyType"], entry["ContextKeyValues"]) == ("stringList", ["alias/tables"])
