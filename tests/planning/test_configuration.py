"""How Metaflow is configured, before and after a plan."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from fragments import EVERYTHING, merged
from fragments import environment as fragment

from mfinfra import ownership
from mfinfra.metaflow import settings
from mfinfra.model import Action, Address, Observed, Ref, Step, Template
from mfinfra.observe import Leftover, Survey
from mfinfra.planning.configuration import changes
from mfinfra.planning.plan import Plan, Planned

CREDENTIAL = "aws_secret_access_key"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:metaflow/headers-AbCdEf"
QUEUE, ROLE, BUCKET = Address("job_queue", "default"), Address("role", "sfn"), Address("bucket", "datastore")
PLAIN = merged(EVERYTHING, {"resources": {"secret": None, "job_queue": {"gpu": None}}})


def world(more=None):
    """An environment in which everything plays its part, as it is read: with ownership tags."""
    found = fragment(merged(PLAIN, more or {}))
    owned = {
        address: replace(resource, tags=ownership.tags(found.scope, address))
        for address, resource in found.resources.items()
    }
    return replace(found, resources=owned)


def stands(resource, tags=None, leaving=False, **spec):
    """`resource` as AWS shows it, but for `spec`."""
    found = {**resource.spec, **spec}
    outputs = settings.identity(replace(resource, spec=found))
    tags = resource.tags if tags is None else tags
    return Observed(found, outputs, tags, outputs.get("arn", "x"), leaving=leaving)


def planned(wished, seen, destroy=False, gone=(), **renamed):
    """A plan for `wished`, where `seen` stands. `gone` leaves the file; `renamed` says what an address replaces."""
    rows = []
    for address, resource in wished.resources.items():
        observed, old = seen.get(address), renamed.get(address.name)
        action = Action.DELETE if destroy else Action.NOOP if observed else Action.CREATE
        if old:
            action = Action.REPLACE
        if not destroy or observed:
            retired = Leftover(resource, old) if old else None
            rows.append(Planned(Step(address, action), resource, observed, retired, bool(observed)))
    rows += [Planned(Step(one.address, Action.DELETE), one, stands(one)) for one in gone]
    return Plan(wished, tuple(rows), Survey({**dict.fromkeys(wished.resources), **seen}))


def all_of(wished):
    return {address: stands(resource) for address, resource in wished.resources.items()}


def everything(wished):
    return settings.settings(wished)


def test_nothing_stands_before_a_first_plan():
    wished = world()
    expected = {key: {"before": None, "after": value} for key, value in everything(wished).items()}
    assert changes(planned(wished, {})) == expected
    assert list(expected) == sorted(expected)


def test_where_all_stands_nothing_changes():
    wished = world()
    assert changes(planned(wished, all_of(wished))) == {}


def test_after_destroying_nothing_is_configured():
    wished = world()
    expected = {key: {"before": value, "after": None} for key, value in everything(wished).items()}
    assert changes(planned(wished, all_of(wished), destroy=True)) == expected


def test_a_renamed_resource_has_its_old_name_before():
    wished = world()
    seen = {address: found for address, found in all_of(wished).items() if address not in {QUEUE, BUCKET}}
    old = {
        "default": stands(wished.resources[QUEUE], name="old-jobs"),
        "datastore": stands(wished.resources[BUCKET], name="old-data"),
    }
    found = changes(planned(wished, seen, **old))
    assert found["METAFLOW_BATCH_JOB_QUEUE"] == {"before": "old-jobs", "after": "jobs"}
    assert found["METAFLOW_CARD_S3ROOT"] == {
        "before": "s3://old-data/metaflow/mf.cards",
        "after": "s3://data/metaflow/mf.cards",
    }
    assert found.keys() == {
        "METAFLOW_BATCH_JOB_QUEUE",
        "METAFLOW_CARD_S3ROOT",
        "METAFLOW_DATASTORE_SYSROOT_S3",
        "METAFLOW_DATATOOLS_S3ROOT",
        "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH",
    }


def test_a_role_under_another_path_has_another_arn():
    wished = world()
    seen = all_of(wished) | {ROLE: stands(wished.resources[ROLE], path="/old/")}
    assert changes(planned(wished, seen)) == {
        "METAFLOW_SFN_IAM_ROLE": {
            "before": "arn:aws:iam::123456789012:role/old/Sfn",
            "after": "arn:aws:iam::123456789012:role/Sfn",
        }
    }


def test_what_is_missing_comes_alone_and_what_no_resource_decides_stands_already():
    wished = world({"metaflow": {"batch": {"image": "i:1"}}})
    seen = {address: found for address, found in all_of(wished).items() if address != QUEUE}
    assert changes(planned(wished, seen)) == {"METAFLOW_BATCH_JOB_QUEUE": {"before": None, "after": "jobs"}}


def test_the_datastore_is_chosen_once_its_bucket_stands():
    wished = world()
    seen = {address: found for address, found in all_of(wished).items() if address != BUCKET}
    assert changes(planned(wished, seen))["METAFLOW_DEFAULT_DATASTORE"] == {"before": None, "after": "s3"}


def test_what_only_others_own_is_taken_as_it_is():
    theirs = {"datastore": "theirs", "batch": {"queue": "theirs", "job_role": "Theirs", "image": "i:1"}}
    wished = replace(world(), metaflow=theirs)
    assert len(everything(wished)) == 7
    assert changes(planned(wished, {})) == {}


def test_what_is_leaving_does_not_stand():
    wished = world()
    seen = all_of(wished) | {QUEUE: stands(wished.resources[QUEUE], leaving=True)}
    assert changes(planned(wished, seen)) == {"METAFLOW_BATCH_JOB_QUEUE": {"before": None, "after": "jobs"}}


def test_an_adoption_changes_nothing_for_metaflow():
    wished = world()
    seen = all_of(wished) | {QUEUE: stands(wished.resources[QUEUE], tags={"team": "x"})}
    assert changes(planned(wished, seen)) == {}


def test_what_another_owns_does_not_stand_for_us():
    wished = world()
    foreign = {**wished.resources[QUEUE].tags, ownership.ENVIRONMENT: "other"}
    seen = all_of(wished) | {QUEUE: stands(wished.resources[QUEUE], tags=foreign)}
    assert changes(planned(wished, seen)) == {"METAFLOW_BATCH_JOB_QUEUE": {"before": None, "after": "jobs"}}


def test_an_own_old_one_is_before_a_strangers_new_one():
    wished = world()
    seen = all_of(wished) | {QUEUE: stands(wished.resources[QUEUE], tags={})}
    old = stands(wished.resources[QUEUE], name="old-jobs")
    assert changes(planned(wished, seen, default=old)) == {
        "METAFLOW_BATCH_JOB_QUEUE": {"before": "old-jobs", "after": "jobs"}
    }


def test_what_the_plan_leaves_out_stays_as_it_is():
    wished = world()
    plan = planned(wished, {address: found for address, found in all_of(wished).items() if address != ROLE})
    without = tuple(one for one in plan.planned if one.step.address not in {QUEUE, ROLE})
    assert changes(replace(plan, planned=without)) == {}


TABLE = Address("table", "foreach")
LEFT = {
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": (
        Address("role", "run"),
        {"managed_policies": ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]},
        "arn:aws:iam::123456789012:role/Run",
    ),
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": (
        Address("role", "job"), {"policies": {"mfinfra-batch_job": {}}}, "arn:aws:iam::123456789012:role/ml/Job",
    ),
    "METAFLOW_SFN_IAM_ROLE": (
        ROLE, {"policies": {"mfinfra-step_functions": {}}}, "arn:aws:iam::123456789012:role/Sfn",
    ),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": (
        Address("role", "cron"), {"policies": {"mfinfra-events": {}}}, "arn:aws:iam::123456789012:role/Cron",
    ),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": (TABLE, {"hash_key": "pathspec"}, "splits"),
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": (
        Address("log_group", "history"), {},
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/metaflow:*",
    ),
    "METAFLOW_BATCH_JOB_QUEUE": (QUEUE, {}, "jobs"),
}  # fmt: skip


def without(wished, key, address):
    """`wished` after the resource at `address` has left the file, and the block's word on `key` with it."""
    block = copy.deepcopy(wished.metaflow)
    for part in block.values():
        for field in [name for name, value in part.items() if value == str(address)] if isinstance(part, dict) else ():
            del part[field]
    resources = {at: resource for at, resource in wished.resources.items() if at != address}
    left = replace(wished, resources=resources, metaflow=block)
    assert key not in everything(left)
    return left


@pytest.mark.parametrize("key", LEFT)
def test_what_leaves_the_file_takes_its_key_along(key):
    address, spec, value = LEFT[key]
    wished = without(world(), key, address)
    gone = world().resources[address]
    gone = replace(gone, spec={**gone.spec, **spec})
    assert changes(planned(wished, all_of(wished), gone=[gone])) == {key: {"before": value, "after": None}}


@pytest.mark.parametrize(
    "gone",
    [
        [("a", "pathspec"), ("b", "pathspec")],
        [("a", "id")],
    ],
    ids=["two of them", "another's shape"],
)
def test_what_may_have_been_another_thing_is_not_guessed(gone):
    wished = without(world(), "METAFLOW_SFN_DYNAMO_DB_TABLE", TABLE)
    table = world().resources[TABLE]
    left = [replace(table, address=Address("table", name), spec={"name": name, "hash_key": key}) for name, key in gone]
    assert changes(planned(wished, all_of(wished), gone=left)) == {}


def test_a_spare_resource_that_goes_was_not_configured():
    wished = world()
    spare = replace(wished.resources[QUEUE], address=Address("job_queue", "spare"), spec={"name": "spare"})
    assert changes(planned(wished, all_of(wished), gone=[spare])) == {}
    theirs = replace(wished, metaflow={"batch": {"queue": "theirs"}})
    assert changes(planned(theirs, all_of(theirs), gone=[spare])) == {}
    unused = replace(wished, metaflow={"datastore": "bucket.datastore"})
    gone = changes(planned(unused, all_of(unused), destroy=True))
    assert gone.keys() == everything(unused).keys()


def test_what_nobody_owns_outlives_the_environment_and_is_none_of_its_configuration():
    wished = world()
    seen = all_of(wished) | {QUEUE: stands(wished.resources[QUEUE], tags={})}
    plan = planned(wished, seen, destroy=True)
    plan = replace(plan, planned=tuple(one for one in plan.planned if one.step.address != QUEUE))
    assert changes(plan).keys() == everything(wished).keys() - {"METAFLOW_BATCH_JOB_QUEUE"}


def test_a_datastore_that_moves_to_another_address_has_its_old_place_before():
    old = world()
    bucket = replace(old.resources[BUCKET], address=Address("bucket", "new"), spec={"name": "new"})
    others = {address: resource for address, resource in old.resources.items() if address != BUCKET}
    wished = replace(
        old, resources={**others, bucket.address: bucket}, metaflow={**old.metaflow, "datastore": "bucket.new"}
    )
    seen = {address: found for address, found in all_of(wished).items() if address.kind != "bucket"}
    found = changes(planned(wished, seen, gone=[old.resources[BUCKET]]))
    assert found["METAFLOW_DATASTORE_SYSROOT_S3"] == {"before": "s3://data/metaflow", "after": "s3://new/metaflow"}
    assert "METAFLOW_DEFAULT_DATASTORE" not in found
    assert len(found) == 4


def test_what_aws_has_yet_to_tell_is_said_so():
    group = Ref(Address("security_group", "g"), "id")
    more = {
        "resources": {"security_group": {"g": {"name": "g"}}},
        "metaflow": {"batch": {"image": Template(("a-", group)), "tags": {"g": group}}},
    }
    wished = world(more)
    seen = {address: found for address, found in all_of(wished).items() if address != group.address}
    assert changes(planned(wished, seen)) == {
        "METAFLOW_BATCH_CONTAINER_IMAGE": {"before": None, "after": "a-${security_group.g.id}"},
        "METAFLOW_BATCH_DEFAULT_TAGS": {"before": None, "after": '{"g": "${security_group.g.id}", "team": "ml"}'},
    }
    there = Observed({"name": "g"}, {"id": "sg-1"}, wished.resources[group.address].tags, "sg-1")
    assert changes(planned(wished, {**seen, group.address: there})) == {}
    torn = changes(planned(wished, {**seen, group.address: there}, destroy=True))
    assert torn["METAFLOW_BATCH_CONTAINER_IMAGE"] == {"before": "a-sg-1", "after": None}


def test_promise_13_no_secret_is_shown():
    more = {
        "metaflow": {
            "service": {"url": "https://me:hunter2@m.example.com/a@b", "headers": {"secret": SECRET}},
            "settings": {
                "METAFLOW_SERVICE_AUTH_KEY": "hunter2",
                "METAFLOW_DATATOOLS_CLIENT_PARAMS": {CREDENTIAL: "hunter2"},
            },
        }
    }
    found = changes(planned(world(more), {}))
    assert "hunter2" not in str(found)
    shown = {key: row["after"] for key, row in found.items()}
    assert shown["METAFLOW_SERVICE_URL"] == "https://(not shown)@m.example.com/a@b"
    assert shown["METAFLOW_SERVICE_HEADERS"] == SECRET
    assert shown["METAFLOW_SERVICE_AUTH_KEY"] == shown["METAFLOW_DATATOOLS_CLIENT_PARAMS"] == "(not shown)"


def test_a_block_that_is_not_there_configures_nothing():
    bare = replace(world(), metaflow={})
    assert changes(planned(bare, {})) == changes(planned(bare, all_of(bare))) == {}
