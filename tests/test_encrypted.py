"""Keys and secrets in an environment: wired, changed, taken back, never made twice."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import killing
import pytest
from stack import Stack, addresses, changed, environment, unprotected
from standing import unowned, world
from zygote import Job

from mfinfra import desired, policy
from mfinfra.errors import InvalidDocument, UserError
from mfinfra.model import Action, Failed, Skipped
from mfinfra.operation import Operation
from mfinfra.sandbox.faults import LOST, Rule, Script

ENCRYPTED = Path(__file__).parent.parent / "environments" / "encrypted.yaml"
ALIAS, NAME, GROUP = "alias/data", "team/database", "/flows"
RESOURCES = unprotected({
    "key": {"data": {"alias": ALIAS}},
    "secret": {"database": {"name": NAME, "key": "key.data"}},
    "log_group": {"flows": {"name": GROUP, "key": "key.data"}},
})  # fmt: skip
KEY = {"key": {"data": {"alias": ALIAS, "protect": False}}}
slow = pytest.mark.slow


def file_with(**changes):
    """The file with these fields of its resources, written `kind__field`, changed."""
    resources = deepcopy(RESOURCES)
    for place, value in changes.items():
        kind, _, field = place.partition("__")
        (spec,) = resources[kind].values()
        spec[field] = value
    return environment(resources)


def destroy(stack, file, resources):
    stack.apply(file, destroy=True, allow_destroy=addresses(resources))
    assert stack.plan(file, destroy=True).plan.steps == ()


def metadata(stack, key=ALIAS):
    return stack.client("kms").describe_key(KeyId=key)["KeyMetadata"]


def key_policy(stack, number):
    text = stack.client("kms").get_key_policy(KeyId=number, PolicyName="default")["Policy"]
    return {row.get("Sid", ""): row for row in json.loads(text)["Statement"]}


def living(stack):
    kms = stack.client("kms")
    states = [metadata(stack, row["KeyId"])["KeyState"] for row in kms.list_keys()["Keys"]]
    return len([state for state in states if state != "PendingDeletion"])


def tags(address, **more):
    from mfinfra import ownership
    from mfinfra.model import Address, Scope

    return {**ownership.tags(Scope("test", "123456789012", "us-east-1"), Address.parse(address)), **more}


def test_a_log_group_brings_its_statement_into_the_policy_of_its_key(tmp_path):
    stack = Stack.__new__(Stack)
    stack.folder = tmp_path
    resources = desired.read(stack.write(file_with())).environment.resources
    (key,) = [resource for resource in resources.values() if resource.kind == "key"]
    document = key.spec["policy"]
    wanted = policy.document(
        [
            policy.statement(
                ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"),
                "*",
                sid=document["Statement"][0]["Sid"],
                principal={"Service": "logs.us-east-1.amazonaws.com"},
                condition={
                    "ArnEquals": {
                        "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:log-group:/flows"
                    }
                },
            )
        ]
    )
    assert policy.equivalent(document, wanted)
    again = desired.wired(desired.read(tmp_path / "environment.yaml").environment)
    assert again.resources[key.address].spec == key.spec, "twice is once"


def test_a_key_whose_policy_is_not_managed_is_brought_nothing(tmp_path):
    stack = Stack.__new__(Stack)
    stack.folder = tmp_path
    resources = desired.read(stack.write(file_with(key__policy=None))).environment.resources
    assert [one.spec["policy"] for one in resources.values() if one.kind == "key"] == [None]


def test_a_key_whose_policy_waits_for_a_role_that_waits_for_the_key_is_told_with_both(tmp_path):
    stack = Stack.__new__(Stack)
    stack.folder = tmp_path
    statement = {"Effect": "Allow", "Principal": {"AWS": "${role.job.arn}"}, "Action": "kms:Decrypt", "Resource": "*"}
    file = environment(
        {
            "key": {"data": {"alias": ALIAS, "policy": {"Statement": statement}}},
            "bucket": {"data": {"name": "data-1", "encryption": {"algorithm": "aws:kms", "key": "key.data"}}},
            "role": {"job": {"name": "job", "preset": "batch_job"}},
        },
        metaflow={"datastore": "bucket.data"},
    )
    with pytest.raises(InvalidDocument) as refused:
        desired.read(stack.write(file))
    assert [problem.code for problem in refused.value.problems] == ["MF1152"]
    assert "key.data → role.job → key.data" in str(refused.value)


@slow
def test_the_presets_of_an_encrypted_stack_name_its_key_and_nothing_else(stack):
    stack.apply(ENCRYPTED)
    key, iam = metadata(stack, "alias/metaflow-encrypted"), stack.client("iam")
    found = {}
    for role in ("batch-job", "user"):
        name = f"metaflow-encrypted-{role}"
        for written in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=written)["PolicyDocument"]
            found |= {(role, row["Sid"]): row["Resource"] for row in document["Statement"] if "kms:" in str(row)}
    whose = {(role, sid) for role in ("batch-job", "user") for sid in ("DatastoreKey", "SecretsKey")}
    assert found == dict.fromkeys({*whose, ("batch-job", "ForeachKey")}, key["Arn"])
    table = stack.client("dynamodb").describe_table(TableName="metaflow-encrypted")["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == key["Arn"]
    (group,) = stack.client("logs").describe_log_groups()["logGroups"]
    assert group["kmsKeyId"] == key["Arn"]


@slow
def test_each_change_around_a_key_is_written_and_an_old_log_group_stays_readable(stack):
    stack.apply(file_with())
    number = metadata(stack)["KeyId"]
    (logs,) = [sid for sid in key_policy(stack, number) if sid.startswith("CloudWatchLogs")]
    for change, fields in (
        ({"key__alias": "alias/other"}, {"key.data": ["alias"]}),
        ({"key__rotation": False}, {"key.data": ["alias", "rotation"]}),
        ({"log_group__key": ""}, {"key.data": ["rotation"], "log_group.flows": ["key"]}),
        ({"secret__key": ""}, {"log_group.flows": ["key"], "secret.database": ["key"]}),
    ):
        file = file_with(**change)
        reviewed = stack.plan(file)
        kept = {address: names for address, names in changed(reviewed).items() if names != ["tags"]}
        assert kept == fields
        stack.carry_out(reviewed)
        assert changed(stack.plan(file)) == {}
    assert metadata(stack)["KeyId"] == number, "another alias, the same key"
    assert logs in key_policy(stack, number), "what the group wrote is still encrypted with the key"


@slow
def test_what_was_destroyed_is_taken_back_as_long_as_aws_has_it(stack):
    file = file_with(key__deletion_days=7)
    stack.apply(file)
    number, secrets = metadata(stack)["KeyId"], stack.client("secretsmanager")
    secrets.put_secret_value(SecretId=NAME, SecretString="hunter2")
    before = secrets.describe_secret(SecretId=NAME)["ARN"]
    stack.operations.clear()
    destroy(stack, file, RESOURCES)
    assert stack.writes()[-2:] == ["kms.DeleteAlias", "kms.ScheduleKeyDeletion"], "last, as the others need it"
    assert metadata(stack, number)["KeyState"] == "PendingDeletion"

    reviewed = stack.plan(file)
    assert changed(reviewed)["key.data"] == ["alias", "rotation", "status"]
    assert changed(reviewed)["secret.database"] == ["status"]
    assert all("its deletion is cancelled" in step.because for step in reviewed.plan.steps if step.because)
    stack.carry_out(reviewed)
    assert changed(stack.plan(file)) == {}
    assert (metadata(stack)["KeyId"], metadata(stack)["KeyState"]) == (number, "Enabled")
    assert secrets.describe_secret(SecretId=NAME)["ARN"] == before
    assert secrets.get_secret_value(SecretId=NAME)["SecretString"] == "hunter2"


@slow
def test_a_key_that_left_the_file_takes_the_flag_to_go_and_leaves_nothing_to_do(stack):
    stack.apply(file_with())
    rest = environment({"log_group": {"flows": {"name": GROUP, "protect": False}}})
    reviewed = stack.plan(rest)
    assert {str(address): block.code for address, block in reviewed.plan.blocks if address} == dict.fromkeys(
        ("key.data", "secret.database"), "MF4103"
    )
    allowed = frozenset({"key.data", "secret.database"})
    stack.apply(rest, allow_destroy=allowed, max_deletes=9)
    assert changed(stack.plan(rest)) == {}
    assert living(stack) == 0


@slow
def test_a_disabled_key_is_enabled_and_a_deletion_that_somebody_asked_for_is_cancelled(stack):
    file = environment(KEY)
    stack.apply(file)
    kms, number = stack.client("kms"), metadata(stack)["KeyId"]
    for act in (lambda: kms.disable_key(KeyId=number), lambda: kms.schedule_key_deletion(KeyId=number)):
        act()
        reviewed = stack.plan(file)
        assert "status" in changed(reviewed)["key.data"]
        stack.carry_out(reviewed)
        assert changed(stack.plan(file)) == {}
        assert metadata(stack)["KeyState"] == "Enabled"


@slow
def test_the_secret_of_somebody_else_is_not_restored(stack):
    secrets = stack.client("secretsmanager")
    foreign = [{"Key": key, "Value": value} for key, value in tags("secret.database").items()]
    foreign[0]["Value"] = "another"
    secrets.create_secret(Name=NAME, Tags=foreign)
    secrets.delete_secret(SecretId=NAME)
    file = environment({"secret": {"database": {"name": NAME}}})
    ((_, block),) = stack.plan(file).plan.blocks
    assert block.code == "MF4102"
    assert "another" in block.message


@slow
def test_a_secret_that_nobody_owns_is_restored_when_it_is_adopted(stack):
    secrets = stack.client("secretsmanager")
    secrets.create_secret(Name=NAME)
    secrets.delete_secret(SecretId=NAME)
    file = environment({"secret": {"database": {"name": NAME, "protect": False}}})
    ((_, block),) = stack.plan(file).plan.blocks
    assert block.code == "MF4101"
    stack.apply(file, adopt=frozenset({"secret.database"}))
    assert changed(stack.plan(file)) == {}


@slow
def test_another_name_is_another_secret_and_the_old_one_goes(stack):
    stack.apply(environment({"secret": {"database": {"name": NAME, "protect": False}}}))
    file = environment({"secret": {"database": {"name": "team/other", "protect": False}}})
    (step,) = stack.plan(file).plan.steps
    assert step.action is Action.REPLACE
    stack.apply(file, allow_replace=frozenset({"secret.database"}))
    assert changed(stack.plan(file)) == {}
    assert [row["Name"] for row in stack.client("secretsmanager").list_secrets()["SecretList"]] == ["team/other"]


@slow
def test_an_alias_that_was_moved_to_another_key_is_not_moved_back_blindly(stack):
    file = environment(KEY)
    stack.apply(file)
    stack.client("kms").update_alias(AliasName=ALIAS, TargetKeyId=stack.make_key())
    with pytest.raises(UserError, match=r"is the alias of the key .* this environment's own key is"):
        stack.plan(file)


@slow
@pytest.mark.parametrize("operation", ["CreateKey", "CreateAlias"])
def test_promise_3_a_lost_answer_makes_no_second_key(stack, operation):
    file = environment(KEY)
    reviewed = stack.plan(file)
    stack.server.faults = Script(Rule(f"kms.{operation}", LOST, times=1))
    stack.carry_out(reviewed)
    stack.server.faults = None
    assert changed(stack.plan(file)) == {}
    assert living(stack) == 1


@slow
def test_everything_late_an_encrypted_environment_is_made_changed_and_destroyed(stack):
    stack.server.reset(transition_polls=2, late_by=2)
    stack.apply(file_with())
    stack.apply(file_with(key__alias="alias/other", key__rotation=False))
    file = file_with()
    stack.apply(file)
    assert changed(stack.plan(file)) == {}
    assert living(stack) == 1
    stack.apply(file, destroy=True, allow_destroy=addresses(RESOURCES))
    assert living(stack) == 0


UP, DOWN = 6, 4


@pytest.fixture(scope="module")
def runs(embedded, tmp_path_factory):
    with killing.runs(embedded, tmp_path_factory.mktemp("runs")) as found:
        yield found


@slow
@pytest.mark.parametrize("fatal", range(1, UP + 1))
def test_promise_3_killed_after_any_write_there_is_one_key_with_its_alias(stack, runs, fatal):
    empty, file = world(stack), file_with()
    runs.killed(Job(stack.write(file), stack.plan(file).plan), fatal)
    stack.apply(file)
    assert changed(stack.plan(file)) == {}
    whole = world(stack)
    assert unowned(whole, empty) == []
    assert {kind: [*named] for kind, named in whole.items() if named != empty[kind]} == {
        "key": [ALIAS],
        "secret": [NAME],
        "log_group": [GROUP],
    }
    if fatal > DOWN:
        return
    gone = stack.plan(file, destroy=True, allow_destroy=addresses(RESOURCES)).plan
    runs.killed(Job(stack.folder / "environment.yaml", gone), fatal)
    destroy(stack, file, RESOURCES)
    assert world(stack) == empty


@slow
def test_the_first_apply_makes_the_key_of_the_locks_bucket_first_and_the_rest_is_what_was_approved(stack):
    file = environment(
        unprotected({
            **KEY,
            "bucket": {"data": {"name": "data-1234", "encryption": {"algorithm": "aws:kms", "key": "key.data"}}},
            "secret": {"database": {"name": NAME, "key": "key.data"}},
        }),
        metaflow={"datastore": "bucket.data"},
    )  # fmt: skip
    reviewed, told = stack.plan(file), []
    events = list(Operation(reviewed, tell=told.append, folder=stack.folder).events())
    assert not [event for event in events if isinstance(event, Failed | Skipped)]
    writes = stack.writes()
    assert writes.index("kms.CreateKey") < writes.index("s3.PutObject") < writes.index("secretsmanager.CreateSecret")
    assert changed(stack.plan(file)) == {}
