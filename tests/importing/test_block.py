"""The `metaflow` block is the inverse of Metaflow's configuration: what it says is what was said."""

from __future__ import annotations

import json

import pytest

from mfinfra.importing import block, check, metaflow
from mfinfra.importing.book import Book
from mfinfra.metaflow import configuration
from mfinfra.model import Access, Address, Environment, Scope, Source

SCOPE = Scope("prod", "123456789012", "us-east-1")
ROLE = "arn:aws:iam::123456789012:role/deep/job"
LOG = "arn:aws:logs:us-east-1:123456789012:log-group:/flows"
OUTPUTS = {
    Address("bucket", "datastore"): {"name": "data", "arn": "arn:aws:s3:::data", "url": "s3://data"},
    Address("job_queue", "default"): {"name": "q", "arn": "arn:aws:batch:us-east-1:123456789012:job-queue/q"},
    Address("role", "batch-job"): {"name": "job", "arn": ROLE},
    Address("log_group", "flows"): {"name": "/flows", "arn": LOG},
    Address("table", "foreach"): {"name": "t", "arn": "arn:aws:dynamodb:us-east-1:123456789012:table/t"},
}
BOOK = Book(OUTPUTS, {(at.kind, name, value): at for at, known in OUTPUTS.items() for name, value in known.items()})
ROOT = "METAFLOW_DATASTORE_SYSROOT_S3"
CASES = [
    ({}, {}),
    ({ROOT: "s3://data/metaflow", "METAFLOW_DEFAULT_DATASTORE": "s3"}, {"datastore": "bucket.datastore"}),
    ({ROOT: "s3://data/flows/"}, {"datastore": {"bucket": "bucket.datastore", "prefix": "flows"}}),
    ({ROOT: "s3://other/metaflow"}, {"datastore": "other"}),
    # The whole of a bucket is no place that the block can say.
    ({ROOT: "s3://data"}, {"settings": {ROOT: "s3://data"}}),
    (
        {ROOT: "s3://data/metaflow", "METAFLOW_DEFAULT_DATASTORE": "local"},
        {"settings": {ROOT: "s3://data/metaflow", "METAFLOW_DEFAULT_DATASTORE": "local"}},
    ),
    (
        {
            ROOT: "s3://data/metaflow",
            "METAFLOW_CARD_S3ROOT": "s3://data/metaflow/mf.cards",
            "METAFLOW_DATATOOLS_S3ROOT": "s3://data/metaflow/data",
        },
        {"datastore": "bucket.datastore"},
    ),
    (
        {ROOT: "s3://data/metaflow", "METAFLOW_CARD_S3ROOT": "s3://cards/x"},
        {"datastore": "bucket.datastore", "settings": {"METAFLOW_CARD_S3ROOT": "s3://cards/x"}},
    ),
    (
        {ROOT: "s3://data/m", "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH": "s3://data/m/sfn_distributed_map_output"},
        {"datastore": {"bucket": "bucket.datastore", "prefix": "m"}, "step_functions": {"distributed_map": True}},
    ),
    ({"METAFLOW_BATCH_JOB_QUEUE": "q"}, {"batch": {"queue": "job_queue.default"}}),
    (
        {"METAFLOW_BATCH_JOB_QUEUE": "arn:aws:batch:us-east-1:123456789012:job-queue/other"},
        {"batch": {"queue": "arn:aws:batch:us-east-1:123456789012:job-queue/other"}},
    ),
    ({"METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ROLE}, {"batch": {"job_role": "role.batch-job"}}),
    (
        {"METAFLOW_ECS_S3_ACCESS_IAM_ROLE": "arn:aws:iam::999999999999:role/x"},
        {"batch": {"job_role": "arn:aws:iam::999999999999:role/x"}},
    ),
    (
        {"METAFLOW_SFN_DYNAMO_DB_TABLE": "t", "METAFLOW_SFN_STATE_MACHINE_PREFIX": "p"},
        {"step_functions": {"table": "table.foreach", "prefix": "p"}},
    ),
    ({"METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": f"{LOG}:*"}, {"step_functions": {"log_group": "log_group.flows"}}),
    # Step Functions refuses one without `:*`: the block mends it.
    ({"METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": LOG}, {"step_functions": {"log_group": "log_group.flows"}}),
    ({"METAFLOW_SFN_COMPRESS_STATE_MACHINE": "True"}, {"step_functions": {"compress": True}}),
    ({"METAFLOW_BATCH_DEFAULT_TAGS": '{"a": "b"}', "METAFLOW_BATCH_EMIT_TAGS": "1"}, {"batch": {"tags": {"a": "b"}}}),
    # Without the switch no tag is sent, and the block would turn it on.
    ({"METAFLOW_BATCH_DEFAULT_TAGS": '{"a": "b"}'}, {"settings": {"METAFLOW_BATCH_DEFAULT_TAGS": {"a": "b"}}}),
    (
        {
            "METAFLOW_SERVICE_URL": "https://m",
            "METAFLOW_DEFAULT_METADATA": "service",
            "METAFLOW_SERVICE_INTERNAL_URL": "http://i",
        },
        {"service": {"url": "https://m", "internal_url": "http://i"}},
    ),
    ({"METAFLOW_SERVICE_URL": "https://m"}, {"settings": {"METAFLOW_SERVICE_URL": "https://m"}}),
    (
        {
            "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": "aws-secrets-manager",
            "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": "us-east-1",
        },
        {"secrets": {"backend": "aws-secrets-manager"}},
    ),
    (
        {
            "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": "aws-secrets-manager",
            "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": "eu-west-1",
        },
        {"secrets": {"backend": "aws-secrets-manager", "region": "eu-west-1"}},
    ),
    ({"METAFLOW_PROFILE": "p", "METAFLOW_HOME": "/x"}, {"profile": "p"}),
    ({"METAFLOW_NEW_THING": "7"}, {"settings": {"METAFLOW_NEW_THING": "7"}}),
    ({"METAFLOW_S3_RETRY_COUNT": "7"}, {"settings": {"METAFLOW_S3_RETRY_COUNT": 7}}),
]


@pytest.mark.parametrize(("settings", "written"), CASES)
def test_settings_stand_where_the_block_says_the_same(settings, written):
    assert block.of(settings, BOOK, SCOPE).written == written


@pytest.mark.parametrize("settings", [settings for settings, _ in CASES])
def test_the_block_gives_the_settings_back(settings):
    written = dict(block.of(settings, Book({}), SCOPE).written)
    environment = Environment(SCOPE, {}, {}, written, Access(), Source("f", ""))
    produced = configuration.produce(environment).values
    kinds = block.lint_metaflow.settings()["known"]
    for key, value in settings.items():
        if key not in block.LOCAL:
            assert check._same(produced.get(key), value, kinds.get(key, "text")), key


@pytest.mark.parametrize(
    "key", ["METAFLOW_SERVICE_AUTH_KEY", "METAFLOW_SERVICE_HEADERS", "METAFLOW_AWS_SANDBOX_API_KEY"]
)
def test_promise_13_a_secret_is_named_and_never_written(key):
    found = block.of({key: "hush-hush"}, BOOK, SCOPE)
    assert found.withheld == (key,)
    assert "hush" not in json.dumps(found.written)


def test_a_login_in_a_url_is_a_secret_too():
    found = block.of({"METAFLOW_SERVICE_URL": "https://me:hush@m", "METAFLOW_DEFAULT_METADATA": "service"}, BOOK, SCOPE)
    assert found.withheld == ("METAFLOW_SERVICE_URL",)
    assert "hush" not in json.dumps(found.written)


def test_what_is_no_setting_is_told():
    assert block.of({"AWS_REGION": "x"}, BOOK, SCOPE).strange == ("AWS_REGION",)


@pytest.mark.parametrize(
    ("settings", "seeds"),
    [
        ({"METAFLOW_BATCH_JOB_QUEUE": "q"}, [("job_queue", {"name": "q"}, "default")]),
        (
            {"METAFLOW_BATCH_JOB_QUEUE": "arn:aws:batch:us-east-1:123456789012:job-queue/q"},
            [("job_queue", {"name": "q"}, "default")],
        ),
        ({"METAFLOW_SFN_IAM_ROLE": ROLE}, [("role", {"name": "job"}, "step-functions")]),
        ({"METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": f"{LOG}:*"}, [("log_group", {"name": "/flows"}, "step-functions")]),
        ({ROOT: "s3://b/p", "METAFLOW_CARD_S3ROOT": "s3://b/q"}, [("bucket", {"name": "b"}, "datastore")]),
        (
            {ROOT: "s3://b/p", "METAFLOW_CARD_S3ROOT": "s3://c"},
            [("bucket", {"name": "b"}, "datastore"), ("bucket", {"name": "c"}, "cards")],
        ),
        ({ROOT: "not a place"}, []),
        (
            {"METAFLOW_BATCH_CONTAINER_IMAGE": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b:1"},
            [("repository", {"name": "a/b"}, "images")],
        ),
        (
            {
                "METAFLOW_BATCH_CONTAINER_IMAGE": "a/b@sha256:0",
                "METAFLOW_BATCH_CONTAINER_REGISTRY": "123456789012.dkr.ecr.us-east-1.amazonaws.com/",
            },
            [("repository", {"name": "a/b"}, "images")],
        ),
        ({"METAFLOW_BATCH_CONTAINER_IMAGE": "python:3.11"}, []),
    ],
)
def test_settings_name_what_to_look_at(settings, seeds):
    start = metaflow.start(settings, SCOPE)
    assert [(seed.kind, dict(seed.identity), seed.name) for seed in start.seeds] == seeds
    assert start.settings == settings


def test_a_role_of_another_account_is_no_place_to_look_and_is_told():
    far = "arn:aws:iam::999999999999:role/x"
    start = metaflow.start({"METAFLOW_SFN_IAM_ROLE": far, "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ROLE}, SCOPE)
    assert [seed.identity["name"] for seed in start.seeds] == ["job"]
    assert [one.what for one in start.unmodelled] == [f"`{far}`, which METAFLOW_SFN_IAM_ROLE names"]


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:iam::999999999999:role/x", "it is in account 999999999999, and this is account 123456789012"),
        ("arn:aws:iam::000000000000:role/[/oops]\x1b[31m", "it is in account 000000000000"),
    ],
)
def test_settings_that_are_all_of_another_account_are_refused(arn, said):
    with pytest.raises(metaflow.InvalidDocument) as raised:
        metaflow.start({"METAFLOW_SFN_IAM_ROLE": arn}, SCOPE)
    assert said in str(raised.value)
    assert {problem.code for problem in raised.value.problems} == {"MF5653"}


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', "\x00", ""])
def test_a_configuration_that_is_no_object_is_told(text, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(text, "utf-8")
    with pytest.raises(metaflow.UserError, match=r"is no JSON|is JSON, but no object"):
        metaflow.of_file(path)


def test_a_configuration_that_is_not_there_is_told(tmp_path):
    with pytest.raises(metaflow.UserError, match="there is no Metaflow configuration"):
        metaflow.of_profile("prod", {"METAFLOW_HOME": str(tmp_path)})


def test_a_profile_keeps_its_name_and_values_of_every_type_become_text(tmp_path):
    (tmp_path / "config_prod.json").write_text('{"METAFLOW_A": true, "METAFLOW_B": {"c": 1}, "METAFLOW_D": null}')
    found = metaflow.of_profile("prod", {"METAFLOW_HOME": str(tmp_path)})
    assert found == {"METAFLOW_A": "true", "METAFLOW_B": '{"c": 1}', "METAFLOW_PROFILE": "prod"}


def test_variables_of_the_shell_are_settings_too():
    assert metaflow.of_variables({"METAFLOW_A": "1", "PATH": "x", "METAFLOW_HOME": "/h"}) == {"METAFLOW_A": "1"}
    with pytest.raises(metaflow.UserError, match="no METAFLOW_ setting"):
        metaflow.of_variables({"METAFLOW_PROFILE": "p"})
