"""Who changed what: what was applied, what stands now and what the file says now → the word for each change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra import catalogue, desired, drift, ownership, schemas
from mfinfra.model import (
    Access,
    Action,
    Address,
    Environment,
    Observed,
    Ref,
    Resource,
    Scope,
    Source,
    Template,
    fill,
    refs,
)
from mfinfra.observe import Leftover, Survey
from mfinfra.planning.drift import Applies, causes
from mfinfra.planning.plan import Options, make

SCOPE = Scope("test", "123456789012", "us-east-1")
TRUST = {"services": ["batch.amazonaws.com"]}
SPECS = {
    "log_group": {"retention_days": 30},
    "role": {"trust": TRUST},
    "security_group": {"vpc": "vpc-1"},
    "compute_environment": {"type": "FARGATE", "subnets": ["subnet-1"], "max_vcpus": 4},
}
LOGS, ROLE = "log_group.l", "role.r"
GROUP, CLUSTER = "security_group.g", "compute_environment.c"
GROUP_ID = Ref(Address.parse(GROUP), "id")
RECORD = ("tags", drift.TAG)


def wish(address, tags=None, **spec):
    """The resource as a file asks for it that names what stands in `spec`."""
    where = Address.parse(address)
    complete = schemas.complete(where.kind, {"name": where.name, **SPECS[where.kind], **spec})
    everything = {**(tags or {}), **ownership.tags(SCOPE, where)}
    needs = frozenset(ref.address for ref in refs(complete))
    return desired.recorded(Resource(where, complete, SCOPE, everything, needs, protect=False))


def live(applied, outputs=None, tags=None, known=None, **spec):
    """What stands after `applied` was applied and somebody has then set `spec`; a tag of `None` was taken off."""
    filled = fill(catalogue.driver(applied.kind).desired(applied), lambda ref: (known or {}).get(str(ref)))
    kept = {key: value for key, value in {**applied.tags, **(tags or {})}.items() if value is not None}
    name = applied.spec["name"]
    return Observed({**filled, **spec}, outputs or {"arn": "arn:x", "name": name}, kept, f"arn:{name}")


def left(applied, **others):
    """What stands and the file does not have any more."""
    stub = replace(applied, spec={**dict.fromkeys(applied.spec), "name": applied.spec["name"]}, tags={}, leftover=True)
    return Leftover(stub, live(applied, **others))


def plan_of(*pairs, leftovers=(), disabled=(), **options):
    resources = {item.address: item for item, _ in pairs}
    environment = Environment(
        SCOPE, resources, {item.address: item for item, _ in disabled}, {}, Access(), Source("f", "0")
    )
    survey = Survey({item.address: found for item, found in (*pairs, *disabled)}, tuple(leftovers))
    return make(environment, survey, Options(**options))


def told(plan, address, applies=None):
    """The word for the step at `address`, and the one for each of its fields."""
    cause = causes(plan, applies)[Address.parse(address)]
    return str(cause.drift), {".".join(map(str, path)): str(word) for path, word in cause.fields.items()}


def words(*pairs, of=LOGS, applies=None, **more):
    return told(plan_of(*pairs, **more), of, applies)


@pytest.mark.parametrize(
    ("applied", "now", "file", "expected"),
    [
        (30, 30, 30, {}),
        (30, 7, 30, {"retention_days": "live"}),
        (30, 30, 7, {"retention_days": "file", "tags.mfinfra:spec": "file"}),
        (30, 14, 7, {"retention_days": "both", "tags.mfinfra:spec": "file"}),
        (30, 7, 7, {"tags.mfinfra:spec": "file"}),
        (30, 14, None, {"tags.mfinfra:spec": "file"}),
        (None, 14, 7, {"retention_days": "file", "tags.mfinfra:spec": "file"}),
    ],
    ids=["nothing", "live", "file", "both", "both to the same", "no longer managed", "managed from now on"],
)
def test_each_field_names_who_changed_it(applied, now, file, expected):
    found = live(wish(LOGS, retention_days=applied), retention_days=now)
    whole, fields = words((wish(LOGS, retention_days=file), found))
    assert fields == expected
    assert whole == ("none" if not expected else drift.together(drift.Drift(word) for word in expected.values()))


def test_two_fields_of_one_resource_are_told_apart():
    found = live(wish(ROLE), max_session_seconds=43200)
    whole, fields = words((wish(ROLE, description="new"), found), of=ROLE)
    assert (whole, fields["max_session_seconds"], fields["description"]) == ("both", "live", "file")


def test_what_a_role_may_have_beside_its_file_is_nobody_s_change():
    one, other = ({"Statement": [{"Effect": "Allow", "Action": act, "Resource": "*"}]} for act in ("s3:*", "sqs:*"))
    applied, now = (wish(ROLE, exclusive=False, policies={"a": text}) for text in (one, other))
    guests = {"policies": {"a": one, "guest": other}}
    assert words((now, live(applied, **guests)), of=ROLE)[1]["policies"] == "file"
    assert words((applied, live(applied, policies={"a": other, "guest": one})), of=ROLE)[1] == {"policies": "live"}
    managed = [wish(ROLE, exclusive=False, managed_policies=names) for names in (["A"], ["A", "B"])]
    guests = ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/Guest"]
    assert words((managed[1], live(managed[0], managed_policies=guests)), of=ROLE)[1]["managed_policies"] == "file"


@pytest.mark.parametrize(
    ("applied", "now", "file", "expected"),
    [
        ({"team": "ml"}, {}, {"team": "ml"}, {}),
        ({"team": "ml"}, {"team": "hr"}, {"team": "ml"}, {"tags.team": "live"}),
        ({"team": "ml"}, {"team": None}, {"team": "ml"}, {"tags.team": "live"}),
        ({"team": "ml"}, {}, {"team": "hr"}, {"tags.team": "file", "tags.mfinfra:spec": "file"}),
        ({"team": "ml"}, {"team": "x"}, {"team": "hr"}, {"tags.team": "both", "tags.mfinfra:spec": "file"}),
        ({"team": "ml"}, {}, {"squad": "ml"}, {"tags.squad": "file", "tags.mfinfra:spec": "file"}),
        ({}, {"cost": "7"}, {"cost": "9"}, {"tags.cost": "file", "tags.mfinfra:spec": "file"}),
        ({"a": "1", "b": "2"}, {"a": "x"}, {"a": "1", "b": "3"},
         {"tags.a": "live", "tags.b": "file", "tags.mfinfra:spec": "file"}),
        ({}, {"mfinfra:address": None}, {}, {"tags.mfinfra:address": "live"}),
        ({}, {"mfinfra:owner": "copied"}, {}, {"tags.mfinfra:owner": "live"}),
    ],
)  # fmt: skip
def test_each_tag_names_who_changed_it(applied, now, file, expected):
    assert words((wish(LOGS, file), live(wish(LOGS, applied), tags=now)))[1] == expected


def test_of_more_tags_than_fit_all_go_together():
    many = {f"key-{number}": "x" for number in range(46)}
    found = live(wish(LOGS, many), tags={"key-3": "y"})
    assert words((wish(LOGS, many), found))[1] == {"tags.key-3": "live"}
    more = {**many, "key-4": "z"}
    assert words((wish(LOGS, more), live(wish(LOGS, many))))[1]["tags.key-4"] == "file"
    few = dict(list(many.items())[:3])
    assert words((wish(LOGS, {**few, "key-0": "z"}), live(wish(LOGS, many))))[1]["tags.key-0"] == "both"


def test_what_is_made_and_what_goes_is_the_file_s():
    assert words((wish(LOGS), None)) == ("file", {"name": "file", "retention_days": "file", "class": "file"})
    whole, fields = words(leftovers=[left(wish(LOGS))])
    assert (whole, set(fields.values())) == ("file", {"file"})
    assert words(disabled=[(wish(LOGS), live(wish(LOGS)))])[0] == "file"


def test_what_is_missing_although_an_apply_brought_it_up_was_deleted_by_somebody():
    whole, fields = words((wish(LOGS), None), applies=Applies(made={Address.parse(LOGS)}))
    assert (whole, set(fields.values())) == ("live", {"live"})


@pytest.mark.parametrize(("file", "word"), [(30, "live"), (60, "file")])
def test_what_aws_is_deleting_although_the_file_has_not_changed_is_deleted_by_somebody(file, word):
    going = replace(live(wish(LOGS)), leaving=True)
    assert words((wish(LOGS, retention_days=file), going))[0] == word


def test_what_the_command_asks_for_has_no_other_cause():
    whole, fields = words((wish(LOGS), live(wish(LOGS), retention_days=7)), destroy=True)
    assert (whole, set(fields.values())) == ("none", {"none"})


def test_a_replacement_has_the_cause_of_its_fields():
    assert words((wish(LOGS, **{"class": "INFREQUENT_ACCESS"}), live(wish(LOGS))))[1]["class"] == "file"
    found = live(wish(LOGS), **{"class": "INFREQUENT_ACCESS"})
    plan = plan_of((wish(LOGS), found))
    assert plan.steps[0].action is Action.REPLACE
    assert told(plan, LOGS) == ("live", {"class": "live"})


def test_another_name_is_the_file_s_and_what_the_old_one_lost_before_is_not():
    old = left(wish(ROLE), max_session_seconds=43200)
    whole, fields = words((wish(ROLE, name="new"), None), leftovers=[old], of=ROLE)
    assert (whole, fields["name"], fields["max_session_seconds"]) == ("both", "file", "live")


def test_what_a_replacement_cut_short_has_left_is_the_file_s():
    plan = plan_of((wish(LOGS), live(wish(LOGS))), leftovers=[left(wish(LOGS, name="old"))])
    assert {str(cause.drift) for cause in causes(plan).values()} == {"none", "file"}


def without_record(resource, *more):
    return live(resource, tags=dict.fromkeys((drift.TAG, *more)), retention_days=7)


def test_an_adoption_that_only_puts_tags_on_has_no_cause_and_what_it_changes_is_the_file_s():
    nobody = without_record(wish(LOGS, {"team": "ml"}), *ownership.KEYS, "team")
    adopted = plan_of((wish(LOGS, {"team": "ml"}, retention_days=7), nobody), adopt=frozenset({"all"}))
    assert adopted.steps[0].action is Action.ADOPT
    assert told(adopted, LOGS)[0] == "none"
    updated = plan_of((wish(LOGS, {"team": "ml"}), nobody), adopt=frozenset({"all"}))
    assert updated.steps[0].action is Action.ADOPT_UPDATE
    whole, fields = told(updated, LOGS)
    assert (whole, fields.pop("retention_days")) == ("file", "file")
    assert set(fields.values()) == {"none"}


@pytest.mark.parametrize(
    ("record", "word"),
    [(None, "file"), ("2.from a newer mfinfra", "file"), ("scribble", "live"), ("1.cut-off", "live"), ("", "live")],
)
def test_without_a_record_the_file_is_named_and_whoever_scribbled_over_it(record, word):
    found = live(wish(LOGS), tags={drift.TAG: record}, retention_days=7)
    assert words((wish(LOGS), found))[1] == {"retention_days": "file", "tags.mfinfra:spec": word}


def test_a_record_of_a_field_that_mfinfra_did_not_know_then_is_the_file_s_to_renew():
    whole = wish(LOGS)
    older = drift.read(whole.tags[drift.TAG])
    fields = {code: held for code, held in older.fields.items() if code != drift.code("class")}
    found = live(whole, tags={drift.TAG: str(replace(older, fields=fields))})
    assert words((whole, found)) == ("file", {"tags.mfinfra:spec": "file"})


def test_what_a_step_that_was_cut_short_has_not_written_is_no_drift():
    found = live(wish(LOGS), retention_days=0)
    assert words((wish(LOGS), found))[0] == "live"
    unfinished = Applies(unfinished={Address.parse(LOGS)})
    assert words((wish(LOGS), found), applies=unfinished) == ("file", {"retention_days": "file"})
    assert words((wish(LOGS), live(wish(LOGS))), applies=unfinished) == ("none", {})


def group(number="sg-1", applied=None, **spec):
    return live(applied or wish(GROUP), outputs={"id": number, "name": "g"}, **spec)


def cluster(*groups, **more):
    return wish(CLUSTER, security_groups=list(groups), **more)


def known(number="sg-1"):
    return {str(GROUP_ID): number}


@pytest.mark.parametrize(
    ("now", "file", "expected"),
    [
        (["sg-1"], [GROUP_ID], {}),
        (["sg-2"], [GROUP_ID], {"security_groups": "live"}),
        (["sg-1", "sg-2"], [GROUP_ID], {"security_groups": "live"}),
        (["sg-1"], [GROUP_ID, "sg-3"], {"security_groups": "file", "tags.mfinfra:spec": "file"}),
        (["sg-2"], [GROUP_ID, "sg-3"], {"security_groups": "both", "tags.mfinfra:spec": "file"}),
        (["sg-1"], ["sg-1"], {"tags.mfinfra:spec": "file"}),
        (["sg-1"], ["sg-9"], {"security_groups": "file", "tags.mfinfra:spec": "file"}),
    ],
)
def test_a_reference_means_what_it_stood_for(now, file, expected):
    found = live(cluster(GROUP_ID), security_groups=now)
    assert words((wish(GROUP), group()), (cluster(*file), found), of=CLUSTER)[1] == expected


def test_an_id_that_becomes_a_reference_is_the_file_s():
    found = live(cluster("sg-1"), security_groups=["sg-1"])
    assert words((wish(GROUP), group()), (cluster(GROUP_ID), found), of=CLUSTER)[1] == {"tags.mfinfra:spec": "file"}
    found = live(cluster("sg-1"), security_groups=["sg-7"])
    assert words((wish(GROUP), group()), (cluster("sg-1"), found), of=CLUSTER)[1] == {"security_groups": "live"}


@pytest.mark.parametrize(("deleted_by", "word"), [((), "file"), ((GROUP,), "live")])
def test_a_reference_to_what_is_made_anew_follows_its_target(deleted_by, word):
    applies = Applies(made=[Address.parse(address) for address in deleted_by])
    pairs = ((wish(GROUP), None), (cluster(GROUP_ID), live(cluster(GROUP_ID), security_groups=["sg-1"])))
    assert words(*pairs, of=CLUSTER, applies=applies) == (word, {"security_groups": word})
    pairs = (pairs[0], (cluster(GROUP_ID, "sg-3"), pairs[1][1]))
    fields = words(*pairs, of=CLUSTER, applies=applies)[1]
    assert fields["security_groups"] == drift.together([drift.Drift.FILE, drift.Drift(word)])


def test_a_reference_to_what_is_replaced_under_another_name_follows_the_file():
    renamed = wish(GROUP, name="other")
    pairs = ((renamed, None), (cluster(GROUP_ID), live(cluster(GROUP_ID), known=known())))
    old = Leftover(left(wish(GROUP)).resource, group())
    assert words(*pairs, leftovers=[old], of=CLUSTER) == ("file", {"security_groups": "file"})
    tampered = (pairs[0], (cluster(GROUP_ID), live(cluster(GROUP_ID), known=known(), max_vcpus=2)))
    assert words(*tampered, leftovers=[old], of=CLUSTER)[1] == {"max_vcpus": "live", "security_groups": "file"}


def test_a_reference_to_what_moved_to_another_address_is_the_file_s_and_its_value_nobody_s():
    moved = wish("security_group.other", name="g")
    file = wish(CLUSTER, security_groups=[Ref(moved.address, "id")])
    found = live(cluster(GROUP_ID), known=known())
    pairs = ((moved, group()), (file, found))
    assert words(*pairs, of=CLUSTER) == ("file", {"tags.mfinfra:spec": "file"})
    assert words(*pairs, of="security_group.other")[1] == dict.fromkeys(
        ("tags.mfinfra:address", "tags.mfinfra:spec"), "file"
    )
    tampered = live(cluster(GROUP_ID), security_groups=["sg-2"])
    assert words((moved, group()), (file, tampered), of=CLUSTER)[1]["security_groups"] == "both"


def test_a_reference_inside_text_means_what_it_stood_for():
    def with_policy(value):
        condition = {"StringEquals": {"aws:sourceVpce": value}}
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}
        return wish(ROLE, policies={"p": {"Statement": [statement]}})

    file = with_policy(Template(("x-", GROUP_ID, "-y")))
    found = live(file, known={str(GROUP_ID): "sg-1"})
    assert words((wish(GROUP), group()), (file, found), of=ROLE) == ("none", {})
    changed = with_policy(Template(("z-", GROUP_ID, "-y")))
    assert words((wish(GROUP), group()), (changed, found), of=ROLE)[1]["policies"] == "file"
    other = live(file, known={str(GROUP_ID): "sg-12"})
    assert words((wish(GROUP), group()), (file, other), of=ROLE) == ("live", {"policies": "live"})
    assert words((wish(GROUP), group()), (changed, other), of=ROLE)[1]["policies"] == "both"
