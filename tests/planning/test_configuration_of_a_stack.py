"""Metaflow's configuration through the life of one stack: the setup guide's, on the sandbox."""

from __future__ import annotations

import copy
import json

import pytest
from stack import addresses, environment

from mfinfra.planning.configuration import changes
from mfinfra.sandbox import network

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:metaflow/headers-AbCdEf"

# The setup guide's stack: its resources, and each key that it has people set by hand.
GUIDE = {
    "bucket": {"datastore": {"name": "my-metaflow-bucket", "force_destroy": True, "protect": False}},
    "table": {"foreach": {"name": "metaflow-step-functions", "deletion_protection": False, "protect": False}},
    "log_group": {"history": {"name": "/aws/vendedlogs/states/metaflow", "protect": False}},
    "role": {
        "batch-job": {"name": "MetaflowBatchRole", "preset": "batch_job"},
        "step-functions": {"name": "MetaflowStepFunctionsRole", "preset": "step_functions"},
        "events": {"name": "MetaflowEventsRole", "preset": "events"},
        "fargate": {"name": "FargateRole", "preset": "fargate_execution"},
    },
    "compute_environment": {
        "fargate": {
            "name": "metaflow-compute-env",
            "type": "FARGATE",
            "max_vcpus": 4,
            "subnets": [network.PUBLIC_SUBNET],
            "security_groups": [network.DEFAULT_SECURITY_GROUP],
        }
    },
    "job_queue": {"default": {"name": "metaflow-job-queue", "compute_environments": ["compute_environment.fargate"]}},
}

PARTS = {
    "datastore": "bucket.datastore",
    "batch": {
        "queue": "job_queue.default",
        "job_role": "role.batch-job",
        "execution_role": "role.fargate",
        "image": "my-image:latest",
        "registry": "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "tags": {"project": "ml", "team": "data"},
    },
    "step_functions": {
        "role": "role.step-functions",
        "events_role": "role.events",
        "table": "table.foreach",
        "log_group": "log_group.history",
        "prefix": "prod",
        "compress": True,
        "distributed_map": True,
    },
    "service": {
        "url": "https://metadata.example.com",
        "internal_url": "http://metadata.internal",
        "headers": {"secret": SECRET},
    },
    "secrets": {"backend": "aws-secrets-manager", "prefix": "metaflow/"},
    "settings": {
        "METAFLOW_CARD_S3ROOT": "s3://my-metaflow-bucket/cards",
        "METAFLOW_S3_SERVER_SIDE_ENCRYPTION": "AES256",
        "METAFLOW_S3_ENDPOINT_URL": "https://s3.custom-endpoint.com",
    },
}
IAM = "arn:aws:iam::123456789012:role"
CONFIGURED = {
    "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": "us-east-1",
    "METAFLOW_BATCH_CONTAINER_IMAGE": "my-image:latest",
    "METAFLOW_BATCH_CONTAINER_REGISTRY": "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "METAFLOW_BATCH_DEFAULT_TAGS": json.dumps({"project": "ml", "team": "data"}),
    "METAFLOW_BATCH_EMIT_TAGS": "true",
    "METAFLOW_BATCH_JOB_QUEUE": "metaflow-job-queue",
    "METAFLOW_CARD_S3ROOT": "s3://my-metaflow-bucket/cards",
    "METAFLOW_DATASTORE_SYSROOT_S3": "s3://my-metaflow-bucket/metaflow",
    "METAFLOW_DATATOOLS_S3ROOT": "s3://my-metaflow-bucket/metaflow/data",
    "METAFLOW_DEFAULT_DATASTORE": "s3",
    "METAFLOW_DEFAULT_METADATA": "service",
    "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": "aws-secrets-manager",
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": f"{IAM}/FargateRole",
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": f"{IAM}/MetaflowBatchRole",
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": f"{IAM}/MetaflowEventsRole",
    "METAFLOW_S3_ENDPOINT_URL": "https://s3.custom-endpoint.com",
    "METAFLOW_S3_SERVER_SIDE_ENCRYPTION": "AES256",
    "METAFLOW_SERVICE_HEADERS": SECRET,
    "METAFLOW_SERVICE_INTERNAL_URL": "http://metadata.internal",
    "METAFLOW_SERVICE_URL": "https://metadata.example.com",
    "METAFLOW_SFN_COMPRESS_STATE_MACHINE": "true",
    "METAFLOW_SFN_DYNAMO_DB_TABLE": "metaflow-step-functions",
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": (
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/metaflow:*"
    ),
    "METAFLOW_SFN_IAM_ROLE": f"{IAM}/MetaflowStepFunctionsRole",
    "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH": "s3://my-metaflow-bucket/metaflow/sfn_distributed_map_output",
    "METAFLOW_SFN_STATE_MACHINE_PREFIX": "prod",
}


def edited(resources=GUIDE, **metaflow):
    """The guide's file after an edit of its block; `None` takes a part out."""
    block = {key: value for key, value in {**PARTS, **metaflow}.items() if value is not None}
    return environment(resources, metaflow=block)


def rows(stack, file, **options):
    return changes(stack.plan(file, **options).plan)


@pytest.mark.slow
def test_the_stack_of_the_guide_from_nothing_to_nothing(stack):
    file = edited()
    assert rows(stack, file) == {key: {"before": None, "after": value} for key, value in CONFIGURED.items()}
    stack.apply(file)
    assert rows(stack, file) == {}

    renamed = copy.deepcopy(GUIDE)
    renamed["job_queue"]["default"]["name"] = "gpu"
    assert rows(stack, edited(renamed)) == {
        "METAFLOW_BATCH_JOB_QUEUE": {"before": "metaflow-job-queue", "after": "gpu"}
    }
    stack.apply(edited(renamed))
    assert rows(stack, edited(renamed)) == {}

    gone = rows(stack, edited(renamed), destroy=True)
    assert gone.keys() == CONFIGURED.keys()
    assert all(row["after"] is None for row in gone.values())
    assert gone["METAFLOW_BATCH_JOB_QUEUE"]["before"] == "gpu"
    stack.apply(edited(renamed), destroy=True, allow_destroy=addresses(renamed), max_deletes=len(addresses(renamed)))
    assert rows(stack, edited(renamed), destroy=True) == {}


@pytest.mark.slow
def test_step_functions_that_leave_the_file_take_their_keys_along(stack):
    stack.apply(edited())
    kept = copy.deepcopy(GUIDE)
    del kept["table"], kept["log_group"], kept["role"]["step-functions"], kept["role"]["events"]
    found = rows(stack, edited(kept, step_functions=None))
    assert found == {
        key: {"before": CONFIGURED[key], "after": None}
        for key in (
            "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE",
            "METAFLOW_SFN_DYNAMO_DB_TABLE",
            "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN",
            "METAFLOW_SFN_IAM_ROLE",
        )
    }


@pytest.mark.slow
def test_two_plans_of_one_world_have_the_same_rows_whoever_makes_them(stack, tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / ".metaflowconfig").mkdir(parents=True)
    first = rows(stack, edited())
    (home / ".metaflowconfig" / "config.json").write_text('{"METAFLOW_BATCH_JOB_QUEUE": "mine"}', "utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("METAFLOW_BATCH_JOB_QUEUE", "mine")
    assert list(rows(stack, edited()).items()) == list(first.items())
