"""Presets against golden documents; every document that any combination of features yields is one AWS takes."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from mfinfra import policy, policy_lint
from mfinfra.errors import InvalidDocument
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.presets import INLINE_SIZE, PRESETS, expand, policy_name
from mfinfra.model import Access, Address, Environment, Mark, Ref, Resource, Scope, Source

SHEET = yaml.safe_load((Path(__file__).parent / "presets.yaml").read_text("utf-8"))
EVERYTHING = next(case["with"] for case in SHEET["cases"] if "everything" in case["name"])
# What the role's schema gives to a field that is not written
UNWRITTEN = {"path": "/", "trust": {}, "policies": {}, "managed_policies": [], "instance_profile": False}

# Actions whose name is not that of the operation, and the operation that they allow
RENAMED = {
    "s3:ListBucket": "ListObjectsV2",
    "s3:ListMultipartUploadParts": "ListParts",
    # no operations of their own: they guard other ones
    "iam:PassRole": None,
    "logs:CreateLogDelivery": None,
    "logs:GetLogDelivery": None,
    "logs:UpdateLogDelivery": None,
    "logs:DeleteLogDelivery": None,
    "logs:ListLogDeliveries": None,
}
CLIENTS = {"states": "stepfunctions"}

# Actions that AWS cannot hold to a resource
# Those of Batch that can: https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html
EVERYWHERE = {
    *(f"batch:{name}" for name in ("DescribeJobs", "DescribeJobQueues", "DescribeComputeEnvironments")),
    *("batch:DescribeJobDefinitions", "batch:ListJobs", "states:ListStateMachines"),
    # deliveries belong to the account; https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
}


def merged(base, over):
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    both = {**base, **{key: merged(base[key], item) if key in base else item for key, item in over.items()}}
    return {key: item for key, item in both.items() if item is not None}


def environment(fragment=None, *, role=None, region="us-east-1"):
    sheet = merged(SHEET["base"], fragment or {})
    scope = Scope("prod", "123456789012", region)
    resources = {}
    for kind, named in {**sheet.get("resources", {})}.items():
        for name, spec in named.items():
            address = Address(kind, name)
            resources[address] = Resource(address, {**UNWRITTEN, **spec} if kind == "role" else spec, scope)
    if role:
        address = Address("role", "it")
        spec = {"name": "It", **UNWRITTEN, **role}
        resources[address] = Resource(address, spec, scope, mark=Mark("prod.yaml", 7, 3))
    return Environment(scope, resources, {}, sheet.get("metaflow", {}), Access(), Source("prod.yaml", ""))


def expanded(fragment=None, *, region="us-east-1", **role):
    return expand(environment(fragment, role=role, region=region)).resources[Address("role", "it")].spec


def statements(fragment=None, *, region="us-east-1", **role):
    spec = expanded(fragment, region=region, **role)
    return spec["policies"].get(policy_name(role["preset"]), {"Statement": []})["Statement"]


def problems(fragment=None, **role):
    with pytest.raises(InvalidDocument) as caught:
        expanded(fragment, **role)
    return caught.value.problems


def several(value):
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("case", SHEET["cases"], ids=lambda case: case["name"])
def test_golden(case):
    spec = expanded(case.get("with"), preset=case["preset"])
    assert statements(case.get("with"), preset=case["preset"]) == case["statements"]
    assert spec["trust"] == policy.document([SHEET["trusts"][case["preset"]]])
    managed = SHEET["managed"].get(case["preset"])
    assert spec["managed_policies"] == ([managed] if managed else [])
    assert spec["instance_profile"] is (case["preset"] == "ecs_instance")


def test_every_preset_has_a_golden_case():
    assert {case["preset"] for case in SHEET["cases"]} == set(PRESETS) == set(SHEET["trusts"])


@pytest.mark.parametrize("switch", SHEET["switches"], ids=lambda switch: switch["what"])
@pytest.mark.parametrize("preset", ["batch_job", "step_functions", "events", "user"])
def test_a_switch_adds_its_statements_and_no_other(switch, preset):
    plain = [item["Sid"] for item in statements(preset=preset)]
    switched = [item["Sid"] for item in statements(switch["with"], preset=preset)]
    assert [sid for sid in switched if sid not in plain] == switch.get(preset, [])
    assert [sid for sid in switched if sid in plain] == plain


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
@pytest.mark.parametrize("preset", PRESETS)
def test_other_partitions(preset, region, partition):
    fragment = json.loads(json.dumps(EVERYTHING).replace("arn:aws:", f"arn:{partition}:").replace("us-east-1", region))
    text = json.dumps(expanded(fragment, region=region, preset=preset))
    assert "arn:aws:" not in text
    assert "us-east-1" not in text
    assert f"arn:{partition}:" in text
    # the same document as in the first partition, but for the words
    first = json.dumps(expanded(EVERYTHING, preset=preset)).replace("us-east-1", region)
    assert first.replace("arn:aws:", f"arn:{partition}:").replace("ec2.amazonaws.com", _ec2(partition)) == text


def _ec2(partition):
    return "ec2.amazonaws.com.cn" if partition == "aws-cn" else "ec2.amazonaws.com"


def test_no_partition_is_written_into_the_code():
    for path in Path(expand.__code__.co_filename).parent.glob("*.py"):
        assert "arn:aws" not in path.read_text("utf-8")


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


def test_policies_written_beside_a_preset_are_added():
    mine = policy.document([policy.statement("sqs:SendMessage", "*")])
    spec = expanded(preset="events", policies={"mine": mine})
    assert list(spec["policies"]) == ["mfinfra-events", "mine"]
    assert spec["policies"]["mine"] == mine


def test_a_policy_under_the_name_of_the_presets_is_an_error():
    mine = policy.document([policy.statement("sqs:SendMessage", "*")])
    (problem,) = problems(preset="events", policies={"mfinfra-events": mine})
    assert problem.headline == (
        "prod.yaml:7:3: role.it.policies: `mfinfra-events` is the name of the policy that preset `events` writes"
    )
    assert (problem.code, problem.hint) == ("MF1602", "give this policy another name: it is added to the preset's")


@pytest.mark.parametrize("spelling", ["AmazonEC2ContainerServiceforEC2Role", SHEET["managed"]["ecs_instance"]])
def test_managed_policies_are_united(spelling):
    spec = expanded(preset="ecs_instance", managed_policies=["AmazonSSMManagedInstanceCore", spelling])
    assert spec["managed_policies"] == [SHEET["managed"]["ecs_instance"], "AmazonSSMManagedInstanceCore"]


def test_trust_written_beside_a_preset_is_appended():
    short = expanded(preset="user", trust={"services": ["ec2.amazonaws.com"], "accounts": ["210987654321"]})
    assert short["trust"]["Statement"][0] == SHEET["trusts"]["user"]
    assert short["trust"]["Statement"][1]["Principal"] == {
        "Service": "ec2.amazonaws.com",
        "AWS": "arn:aws:iam::210987654321:root",
    }
    whole = policy.trust(services=["lambda.amazonaws.com"])
    for written in (whole, json.dumps(whole), {**whole, "Statement": whole["Statement"][0]}):
        assert expanded(preset="user", trust=written)["trust"]["Statement"][1:] == whole["Statement"]


@pytest.mark.parametrize("field", ["trust", "policies", "managed_policies"])
def test_null_beside_a_preset_is_not_managed(field):
    spec = expanded(preset="ecs_instance", **{field: None})
    assert spec[field] is None
    others = {"trust", "managed_policies"} - {field}
    assert all(spec[name] for name in others)


def test_a_role_without_a_preset_is_left_as_it_is():
    before = environment(EVERYTHING)
    assert expand(before) == before


@pytest.mark.parametrize("preset", PRESETS)
def test_expanding_twice_is_expanding_once(preset):
    mine = policy.trust(services=["lambda.amazonaws.com"])
    once = expand(environment(EVERYTHING, role={"preset": preset, "trust": mine}))
    assert expand(once) == once


MISSING = [
    ("batch_job", {"metaflow": {"datastore": None}}, "datastore", "write `datastore: bucket.datastore` in"),
    ("user", {"metaflow": {"datastore": {"bucket": None}}}, "datastore", "write `datastore: bucket.datastore` in"),
    ("step_functions", {"metaflow": None}, "batch.queue", "write `batch: {queue: job_queue.default}` in"),
    ("step_functions", {"resources": None, "metaflow": {"batch": None}}, "batch.queue", "job_queue.NAME"),
    ("events", {"metaflow": {"step_functions": None}}, "step_functions", "events_role: role.NAME"),
    ("batch_job", {"metaflow": {"secrets": {"region": "eu-west-1"}}}, "secrets.prefix", "prefix: metaflow/"),
    (
        "step_functions",
        {"metaflow": {"datastore": None, "step_functions": {"distributed_map": True}}},
        "datastore",
        "bucket.datastore",
    ),
]


@pytest.mark.parametrize(("preset", "fragment", "key", "hint"), MISSING)
def test_what_is_missing_is_said(preset, fragment, key, hint):
    (problem,) = problems(fragment, preset=preset)
    place = "prod.yaml:7:3: role.it.preset: "
    assert problem.headline == f"{place}preset `{preset}` needs `metaflow.{key}`, to know what this role may use"
    assert problem.code == "MF1601"
    assert hint in problem.hint


def test_all_roles_are_reported_in_one_run():
    roles = {"role": {"a": {"name": "A", "preset": "batch_job"}, "b": {"name": "B", "preset": "step_functions"}}}
    with pytest.raises(InvalidDocument) as caught:
        expand(environment({"resources": roles, "metaflow": None}))
    assert [problem.subject for problem in caught.value.problems] == ["role.a.preset", "role.b.preset"]


def test_an_address_that_is_not_there_is_said_once_with_the_nearest():
    roles = {"role": {"a": {"name": "A", "preset": "step_functions"}}}
    fragment = {"resources": roles, "metaflow": {"batch": {"queue": "job_queue.defualt"}}}
    (problem,) = problems(fragment, preset="user")
    assert str(problem) == (
        "prod.yaml: metaflow.batch.queue: `job_queue.defualt` is not in the file\n"
        "  hint: did you mean `job_queue.default`?"
    )


def test_a_role_that_grows_too_large_is_refused():
    queues = {f"q{number}": {"name": f"a-queue-with-a-rather-long-name-{number}"} for number in range(200)}
    (problem,) = problems({"resources": {"job_queue": queues}}, preset="step_functions")
    assert problem.code == "MF1603"
    assert re.search(r"the inline policies have \d\d,\d{3} characters, and AWS allows 10,240", problem.message)
    accounts = [f"{number:012}" for number in range(80)]
    (problem,) = problems(preset="user", trust={"accounts": accounts})
    assert problem.subject == "role.it.trust"


@cache
def operations(service):
    return set(get_session().get_service_model(CLIENTS.get(service, service)).operation_names)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_action_exists(preset):
    for item in statements(EVERYTHING, preset=preset):
        for action in several(item["Action"]):
            service, _, name = action.partition(":")
            operation = RENAMED.get(action, name)
            assert operation is None or operation in operations(service), action


@pytest.mark.parametrize("preset", PRESETS)
def test_star_stands_only_where_aws_knows_nothing_narrower(preset):
    for item in statements(EVERYTHING, preset=preset):
        if item["Resource"] == "*":
            assert set(several(item["Action"])) <= EVERYWHERE
        assert not any("*" in action for action in several(item["Action"]))


feature = st.sampled_from([switch["with"] for switch in SHEET["switches"]] + [EVERYTHING])
queue = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.builds(dict, name=st.from_regex(r"[a-z]{1,60}", fullmatch=True)),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(PRESETS)),
    st.lists(feature, max_size=5),
    queue,
    st.sampled_from(["us-east-1", "cn-north-1", "us-gov-west-1"]),
)
def test_any_features_make_documents_that_aws_takes(preset, features, queues, region):
    fragment = {"resources": {"job_queue": queues}}
    for one in features:
        fragment = merged(fragment, one)
    spec = expanded(fragment, preset=preset, region=region)
    assert policy_lint.problems(spec["trust"], kind="trust") == []
    for document in spec["policies"].values():
        assert policy_lint.problems(document, kind="identity") == []
        assert all(item["Resource"] for item in document["Statement"])
    assert sum(map(policy.size, spec["policies"].values())) <= INLINE_SIZE
    assert all(re.fullmatch(r"[\w+=,.@-]{1,128}", name) for name in spec["policies"])
