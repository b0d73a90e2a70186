"""Which steps give something up, which addresses mean what, and what a person is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra import catalogue, drift, ownership, schemas
from mfinfra.drift import Drift
from mfinfra.errors import UserError
from mfinfra.model import Access, Action, Address, Environment, Observed, Ref, Resource, Scope, Source
from mfinfra.observe import Leftover, Survey
from mfinfra.planning import document, forgetting, integrity, order, select, staleness
from mfinfra.planning import drift as causes
from mfinfra.planning.document import Provenance
from mfinfra.planning.order import Node
from mfinfra.planning.plan import Options, make

SCOPE = Scope("test", "123456789012", "us-east-1")
OTHERS = {"team": "ml", "aws:cloudformation:stack-name": "theirs"}
STAGING = ownership.tags(replace(SCOPE, environment="staging"), Address("log_group", "l"))


def resource(address, *depends_on, **spec):
    where = Address.parse(address)
    complete = schemas.complete(where.kind, {"name": where.name, **spec})
    tags = {**ownership.tags(SCOPE, where), drift.TAG: "1..", "team": "ml"}
    return Resource(where, complete, SCOPE, tags, frozenset(map(Address.parse, depends_on)))


def seen(resource, tags=None, **more):
    name = resource.spec["name"]
    outputs = {"arn": f"arn:{name}", "name": name, "id": f"id-{name}"}
    tags = resource.tags if tags is None else tags
    return Observed(dict(resource.spec), outputs, tags, f"arn:{name}", **more)


def leftover(address, tags=None):
    was = resource(address)
    identity = {**dict.fromkeys(was.spec), "name": was.spec["name"]}
    stub = replace(was, spec=identity, tags={}, leftover=True)
    return Leftover(stub, seen(was, tags))


def environment(*resources, disabled=(), metaflow=None, lock=None):
    return Environment(
        SCOPE, {each.address: each for each in resources}, {each.address: each for each in disabled}, metaflow or {},
        Access(), Source("f", "0"), lock,
    )  # fmt: skip


def planned(*pairs, forget=("all",), leftovers=(), past=(), **parts):
    """The plan that gives up `forget` of the pairs of a resource and what was observed of it."""
    told = environment(*(each for each, _ in pairs), **parts)
    survey = Survey({each.address: found for each, found in pairs}, tuple(leftovers))
    return make(told, survey, Options(forget=frozenset(forget)), past)


def actions(plan):
    return [(str(step.address), step.action.value) for step in plan.steps]


def codes(plan):
    return [note.code for note in plan.notes]


LOGS, TABLE, DATA = resource("log_group.l"), resource("table.t"), resource("bucket.data")
CLUSTER = resource("compute_environment.c", type="FARGATE", max_vcpus=4, subnets=["subnet-1"])
QUEUE = replace(
    resource("job_queue.q", "compute_environment.c"),
    spec={**resource("job_queue.q").spec, "compute_environments": [Ref(CLUSTER.address, "arn")]},
)


def test_only_our_tags_are_taken_off_and_nothing_else_is_written():
    (step,) = planned((LOGS, seen(LOGS, {**LOGS.tags, **OTHERS}))).steps

    assert step.action is Action.FORGET
    assert [str(call) for call in step.calls] == ["logs:UntagResource"]
    assert sorted(step.calls[0].params["tagKeys"]) == sorted(forgetting.MARKS)
    assert {change.path[1] for change in step.changes} == set(forgetting.MARKS)
    assert all(change.after is None for change in step.changes)


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_kind_sends_only_what_it_says_that_it_sends_to_forget(kind):
    driver = catalogue.driver(kind)
    main = Resource(Address(kind, "main"), schemas.complete(kind, {"name": "n", "id": "i"}), SCOPE)
    found = Observed({"name": "n"}, {"arn": "a", "id": "i"}, OTHERS, "i", facts={"id": "i"})
    (step, bare) = (
        driver.forgetting(main, replace(found, tags={**rest, **STAGING}), (STAGING,)) for rest in (OTHERS, {})
    )
    sent = {str(call) for one in (step, bare) for call in one.calls}

    assert sent == set(driver.sends.forgets) - {"iam:UntagInstanceProfile"}
    assert driver.forgetting(main, found, ({},)).action is Action.NOOP


def test_tags_that_aws_keeps_go_back_into_a_bucket_and_without_any_the_set_is_deleted():
    full = seen(DATA, {**DATA.tags, **OTHERS})
    (step,) = planned((DATA, full)).steps
    (call,) = step.calls
    assert str(call) == "s3:PutBucketTagging"
    assert {row["Key"]: row["Value"] for row in call.params["Tagging"]["TagSet"]} == OTHERS
    bare = seen(DATA, {key: DATA.tags[key] for key in forgetting.MARKS})
    assert [str(call) for call in planned((DATA, bare)).steps[0].calls] == ["s3:DeleteBucketTagging"]


def test_of_all_only_what_is_ours_goes_and_of_the_named_what_is_another_s_is_refused():
    alien = seen(LOGS, STAGING)
    nobodys = seen(TABLE, {"team": "ml"})
    assert actions(planned((LOGS, alien), (TABLE, nobodys), (DATA, seen(DATA)))) == [("bucket.data", "forget")]

    (step,) = planned((LOGS, alien), forget=["log_group.l"]).steps
    assert (step.action, step.effects) == (Action.FORGET, ())
    assert [block.code for block in step.blocks] == ["MF4102"]
    assert step.blocks[0].message == "`arn:l` belongs to the mfinfra environment `staging`"
    (step,) = planned((TABLE, nobodys), forget=["table.t"]).steps
    assert (step.action, step.because) == (Action.NOOP, "nobody's tags are on it already")
    (step,) = planned((TABLE, seen(TABLE, {"ManagedBy": "Terraform"})), forget=["table.t"]).steps
    assert [block.code for block in step.blocks] == ["MF4102"]


def test_what_another_tool_owns_by_now_is_let_go_of_where_it_carries_our_tags_still():
    (step,) = planned((LOGS, seen(LOGS, {**LOGS.tags, "aws:cloudformation:stack-name": "theirs"}))).steps
    assert (step.action, step.blocks) == (Action.FORGET, ())


def test_what_protects_data_is_no_matter_as_data_survives():
    kept = replace(DATA, protect=True)
    assert planned((kept, seen(kept))).blocks == ()


def test_a_leftover_is_named_by_its_old_address_and_what_stands_twice_goes_together():
    twin = leftover("log_group.l")
    twin = replace(twin, observed=replace(twin.observed, physical_id="arn:aws:logs:x:log-group:twin"))
    plan = planned((LOGS, seen(LOGS)), leftovers=[twin, leftover("table.old")], forget=["log_group.l", "table.old"])
    assert actions(plan) == [
        ("log_group.arn:aws:logs:x:log-group:twin", "forget"),
        ("log_group.l", "forget"),
        ("table.old", "forget"),
    ]
    assert actions(planned((LOGS, seen(LOGS)), leftovers=[twin], forget=["log_group.twin"])) == [
        ("log_group.arn:aws:logs:x:log-group:twin", "forget")
    ]
    assert codes(planned(leftovers=[leftover("table.old")])) == []


def test_what_the_file_switches_off_may_be_given_up_in_place_of_its_deletion():
    told = environment(disabled=[LOGS])
    plan = make(told, Survey({LOGS.address: seen(LOGS)}), Options(forget=frozenset({"log_group.l"})))
    assert actions(plan) == [("log_group.l", "forget")]
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("wanted", "found", "said", "hint"),
    [
        ("log_group.l", None, "`log_group.l` does not stand, so that there is nothing to forget", "take it out"),
        ("log_group.k", seen(LOGS), "`log_group.k`: there is no such resource, neither in the file", "`log_group.l`?"),
        ("table.nix", seen(LOGS), "`table.nix`: there is no such resource", "`mfinfra plan FILE` shows every address"),
        ("log_group.l", seen(LOGS, scheduled=True), "`log_group.l` is being deleted by AWS", "take it back first"),
        ("log_group.l", seen(LOGS, leaving=True), "`log_group.l` is being deleted by AWS", "take it back first"),
    ],
    ids=["not there", "misspelt", "unknown", "waits for its deletion", "leaving"],
)
def test_an_address_that_means_nothing_is_an_error_that_says_why(wanted, found, said, hint):
    with pytest.raises(UserError) as refusal:
        planned((LOGS, found), forget=[wanted])
    assert refusal.value.message.startswith(said)
    assert hint in refusal.value.hint
    assert refusal.value.code == select.UNFIT


def test_what_was_given_up_before_is_passed_over():
    assert planned((LOGS, seen(LOGS)), forget=["table.gone"], past=["table.gone"]).steps == ()


@pytest.mark.parametrize("other", ["adopt", "target", "exclude"])
def test_a_plan_that_gives_something_up_does_nothing_else(other):
    options = Options(forget=frozenset({"all"}), **{other: frozenset({"log_group.l"})})
    with pytest.raises(UserError, match=f"`--forget` and `--{other}` do not go together"):
        make(environment(LOGS), Survey({LOGS.address: seen(LOGS)}), options)
    with pytest.raises(UserError, match="`--forget` and `--destroy` do not go together"):
        make(environment(LOGS), Survey({LOGS.address: None}), replace(options, **{other: frozenset()}, destroy=True))


def test_the_bucket_of_the_lock_is_the_last_and_waits_for_all_others_and_nothing_else_waits():
    plan = planned(
        (DATA, seen(DATA)), (CLUSTER, seen(CLUSTER)), (QUEUE, seen(QUEUE)), metaflow={"datastore": "bucket.data"}
    )
    assert [str(step.address) for step in plan.steps] == ["compute_environment.c", "job_queue.q", "bucket.data"]
    needs = {one.step.address: one.resource.depends_on for one in plan.planned}
    graph = order.graph(plan.steps, needs)
    assert graph[Node(DATA.address)] == {Node(CLUSTER.address), Node(QUEUE.address)}
    assert graph[Node(QUEUE.address)] == graph[Node(CLUSTER.address)] == frozenset()


def test_what_is_still_in_the_file_is_told_in_one_sentence_however_many_there_are():
    many = [resource(f"log_group.l{number}") for number in range(5)]
    (note,) = planned(*((one, seen(one)) for one in many)).notes
    assert note.message.startswith("`log_group.l0`, `log_group.l1` and 3 more are still in the file: the next plan")
    assert note.hint == "to own them again: `--adopt all`"
    (note,) = planned((LOGS, seen(LOGS))).notes
    assert note.message == (
        "`log_group.l` is still in the file: the next plan finds what nobody owns there and stops (MF4101), "
        "until it is taken out of the file"
    )
    assert (note.code, note.severity, note.hint) == ("MF5730", "warning", "to own it again: `--adopt log_group.l`")


def test_what_the_file_adopts_is_going_to_be_taken_over_again():
    adopted = replace(LOGS, adopt=True)
    (note,) = planned((adopted, seen(adopted))).notes
    assert note.code == "MF5731"
    assert "the next apply takes it over again, unless it is taken out of the file" in note.message


def test_what_refers_to_it_takes_what_the_reference_stood_for():
    plan = planned((CLUSTER, seen(CLUSTER)), (QUEUE, seen(QUEUE)), forget=["compute_environment.c"])
    assert codes(plan) == ["MF5730", "MF5732"]
    assert plan.notes[1].subject == "compute_environment.c"
    assert plan.notes[1].message == (
        "`job_queue.q` refers to it: once it is out of the file, `arn:c` has to stand there in its place"
    )
    both = planned((CLUSTER, seen(CLUSTER)), (QUEUE, seen(QUEUE)), forget=["compute_environment.c", "job_queue.q"])
    assert codes(both) == ["MF5730"]
    block = planned(
        (DATA, seen(DATA)), forget=["bucket.data"], metaflow={"datastore": "bucket.data"}, lock="bucket.data"
    )
    assert "the `metaflow` block and `lock` refer to it" in block.notes[1].message
    assert "`data` has to stand there" in block.notes[1].message


def test_the_lock_and_the_receipts_stay_and_that_is_said_where_their_bucket_or_everything_goes():
    metaflow = {"datastore": "bucket.data"}
    world = ((DATA, seen(DATA)), (LOGS, seen(LOGS)))
    for wanted in (["all"], ["bucket.data"]):
        plan = planned(*world, forget=wanted, metaflow=metaflow)
        [note] = [note for note in plan.notes if note.code == "MF5733"]
        assert "stay in `s3://data/mfinfra/test`" in note.message
    assert "MF5733" not in codes(planned(*world, forget=["log_group.l"], metaflow=metaflow))


def test_of_all_what_aws_deletes_is_left_out_and_told():
    plan = planned((LOGS, seen(LOGS, scheduled=True)), (TABLE, seen(TABLE)))
    assert actions(plan) == [("table.t", "forget")]
    assert [(note.code, note.subject) for note in plan.notes] == [("MF5730", ""), ("MF5734", "log_group.l")]


def test_the_document_says_forget_has_no_side_after_keeps_metaflow_and_blames_nobody():
    plan = planned((DATA, seen(DATA)), metaflow={"datastore": "bucket.data"})
    told = document.of(plan, Provenance("2026-11-01T10:00:00Z", "arn:c"))
    (row,) = told["resource_changes"]
    assert row["change"]["actions"] == ["forget"]
    assert row["change"]["before"]["tags"] == dict(DATA.tags)
    assert row["change"]["after"] is None
    assert (told["summary"]["forget"], told["summary"]["delete"]) == (1, 0)
    assert told["options"]["forget"] == ["all"]
    assert document.options(told) == Options(forget=frozenset({"all"}))
    assert told["metaflow_changes"] == {}
    assert "s3:PutBucketTagging" in told["required_actions"]
    assert causes.causes(plan)[DATA.address].drift is Drift.NONE
    assert {check["code"] for check in told["checks"] if check["status"] == "warn"} == {"MF5730", "MF5733"}
    assert integrity.intact(told)


def test_a_plan_of_before_there_was_forget_is_read_and_is_another_than_one_that_forgets():
    plan = planned((DATA, seen(DATA)))
    told = document.of(plan, Provenance("2026-11-01T10:00:00Z", "arn:c"))
    old = {**told, "options": {name: value for name, value in told["options"].items() if name != "forget"}}
    assert document.options(old).forget == frozenset()
    assert "`--forget`" in {one.subject for one in staleness.differences(old, told)}
