"""What the `metaflow` block means for Metaflow's configuration."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fragments import EVERYTHING, environment, merged

from mfinfra.confidential import ARGUMENTS, SECRET
from mfinfra.document import lint_metaflow
from mfinfra.errors import InvalidDocument
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.settings import derived, settings, values, withheld
from mfinfra.model import Address, Ref, Template

SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:metaflow/headers-AbCdEf"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:"
WHOLE = merged(
    EVERYTHING,
    {
        "metaflow": {
            "profile": "production",
            "batch": {
                "image": "my-image:1.0", "registry": "registry.example.com", "tags": {"team": "data", "cost": "é"},
            },
            "step_functions": {"compress": True},
            "service": {
                "url": "https://m.example.com", "internal_url": "http://m.internal", "headers": {"secret": SECRET_ARN},
            },
            "settings": {"METAFLOW_S3_RETRY_COUNT": 3},
        }
    },
)  # fmt: skip
EXPECTED = {
    "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": "us-east-1",
    "METAFLOW_BATCH_CONTAINER_IMAGE": "my-image:1.0",
    "METAFLOW_BATCH_CONTAINER_REGISTRY": "registry.example.com",
    "METAFLOW_BATCH_DEFAULT_TAGS": '{"cost": "é", "team": "data"}',
    "METAFLOW_BATCH_EMIT_TAGS": "true",
    "METAFLOW_BATCH_JOB_QUEUE": "jobs",
    "METAFLOW_CARD_S3ROOT": "s3://data/metaflow/mf.cards",
    "METAFLOW_DATASTORE_SYSROOT_S3": "s3://data/metaflow",
    "METAFLOW_DATATOOLS_S3ROOT": "s3://data/metaflow/data",
    "METAFLOW_DEFAULT_DATASTORE": "s3",
    "METAFLOW_DEFAULT_METADATA": "service",
    "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": "aws-secrets-manager",
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": "arn:aws:iam::123456789012:role/Run",
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": "arn:aws:iam::123456789012:role/ml/Job",
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": "arn:aws:iam::123456789012:role/Cron",
    "METAFLOW_S3_RETRY_COUNT": "3",
    "METAFLOW_SERVICE_INTERNAL_URL": "http://m.internal",
    "METAFLOW_SERVICE_URL": "https://m.example.com",
    "METAFLOW_SFN_COMPRESS_STATE_MACHINE": "true",
    "METAFLOW_SFN_DYNAMO_DB_TABLE": "splits",
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": f"{LOGS}/aws/vendedlogs/states/metaflow:*",
    "METAFLOW_SFN_IAM_ROLE": "arn:aws:iam::123456789012:role/Sfn",
    "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH": "s3://data/metaflow/sfn_distributed_map_output",
    "METAFLOW_SFN_STATE_MACHINE_PREFIX": "prod",
}


def of(fragment=None, **options):
    return settings(environment(fragment, **options))


def block(**more):
    """The base without resources' parts but those of `more`."""
    nothing = {"datastore": None, "batch": None, "step_functions": None}
    return {"metaflow": {**nothing, **more}}


def test_everything_that_a_block_says_becomes_a_key():
    extra = {"METAFLOW_DEFAULT_SECRETS_ROLE": "arn:aws:iam::123456789012:role/Secrets"}
    assert of(WHOLE) == {**EXPECTED, **extra}
    assert list(of(WHOLE)) == sorted(of(WHOLE))


def test_a_small_block_sets_little():
    assert of() == {
        "METAFLOW_BATCH_JOB_QUEUE": "jobs",
        "METAFLOW_CARD_S3ROOT": "s3://data/metaflow/mf.cards",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://data/metaflow",
        "METAFLOW_DATATOOLS_S3ROOT": "s3://data/metaflow/data",
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_SFN_STATE_MACHINE_PREFIX": "prod",
    }
    assert of(block()) == {}


def test_every_key_is_one_that_metaflow_knows():
    known = lint_metaflow.settings()
    found = {*derived(environment(WHOLE)), *withheld(environment(WHOLE))}
    assert found <= set(known["known"])
    assert found >= known["derived"].keys()
    assert set(known["known"]) >= SECRET | ARGUMENTS


def test_json_keeps_types_and_the_environment_has_text():
    found = values(environment(WHOLE))
    assert found["METAFLOW_BATCH_DEFAULT_TAGS"] == {"team": "data", "cost": "é"}
    assert (found["METAFLOW_BATCH_EMIT_TAGS"], found["METAFLOW_S3_RETRY_COUNT"]) == (True, 3)
    assert json.loads(of(WHOLE)["METAFLOW_BATCH_DEFAULT_TAGS"]) == found["METAFLOW_BATCH_DEFAULT_TAGS"]


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_arns_have_the_partition_of_the_region(region, partition):
    fragment = merged(WHOLE, {"metaflow": {"settings": {"METAFLOW_DEFAULT_SECRETS_ROLE": None}}})
    found = [value for value in of(fragment, region=region).values() if value.startswith("arn:")]
    assert len(found) == 5
    assert all(value.startswith(f"arn:{partition}:") for value in found)


@pytest.mark.parametrize("form", ["{}", f"{LOGS}{{}}", f"{LOGS}{{}}:*"])
def test_the_log_group_ends_in_a_star_however_it_is_written(form):
    fragment = block(step_functions={"log_group": form.format("/aws/vendedlogs/x"), "prefix": None})
    assert of(fragment) == {"METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": f"{LOGS}/aws/vendedlogs/x:*"}


LITERALS = {
    "a role's name": ("job_role", "Theirs", "METAFLOW_ECS_S3_ACCESS_IAM_ROLE", "arn:aws:iam::123456789012:role/Theirs"),
    "a role's ARN": (
        "job_role", "arn:aws:iam::210987654321:role/a/B",
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE", "arn:aws:iam::210987654321:role/a/B",
    ),
    "a queue's name": ("queue", "theirs", "METAFLOW_BATCH_JOB_QUEUE", "theirs"),
    "a queue's ARN": (
        "queue", "arn:aws:batch:us-west-2:210987654321:job-queue/theirs",
        "METAFLOW_BATCH_JOB_QUEUE", "arn:aws:batch:us-west-2:210987654321:job-queue/theirs",
    ),
    "the ARN of a managed queue": (
        "queue", "arn:aws:batch:us-east-1:123456789012:job-queue/jobs", "METAFLOW_BATCH_JOB_QUEUE", "jobs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("field", "written", "key", "value"), LITERALS.values(), ids=LITERALS)
def test_what_is_not_managed_here(field, written, key, value):
    assert of(block(batch={field: written, **({} if field == "queue" else {"queue": None})})) == {key: value}


def test_a_table_goes_by_its_name():
    arn = "arn:aws:dynamodb:us-west-2:210987654321:table/theirs"
    assert of(block(step_functions={"table": arn, "prefix": None})) == {"METAFLOW_SFN_DYNAMO_DB_TABLE": "theirs"}


def test_the_prefix_of_the_datastore_and_places_elsewhere():
    fragment = block(
        datastore={"bucket": "bucket.datastore", "prefix": ""},
        settings={"METAFLOW_CARD_S3ROOT": "s3://cards/c", "METAFLOW_DATATOOLS_SUFFIX": "tools"},
    )
    assert of(fragment) == {
        "METAFLOW_CARD_S3ROOT": "s3://cards/c",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://data",
        "METAFLOW_DATATOOLS_S3ROOT": "s3://data/tools",
        "METAFLOW_DATATOOLS_SUFFIX": "tools",
        "METAFLOW_DEFAULT_DATASTORE": "s3",
    }


def test_map_results_go_where_the_roles_may_write():
    fragment = {"metaflow": {"step_functions": {"distributed_map": True}}}
    key = "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH"
    assert of(fragment)[key] == Parts(environment(fragment)).distributed_map_root.url
    assert key not in of()


@pytest.mark.parametrize(
    "fragment",
    [
        block(batch={"tags": {}, "queue": None}),
        block(step_functions={"compress": False, "distributed_map": False, "prefix": ""}),
        block(settings={"METAFLOW_UI_URL": ""}),
    ],
    ids=["tags", "switches", "settings"],
)
def test_what_is_empty_or_off_is_left_out(fragment):
    assert of(fragment) == {}


def test_zero_and_false_of_the_settings_are_values():
    fragment = block(settings={"METAFLOW_S3_RETRY_COUNT": 0, "METAFLOW_S3_VERIFY_CERTIFICATE": False})
    assert of(fragment) == {"METAFLOW_S3_RETRY_COUNT": "0", "METAFLOW_S3_VERIFY_CERTIFICATE": "false"}
    assert values(environment(fragment))["METAFLOW_S3_VERIFY_CERTIFICATE"] is False


def test_the_region_of_secrets_is_the_environments_unless_another_is_written():
    key = "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION"
    assert of(block(secrets={"prefix": "x/"}), region="eu-west-1") == {key: "eu-west-1"}
    assert of(block(secrets={"region": "eu-west-3"})) == {key: "eu-west-3"}


def test_promise_13_secrets_are_never_among_the_values():
    hidden = {key: {"x": "hunter2"} for key in SECRET} | {key: {"aws_session_token": "hunter2"} for key in ARGUMENTS}
    fragment = block(service={"url": "https://m"}, settings=hidden)
    found = environment(fragment)
    assert of(fragment) == {"METAFLOW_DEFAULT_METADATA": "service", "METAFLOW_SERVICE_URL": "https://m"}
    assert "hunter2" not in f"{derived(found)} {values(found)} {withheld(found)}"
    assert withheld(found) == dict.fromkeys(SECRET | ARGUMENTS, "(not shown)")


def test_arguments_without_a_credential_are_no_secret():
    key = "METAFLOW_DATATOOLS_CLIENT_PARAMS"
    found = environment(block(settings={key: {"use_ssl": False}}))
    assert values(found) == {key: {"use_ssl": False}}
    assert withheld(found) == {}


@pytest.mark.parametrize("key", sorted(SECRET | ARGUMENTS))
def test_a_setting_may_say_where_its_secret_is(key):
    found = environment(block(settings={key: {"secret": SECRET_ARN}}))
    assert (values(found), withheld(found)) == ({}, {key: SECRET_ARN})


def test_promise_13_headers_are_where_their_secret_is():
    assert withheld(environment(WHOLE)) == {"METAFLOW_SERVICE_HEADERS": SECRET_ARN}
    ours = {"metaflow": {"service": {"url": "https://m", "headers": {"secret": "secret.db"}}}}
    found = withheld(environment(merged(EVERYTHING, ours)))
    assert found == {"METAFLOW_SERVICE_HEADERS": Ref(Address("secret", "db"), "arn")}


def test_what_a_managed_resource_decides_refers_to_it():
    log_group = Ref(Address("log_group", "history"), "arn")
    bucket = Ref(Address("bucket", "datastore"), "name")
    found = derived(environment(WHOLE))
    assert found["METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"] == Template((log_group, ":*"))
    assert found["METAFLOW_DATASTORE_SYSROOT_S3"] == Template(("s3://", bucket, "/metaflow"))
    assert found["METAFLOW_BATCH_JOB_QUEUE"] == Ref(Address("job_queue", "default"), "name")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("s3://data", Template(("s3://", Ref(Address("bucket", "datastore"), "name")))),
        ("s3://data/cards", Template(("s3://", Ref(Address("bucket", "datastore"), "name"), "/cards"))),
        ("s3://database/cards", "s3://database/cards"),
        ("arn:aws:iam::123456789012:role/Sfn", Ref(Address("role", "sfn"), "arn")),
        (
            f"{LOGS}/aws/vendedlogs/states/metaflow:*",
            Template((Ref(Address("log_group", "history"), "arn"), ":*")),
        ),
        ("arn:aws:iam::123456789012:role/Sfn2", "arn:aws:iam::123456789012:role/Sfn2"),
        ("jobs", "jobs"),
    ],
)
def test_a_setting_that_mentions_a_managed_resource_refers_to_it(written, expected):
    found = environment(merged(EVERYTHING, {"metaflow": {"settings": {"METAFLOW_UI_URL": written}}}))
    assert derived(found)["METAFLOW_UI_URL"] == expected
    assert settings(found)["METAFLOW_UI_URL"] == written


def test_what_aws_has_yet_to_tell_is_left_out_until_it_is_known():
    group = Ref(Address("security_group", "g"), "id")
    fragment = block(batch={"image": Template(("a-", group)), "tags": {"g": group}, "queue": None})
    assert of(fragment) == {"METAFLOW_BATCH_EMIT_TAGS": "true"}
    assert settings(environment(fragment), {group: "sg-1"}.get) == {
        "METAFLOW_BATCH_CONTAINER_IMAGE": "a-sg-1",
        "METAFLOW_BATCH_DEFAULT_TAGS": '{"g": "sg-1"}',
        "METAFLOW_BATCH_EMIT_TAGS": "true",
    }


def test_a_name_that_aws_completes_is_known_from_aws_only():
    found = environment(EVERYTHING)
    role = found.resources[Address("role", "sfn")]
    unnamed = replace(role, spec={**role.spec, "name": Template(("x-", Ref(Address("security_group", "g"), "id")))})
    found = replace(found, resources={**found.resources, role.address: unnamed})
    assert "METAFLOW_SFN_IAM_ROLE" not in settings(found)
    assert settings(found, {Ref(role.address, "arn"): "arn:x"}.get)["METAFLOW_SFN_IAM_ROLE"] == "arn:x"


def test_an_address_that_is_not_there_is_an_error():
    with pytest.raises(InvalidDocument):
        of({"metaflow": {"batch": {"queue": "job_queue.gone"}}})
