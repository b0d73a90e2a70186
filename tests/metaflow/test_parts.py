"""Which AWS resource plays which part."""

from __future__ import annotations

import re

import pytest
from fragments import environment, statements

from mfinfra import schemas
from mfinfra.metaflow.arns import arn_of, name_in
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.presets import permissions
from mfinfra.model import Address, Ref, Scope

LITERALS = {
    "resources": None,
    "metaflow": {
        "datastore": {"bucket": "arn:aws:s3:::theirs", "prefix": "/teams/ml/"},
        "batch": {"queue": "arn:aws:batch:us-west-2:210987654321:job-queue/theirs", "job_role": "Theirs"},
        "step_functions": {
            "role": "arn:aws:iam::210987654321:role/deep/path/Sfn",
            "table": "arn:aws:dynamodb:us-west-2:210987654321:table/theirs",
        },
    },
}


def test_literal_names_and_arns():
    found = {item["Sid"]: item for item in statements(LITERALS, preset="user")}
    assert found["ListDatastore"]["Resource"] == "arn:aws:s3:::theirs"
    assert found["DatastoreObjects"]["Resource"] == "arn:aws:s3:::theirs/teams/ml/*"
    assert found["SubmitJobs"]["Resource"][0] == "arn:aws:batch:us-west-2:210987654321:job-queue/theirs"
    assert found["PassTaskRoles"]["Resource"] == "arn:aws:iam::123456789012:role/Theirs"
    assert found["PassStepFunctionsRole"]["Resource"] == "arn:aws:iam::210987654321:role/deep/path/Sfn"
    parts = Parts(environment(LITERALS))
    assert (parts.root.url, parts.table.name, parts.queue.name) == ("s3://theirs/teams/ml", "theirs", "theirs")
    assert parts.step_functions_role.name == "Sfn"


def test_a_literal_that_the_file_manages_is_the_resource():
    parts = Parts(environment({"metaflow": {"datastore": "data", "batch": {"queue": "jobs"}}}))
    assert parts.datastore.resource.address == Address("bucket", "datastore")
    assert len(parts.queues) == 1


def test_a_log_group_is_the_same_with_and_without_its_ending():
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/x"
    for value in ("/aws/vendedlogs/x", arn, f"{arn}:*"):
        part = Parts(environment({"metaflow": {"step_functions": {"log_group": value}}})).log_group
        assert (part.arn, part.name) == (arn, "/aws/vendedlogs/x")


@pytest.mark.parametrize(("prefix", "objects"), [("", "data/*"), ("a/b/", "data/a/b/*"), (None, "data/metaflow/*")])
def test_the_prefix_of_the_datastore(prefix, objects):
    fragment = {
        "metaflow": {"datastore": {"bucket": "bucket.datastore", **({} if prefix is None else {"prefix": prefix})}}
    }
    assert statements(fragment, preset="batch_job")[1]["Resource"] == f"arn:aws:s3:::{objects}"


def test_places_outside_the_datastore_are_granted_and_places_inside_add_nothing():
    places = {
        "METAFLOW_DATATOOLS_S3ROOT": "s3://data/data",
        "METAFLOW_CARD_S3ROOT": "s3://cards",
        "METAFLOW_CONDA_PACKAGE_S3ROOT": "s3://data/metaflow/conda",
        "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH": "s3://data/maps/",
    }
    fragment = {"metaflow": {"settings": places, "step_functions": {"distributed_map": True}}}
    listing, objects = statements(fragment, preset="batch_job")
    assert listing["Resource"] == ["arn:aws:s3:::data", "arn:aws:s3:::cards"]
    assert objects["Resource"] == [
        f"arn:aws:s3:::{place}/*" for place in ("data/metaflow", "data/data", "cards", "data/maps")
    ]
    results = next(item for item in statements(fragment, preset="step_functions") if item["Sid"] == "MapResults")
    assert results["Resource"] == "arn:aws:s3:::data/maps/*"


def test_a_neighbour_with_the_same_beginning_is_not_inside():
    fragment = {"metaflow": {"settings": {"METAFLOW_CARD_S3ROOT": "s3://data/metaflow-cards"}}}
    assert len(statements(fragment, preset="batch_job")[1]["Resource"]) == 2


def test_a_key_that_is_known_after_apply_stays_a_reference():
    key = Ref(Address("key", "data"), "id")
    fragment = {"resources": {"bucket": {"datastore": {"encryption": {"algorithm": "aws:kms", "key": key}}}}}
    assert statements(fragment, preset="batch_job")[2]["Resource"] == Ref(Address("key", "data"), "arn")


@pytest.mark.parametrize("kind", ["bucket", "table", "log_group", "role", "job_queue"])
def test_arns_agree_with_the_schemas(kind):
    scope = Scope("prod", "123456789012", "cn-north-1")
    shape = schemas.traits(kind).attributes["arn"]["value"]
    known = {"partition": "aws-cn", "region": "cn-north-1", "account": "123456789012"}
    known |= {"self.name": "it", "self.path": "/ml/"}
    arn = re.sub(r"\$\{([\w.]+)\}", lambda found: known[found[1]], shape)
    assert arn_of(kind, "it", scope, path="/ml/") == arn
    assert name_in(kind, arn) == "it"


@pytest.mark.parametrize(
    ("key", "resource", "alias"),
    [
        ("1111", "arn:aws:kms:us-east-1:123456789012:key/1111", None),
        ("arn:aws:kms:us-east-1:210987654321:key/mrk-2", "arn:aws:kms:us-east-1:210987654321:key/mrk-2", None),
        ("alias/mine", "arn:aws:kms:us-east-1:123456789012:key/*", "alias/mine"),
        ("arn:aws:kms:us-east-1:210987654321:alias/a/b", "arn:aws:kms:us-east-1:210987654321:key/*", "alias/a/b"),
    ],
)
def test_spellings_of_a_key(key, resource, alias):
    fragment = {"resources": {"bucket": {"datastore": {"encryption": {"algorithm": "aws:kms", "key": key}}}}}
    statement = statements(fragment, preset="batch_job")[2]
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}} if alias else None
    assert (statement["Resource"], statement.get("Condition")) == (resource, condition)


def test_without_a_datastore_there_is_nothing_to_allow():
    assert permissions("batch_job", Parts(environment({"metaflow": {"datastore": None}}))) == {}
