"""What is given up stays: our tags go, all else stays as it is, and whoever wants it can have it back."""

from __future__ import annotations

import json
from dataclasses import replace

import golden
import pytest
from dying import dying_after
from stack import changed, environment, inventory, merged, unprotected

from mfinfra import catalogue, drift, history, ownership
from mfinfra.errors import AccessDenied, UserError
from mfinfra.model import Action, Done
from mfinfra.operation import GONE, Locking, Operation
from mfinfra.planning import select

pytestmark = pytest.mark.slow
KINDS = sorted(path.stem for path in golden.HERE.glob("*.yaml"))
MARKS = {*ownership.KEYS, drift.TAG}
BUCKET = "data-123456789012"
ALL = frozenset({"all"})
TRUST = {"services": ["ec2.amazonaws.com"]}
SMALL = {
    "bucket": {"data": {"name": BUCKET}},
    "log_group": {"flows": {"name": "/flows"}},
    "role": {"instance": {"name": "instance", "trust": TRUST, "instance_profile": True}},
}
METAFLOW = {"datastore": "bucket.data"}
FILE = environment(SMALL, metaflow=METAFLOW, tags={"team": "ml"})
EMPTIED = environment({"bucket": SMALL["bucket"]}, metaflow=METAFLOW, tags={"team": "ml"})


def at(*addresses):
    return frozenset(addresses)


def found(reviewed, address):
    """What a plan has observed at an address."""
    return next(one for key, one in reviewed.plan.survey.observed.items() if str(key) == address)


def tagged_by_others(stack, file, address):
    """Somebody else tags it too."""
    reviewed = stack.plan(file)
    [planned] = [one for one in reviewed.plan.planned if str(one.step.address) == address]
    driver, observed = catalogue.driver(planned.resource.kind), planned.observed
    theirs = {"theirs": "stays"}
    for call in driver.tagging.put(planned.resource, observed, theirs, {**observed.tags, **theirs}):
        reviewed.aws.write(call, lambda why, seconds: None)


def operate(stack, file, tell=None, **options):
    """Carry it out as the command does: under the lock, with a receipt."""
    told = [] if tell is None else tell
    reviewed = stack.plan(file, **options)
    name = "forget" if options.get("forget") else "apply"
    return list(Operation(reviewed, name=name, tell=told.append, folder=stack.folder / "left").events())


def killed(reviewed):
    """Carry it out until one write took effect, and no further."""
    list(replace(reviewed, aws=dying_after(reviewed.aws, 1)).apply().events())


def writing(reviewed, act):
    """The same, in which `act(call, send)` stands in for every write."""
    base = type(reviewed.aws)

    class Acting(base):
        def write(self, call, waiting, *more):
            return act(call, lambda: base.write(self, call, waiting, *more))

    fields = {name: getattr(reviewed.aws, name) for name in base.__dataclass_fields__}
    return replace(reviewed, aws=Acting(**fields))


def denied(call, **more):
    return AccessDenied(
        "no", service=call.service, operation=call.operation, aws_code="AccessDenied", code="MF3001", **more
    )


def receipts(stack):
    s3 = stack.client("s3")
    rows = s3.list_objects_v2(Bucket=BUCKET, Prefix="mfinfra/test/history/").get("Contents", ())
    keys = sorted(row["Key"] for row in rows)
    return [json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_given_up_kept_as_it_is_and_taken_back(stack, kind):
    sheet, address = golden.sheet(kind), f"{kind}.main"
    resources = unprotected(merged(sheet.get("needs", {}), {kind: {"main": sheet["base"]}}))
    file = environment(resources, tags={"team": "ml"})
    stack.apply(file)
    tagged_by_others(stack, file, address)
    before, stands, sent = found(stack.plan(file), address), inventory(stack), len(stack.writes())

    stack.apply(file, forget=at(address))

    written = stack.writes()[sent:]
    assert set(written) <= {name.replace(":", ".") for name in catalogue.driver(kind).sends.forgets}
    assert len(written) == 1
    after = stack.plan(file)
    assert found(after, address).spec == before.spec
    assert found(after, address).tags == {key: text for key, text in before.tags.items() if key not in MARKS}
    assert {"team", "theirs"} <= found(after, address).tags.keys()
    assert inventory(stack) == stands
    assert [str(place) for place, block in after.plan.blocks if block.code == "MF4101"] == [address]
    again = stack.plan(file, forget=at(address))
    assert not again.plan.work
    assert [row["change"]["actions"] for row in again.document["resource_changes"]] == [["no-op"]]
    adopted = stack.plan(file, adopt=ALL)
    assert changed(adopted) == {address: ["tags"]}
    stack.carry_out(adopted)
    assert changed(stack.plan(file)) == {}


def test_of_a_bucket_with_no_other_tags_the_set_is_deleted(stack):
    file = environment({"bucket": SMALL["bucket"]})
    stack.apply(file)
    before = len(stack.writes())
    stack.apply(file, forget=at("bucket.data"))
    assert stack.writes()[before:] == ["s3.DeleteBucketTagging"]


def test_an_instance_profile_is_given_up_with_its_role_whichever_of_them_a_killed_run_had_come_to(stack):
    file = environment({"role": SMALL["role"]}, tags={"team": "ml"})
    stack.apply(file)
    reviewed = stack.plan(file, forget=at("role.instance"))
    killed(reviewed)
    stack.apply(file, forget=at("role.instance"))

    iam = stack.client("iam")
    assert iam.list_role_tags(RoleName="instance")["Tags"] == [{"Key": "team", "Value": "ml"}]
    profile = iam.get_instance_profile(InstanceProfileName="instance")["InstanceProfile"]
    assert profile["Tags"] == [{"Key": "team", "Value": "ml"}]
    assert [row["RoleName"] for row in profile["Roles"]] == ["instance"]
    assert [name for name in stack.writes() if "Untag" in name] == ["iam.UntagInstanceProfile", "iam.UntagRole"]
    stack.apply(file, adopt=ALL)
    assert changed(stack.plan(file)) == {}


def test_killed_after_each_write_and_run_again_everything_is_nobodys_at_last_and_nothing_was_sent_twice(stack):
    stack.apply(FILE)
    stands, before, runs = inventory(stack), len(stack.writes()), 0
    while (reviewed := stack.plan(FILE, forget=ALL)).plan.work:
        runs += 1
        killed(reviewed)
    sent = stack.writes()[before:]
    assert runs == len(sent) == 4
    assert sorted(sent) == ["iam.UntagInstanceProfile", "iam.UntagRole", "logs.UntagResource", "s3.PutBucketTagging"]
    assert sent[-1] == "s3.PutBucketTagging"
    assert inventory(stack) == stands
    after = stack.plan(FILE)
    assert [block.code for _, block in after.plan.blocks] == ["MF4101"] * 3
    stack.apply(FILE, adopt=ALL)
    assert changed(stack.plan(FILE)) == {}


def test_all_is_given_up_under_the_lock_with_a_receipt_and_the_bucket_that_holds_both_is_the_last(stack):
    operate(stack, FILE)
    told = []
    events = operate(stack, FILE, tell=told, forget=ALL)

    ends = [(str(event.address), event.action) for event in events if isinstance(event, Done)]
    assert ends[-1] == ("bucket.data", Action.FORGET)
    assert {address for address, _ in ends} == {"bucket.data", "log_group.flows", "role.instance"}
    assert told == []
    _, receipt = receipts(stack)
    assert (receipt["operation"], receipt["result"], receipt["standing"]) == ("forget", "done", [])
    assert receipt["summary"]["forget"] == 3
    assert {step["result"] for step in receipt["steps"]} == {"done"}
    left = stack.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {row["Key"].split("/")[2] for row in left} == {"history"}, "the lock is given back, the receipts stay"
    assert {block.code for _, block in stack.plan(FILE).plan.blocks} == {"MF4101"}


def test_where_the_bucket_of_the_lock_is_gone_the_rest_is_given_up_without_it_and_the_receipt_is_kept_here(stack):
    stack.apply(FILE)
    stack.client("s3").delete_bucket(Bucket=BUCKET)
    told = []
    operate(stack, FILE, tell=told, forget=ALL)
    assert told[0] == GONE
    assert len(list((stack.folder / "left").glob("receipt-*.json"))) == 1
    assert not stack.plan(FILE, forget=ALL).plan.work


def test_where_one_of_them_fails_the_bucket_of_the_lock_stays_ours(stack):
    operate(stack, FILE)

    def refuse(call, send):
        if str(call) == "logs:UntagResource":
            raise UserError("no")
        return send()

    events = list(Operation(writing(stack.plan(FILE, forget=ALL), refuse), name="forget").events())

    ends = {str(event.address): type(event).__name__ for event in events if not hasattr(event, "call")}
    assert ends == {"bucket.data": "Skipped", "log_group.flows": "Failed", "role.instance": "Done"}
    assert changed(stack.plan(FILE, forget=ALL)) == {"bucket.data": ["tags"], "log_group.flows": ["tags"]}


def test_what_has_left_the_file_is_given_up_by_its_tags_and_is_not_destroyed_then(stack):
    operate(stack, FILE)
    before = stack.plan(EMPTIED)
    assert before.document["summary"]["delete"] == 2
    stack.apply(EMPTIED, forget=at("log_group.flows", "role.instance"))
    after = stack.plan(EMPTIED)
    assert not after.plan.work
    assert {"/flows"} <= set(inventory(stack)["logs"])
    profile = stack.client("iam").get_instance_profile(InstanceProfileName="instance")["InstanceProfile"]
    assert profile["Tags"] == [{"Key": "team", "Value": "ml"}]


def test_what_was_given_up_before_is_known_from_the_receipts_and_a_wrong_address_is_not(stack):
    operate(stack, FILE)
    operate(stack, EMPTIED, forget=at("log_group.flows"))

    again = stack.plan(EMPTIED, forget=at("log_group.flows", "role.instance"))
    assert changed(again) == {"role.instance": ["tags"]}
    assert not stack.plan(EMPTIED, forget=at("log_group.flows")).plan.work
    with pytest.raises(UserError, match="there is no such resource") as refusal:
        stack.plan(EMPTIED, forget=at("role.instanze"))
    assert (refusal.value.hint, refusal.value.code) == ("did you mean `role.instance`?", select.UNFIT)
    operate(stack, FILE, adopt=ALL)
    assert changed(stack.plan(EMPTIED, forget=at("log_group.flows"))) == {"log_group.flows": ["tags"]}


def test_a_run_that_was_killed_is_gone_on_with_by_the_same_words_although_no_file_has_them(stack, monkeypatch):
    """The receipt that is written before the first call names all that is going to be given up."""
    operate(stack, FILE)
    wanted = at("log_group.flows", "role.instance")
    run = stack.plan(EMPTIED, forget=wanted)
    with monkeypatch.context() as dead:
        dead.setattr(history.Recorder, "end", lambda *_, **__: True)
        run = replace(run, aws=replace(run.aws, parallelism=1))
        events = Operation(run, name="forget", locking=Locking(wanted=False), folder=stack.folder).events()
        next(event for event in events if isinstance(event, Done))
        events.close()
    assert [step["result"] for step in receipts(stack)[-1]["steps"]] == ["unfinished", "unfinished"]
    assert len(changed(stack.plan(EMPTIED, forget=ALL))) == 2
    operate(stack, EMPTIED, forget=wanted)
    assert not stack.plan(EMPTIED, forget=wanted).plan.work
    assert not stack.plan(EMPTIED).plan.work


def test_a_key_that_waits_for_its_deletion_is_left_to_it_until_it_is_taken_back(stack):
    file = environment({"key": {"main": {"alias": "alias/metaflow"}}, "log_group": SMALL["log_group"]})
    stack.apply(file)
    number = found(stack.plan(file), "key.main").outputs["id"]
    stack.client("kms").schedule_key_deletion(KeyId=number, PendingWindowInDays=7)

    with pytest.raises(UserError, match=r"`key\.main` is being deleted by AWS"):
        stack.plan(file, forget=at("key.main"))
    whole = stack.plan(file, forget=ALL)
    assert changed(whole) == {"log_group.flows": ["tags"]}
    assert [(note.code, note.subject) for note in whole.plan.notes][1:] == [("MF5734", "key.main")]
    stack.apply(file)
    stack.apply(file, forget=at("key.main"))
    assert stack.client("kms").list_resource_tags(KeyId=number)["Tags"] == []
    assert stack.client("kms").describe_key(KeyId=number)["KeyMetadata"]["KeyState"] == "Enabled"


def test_whose_policy_goes_by_the_tags_that_a_lost_answer_took_off_is_done_all_the_same(stack):
    """The second try is denied as the first one has worked: a look tells."""
    group = {"name": "batch", "vpc": "vpc-00000000000000001", "description": "instances"}
    file = environment({"security_group": {"batch": group}})
    stack.apply(file)
    tries = []

    def lose(call, send):
        tries.append(str(call))
        send()
        raise denied(call, doubtful=True)

    events = list(writing(stack.plan(file, forget=ALL), lose).apply().events())
    assert [type(event).__name__ for event in events] == ["Started", "Waiting", "Done"]
    assert tries == ["ec2:DeleteTags"]


def test_what_is_denied_from_the_first_is_no_success(stack):
    file = environment({"log_group": SMALL["log_group"]})
    stack.apply(file)

    def deny(call, send):
        raise denied(call)

    events = list(writing(stack.plan(file, forget=ALL), deny).apply().events())
    assert [type(event).__name__ for event in events] == ["Started", "Failed"]
