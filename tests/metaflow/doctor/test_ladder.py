"""The error ladder against the texts of the installed packages: a reworded message turns a test red."""

from __future__ import annotations

import ast
import re
from importlib import metadata
from pathlib import Path

import botocore.exceptions
import botocore.session
import pytest
from botocore.validate import ParamValidator

from mfinfra.metaflow.doctor import ladder
from mfinfra.metaflow.doctor.ladder import LADDER, explain

METAFLOW = Path(str(metadata.distribution("metaflow").locate_file("metaflow")))
OF_METAFLOW = [rung for rung in LADDER if rung.source]
ROLE = "arn:aws:sts::123456789012:assumed-role/MetaflowBatchRole/job"


def constants(source: str) -> list[str]:
    """Every text in a file of Metaflow's, filled as its code would fill it."""
    tree = ast.parse((METAFLOW / source).read_text("utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    filled = [text.replace("(code %s)", "(code 401)").replace("{}", "--datastore") for text in texts]
    return [re.sub(r"%[sd]", "METAFLOW_X", text) for text in filled]


@pytest.mark.parametrize("rung", OF_METAFLOW, ids=lambda rung: rung.code)
def test_the_installed_metaflow_still_says_what_the_rung_explains(rung: ladder.Rung) -> None:
    said = [text for text in constants(rung.source) if rung.pattern.search(text)]
    assert said, f"{rung.source} says nothing that {rung.code} knows"
    assert rung.code in {found.code for text in said if (found := explain(text))}


def test_step_functions_without_a_role_still_fail_where_the_ladder_looks_for_it() -> None:
    source = (METAFLOW / "plugins/aws/step_functions/step_functions.py").read_text("utf-8")
    assert 'return SFN_IAM_ROLE.split(":")[1]' in source


def described(service: str, operation: str, params: dict[str, object]) -> str:
    model = botocore.session.get_session().get_service_model(service)
    report = ParamValidator().validate(params, model.operation_model(operation).input_shape).generate_report()
    return str(botocore.exceptions.ParamValidationError(report=report))


def refused(code: str, operation: str, message: str) -> str:
    return str(botocore.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, operation))


def traceback(last: str) -> str:
    return f"""\
  File "step_functions.py", line 1112, in _partition
    return SFN_IAM_ROLE.split(":")[1]
           ^^^^^^^^^^^^^^^^^^
{last}
"""


def denied(action: str, resource: str, why: str = "") -> str:
    return refused(
        "AccessDeniedException",
        "Any",
        f"User: {ROLE} is not authorized to perform: {action} on resource: {resource}{why}",
    )


NO_POLICY = " because no identity-based policy allows the action"
RUNGS = {
    "a queue that is None": (
        described("batch", "DescribeJobQueues", {"jobQueues": [None]}),
        "MF5311",
        "METAFLOW_BATCH_JOB_QUEUE",
    ),
    "a job role that is None": (
        described(
            "batch",
            "RegisterJobDefinition",
            {"jobDefinitionName": "x", "type": "container", "containerProperties": {"jobRoleArn": None}},
        ),
        "MF5312",
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE",
    ),
    "a job role that is None, in a run": (
        "AWS Batch job error:\n    Unable to launch AWS Batch job. No IAM role specified.",
        "MF5312",
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE",
    ),
    "a role of Step Functions that is None": (
        traceback("AttributeError: 'NoneType' object has no attribute 'split'"),
        "MF5313",
        "METAFLOW_SFN_IAM_ROLE",
    ),
    "a role of Step Functions that is a name": (
        traceback("IndexError: list index out of range"),
        "MF5314",
        "METAFLOW_SFN_IAM_ROLE",
    ),
    "@batch without S3": ("The *@batch* decorator requires --datastore=s3.", "MF5310", "METAFLOW_DEFAULT_DATASTORE"),
    "the datastore's flag after the command": (
        "Usage: f.py run\nError: no such option: --datastore",
        "MF5326",
        "METAFLOW_DEFAULT_DATASTORE",
    ),
    "a profile without a file": (
        "Unable to locate METAFLOW_PROFILE 'prod' in '~/.metaflowconfig')",
        "MF5320",
        "METAFLOW_PROFILE",
    ),
    "a service that answers nothing": ("Metadata request (/ping) failed", "MF5323", "METAFLOW_SERVICE_URL"),
    "a service that lets nobody in": (
        "Metadata request (/ping) failed (code 403): Forbidden",
        "MF5322",
        "METAFLOW_SERVICE_HEADERS",
    ),
    "no region": (str(botocore.exceptions.NoRegionError()), "MF5330", "AWS_DEFAULT_REGION"),
    "no credentials": (str(botocore.exceptions.NoCredentialsError()), "MF5331", "AWS_PROFILE"),
    "expired credentials": (
        refused("ExpiredToken", "PutObject", "The provided token has expired."),
        "MF5332",
        "AWS_PROFILE",
    ),
    "an endpoint out of reach": (
        str(botocore.exceptions.EndpointConnectionError(endpoint_url="https://s3.example/")),
        "MF5339",
        "https://s3.example/",
    ),
    "an endpoint that is silent": (
        str(botocore.exceptions.ConnectTimeoutError(endpoint_url="https://s3.example/")),
        "MF5339",
        "https://s3.example/",
    ),
    "a bucket that is not there": (
        refused("NoSuchBucket", "PutObject", "The specified bucket does not exist"),
        "MF5333",
        "METAFLOW_DATASTORE_SYSROOT_S3",
    ),
    "a table that is not there": (
        refused("ResourceNotFoundException", "UpdateItem", "Requested resource not found"),
        "MF5334",
        "METAFLOW_SFN_DYNAMO_DB_TABLE",
    ),
    "a log group that the role may not use": (
        refused(
            "AccessDeniedException",
            "CreateStateMachine",
            "The state machine IAM Role is not authorized to access the Log Destination",
        ),
        "MF5335",
        "METAFLOW_SFN_IAM_ROLE",
    ),
    "a log group without its ending": (
        refused("InvalidLoggingConfiguration", "CreateStateMachine", "Invalid Logging Configuration"),
        "MF5336",
        "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN",
    ),
    "a role that Step Functions cannot assume": (
        refused(
            "AccessDeniedException",
            "CreateStateMachine",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized",
        ),
        "MF5337",
        "METAFLOW_SFN_IAM_ROLE",
    ),
    "a queue that is off": (
        refused(
            "ClientException",
            "SubmitJob",
            "Error executing request, Exception : Cannot submit job, job queue jobs is not ENABLED, RequestId: 1",
        ),
        "MF5329",
        "METAFLOW_BATCH_JOB_QUEUE",
    ),
    "a command that is too long": (
        refused("Batch.BatchException", "SubmitJob", "Container Overrides length must be at most 8192"),
        "MF5338",
        "METAFLOW_SFN_COMPRESS_STATE_MACHINE",
    ),
    "a role that may not be passed": (
        denied("iam:PassRole", "arn:aws:iam::123456789012:role/R", NO_POLICY),
        "MF5301",
        "iam:PassRole",
    ),
    "a job that may not be tagged": (
        denied("batch:TagResource", "arn:aws:batch:us-east-1:123456789012:job/*", NO_POLICY),
        "MF5302",
        "batch:TagResource",
    ),
    "an explicit deny": (
        denied("s3:PutObject", "arn:aws:s3:::b/k", " with an explicit deny in a service control policy"),
        "MF5303",
        "s3:PutObject",
    ),
    "an action that nothing allows": (denied("dynamodb:GetItem", "arn:aws:dynamodb:x"), "MF5304", "dynamodb:GetItem"),
    "an object that S3 denies": (
        refused("AccessDenied", "GetObject", "Access Denied"),
        "MF5305",
        "METAFLOW_DATASTORE_SYSROOT_S3",
    ),
    "a registry that limits": (
        "CannotPullContainerError: inspect image has been retried 1 time(s): toomanyrequests: You have reached",
        "MF5340",
        "METAFLOW_BATCH_CONTAINER_REGISTRY",
    ),
    "a registry with a scheme": (
        "CannotPullContainerError: Error response from daemon: invalid reference format",
        "MF5341",
        "METAFLOW_BATCH_CONTAINER_REGISTRY",
    ),
    "another processor": ("exec /bin/bash: exec format error", "MF5342", "METAFLOW_BATCH_CONTAINER_IMAGE"),
    "an image for another platform": (
        "CannotPullContainerError: no matching manifest for linux/arm64/v8 in the manifest list entries",
        "MF5342",
        "METAFLOW_BATCH_CONTAINER_IMAGE",
    ),
    "a tag that is not there": (
        "CannotPullContainerError: Error response from daemon: manifest for x:1 not found: manifest unknown",
        "MF5343",
        "METAFLOW_BATCH_CONTAINER_IMAGE",
    ),
    "a registry that denies": (
        "CannotPullContainerError: Error response from daemon: Head https://x: no basic auth credentials",
        "MF5344",
        "METAFLOW_BATCH_CONTAINER_IMAGE",
    ),
    "a registry out of reach": (
        'CannotPullContainerError: Get "https://registry-1.docker.io/v2/": net/http: request canceled',
        "MF5345",
        "network",
    ),
    "Fargate without a network": (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed",
        "MF5346",
        "network",
    ),
    "any other pull": ("CannotPullImageManifestError: unknown", "MF5347", "METAFLOW_BATCH_CONTAINER_IMAGE"),
    "too little memory": ("OutOfMemoryError: Container killed due to memory usage", "MF5348", "memory"),
    "an instance that went": ("Host EC2 (instance i-0abc) terminated.", "MF5349", "i-0abc"),
    "a role that tasks cannot assume": (
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/R' that was provided for this task.",
        "MF5350",
        "arn:aws:iam::123456789012:role/R",
    ),
    "a log that cannot be opened": (
        "CannotStartContainerError: failed to initialize logging driver: failed to create Cloudwatch log stream",
        "MF5351",
        "logs",
    ),
    "no capacity": (
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [x]",
        "MF5352",
        "instance_types",
    ),
    "too few vCPUs": ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s)", "MF5353", "max_vcpus"),
    "too small instances": ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job", "MF5354", "instance_types"),
    "types that a zone lacks": (
        "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - x",
        "MF5355",
        "instance_types",
    ),
    "a service role that may not": ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - x", "MF5356", "service_role"),
    "instances that do not join": ("ACTION_REQUIRED - CE(s) associated", "MF5357", "compute_environment"),
    "a reason that Batch does not know": ("UNDETERMINED - Batch job is blocked", "MF5358", "job"),
}


@pytest.mark.parametrize("name", RUNGS)
def test_a_text_is_explained_with_the_key_that_it_is_about(name: str) -> None:
    text, code, subject = RUNGS[name]
    found = explain(f"Metaflow 2.19.39 executing Flow for user:me\n{text}\n")
    assert found is not None
    assert (found.code, found.subject) == (code, subject)
    assert found.fix
    assert found.evidence
    assert not re.search(r"(?<!\$)\{\w+\}", found.message + (found.fix or "")), "every name is filled in"


def test_every_rung_has_a_text_that_only_it_explains() -> None:
    told = {code for _, code, _ in RUNGS.values()} | {rung.code for rung in OF_METAFLOW}
    assert {rung.code for rung in LADDER} == told


def test_what_is_not_known_is_not_explained() -> None:
    assert explain("Traceback (most recent call last):\nZeroDivisionError: division by zero") is None
    assert explain("") is None


def test_a_log_with_several_causes_tells_each_once_and_the_most_telling_first() -> None:
    text = "UNDETERMINED - blocked\nUNDETERMINED - blocked\nCannotPullContainerError: toomanyrequests: limit"
    assert [found.code for found in ladder.explanations(text)] == ["MF5358", "MF5340", "MF5347"]


def test_a_long_line_is_cut_to_what_a_person_reads() -> None:
    found = explain("x" * 500 + " toomanyrequests " + "y" * 500)
    assert found is not None
    assert len(found.evidence[0]) < 300


@pytest.mark.parametrize("text", ["CannotPull", "SFN_IAM_ROLE.split", "arn:aws:sts::1:x ", "arn:aws:iam::1:"])
def test_what_repeats_itself_is_looked_through_in_steps_that_grow_with_its_length(text: str) -> None:
    """Each of these began a pattern that went back over all the rest of the text: minutes, for half a megabyte."""
    assert explain(text * (200_000 // len(text))) is None or text == "CannotPull"
