"""`mfinfra import` as it is typed, from each source, on the sandbox; and the plan of the file that it wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from cloudformation_stack import NAME, handed_over, made
from stack import ACCOUNT, REGION

from mfinfra.sandbox.faults import DENIED, Rule, Script

pytestmark = pytest.mark.slow
SETTINGS = {
    "METAFLOW_DEFAULT_DATASTORE": "s3",
    "METAFLOW_DATASTORE_SYSROOT_S3": "s3://flows/metaflow",
    "METAFLOW_SFN_DYNAMO_DB_TABLE": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/foreach",
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/flows:*",
}
BLOCK = "datastore: bucket.datastore\n  step_functions: {table: table.foreach, log_group: log_group.step-functions}\n"
TEAM = {"team": "ml", "stage": "prod"}
BY_SETTINGS = {"bucket.datastore", "table.foreach", "log_group.step-functions"}
BY_NAME = {"bucket.flows", "table.foreach", "log_group.flows"}


@pytest.fixture
def by_hand(stack, same_clients):
    """A bucket, a table and a log group with tags of a team, by somebody's own commands."""
    s3, dynamodb, logs = map(stack.client, ("s3", "dynamodb", "logs"))
    tags = [{"Key": key, "Value": value} for key, value in TEAM.items()]
    s3.create_bucket(Bucket="flows")
    s3.put_bucket_tagging(Bucket="flows", Tagging={"TagSet": tags})
    dynamodb.create_table(
        TableName="foreach",
        KeySchema=[{"AttributeName": "pathspec", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pathspec", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tags,
    )
    logs.create_log_group(logGroupName="/flows", tags=TEAM)
    return stack


@dataclass(frozen=True)
class Source:
    arguments: tuple[str, ...]
    found: set[str]
    block: str = ""


SOURCES = {
    "a profile of Metaflow's": Source(("--from-metaflow-profile", "team"), BY_SETTINGS, f"profile: team\n  {BLOCK}"),
    "a file of Metaflow's": Source(("--from-metaflow-config", "metaflow/config_team.json"), BY_SETTINGS, BLOCK),
    "the shell's variables": Source(("--from-environment",), BY_SETTINGS, BLOCK),
    "a tag": Source(("--tag", "team=ml"), BY_NAME),
    "two tags": Source(("--tag", "team=ml", "--tag", "stage=prod"), BY_NAME),
    "names": Source(
        ("--resource", "bucket=flows", "--resource", "table=foreach", "--resource", "log_group=/flows"), BY_NAME
    ),
}


@pytest.fixture
def typed(run, by_hand, tmp_path, monkeypatch):
    """The command line of a folder in which a profile of Metaflow's is, and its settings in the shell."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "metaflow"
    folder.mkdir()
    (folder / "config_team.json").write_text(json.dumps(SETTINGS))
    monkeypatch.setenv("METAFLOW_HOME", str(folder))
    for key, value in SETTINGS.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_REGION", REGION)

    def call(*argv):
        return run("import", "prod.yaml", "--endpoint", by_hand.server.endpoint, *argv)

    return SimpleNamespace(stack=by_hand, folder=tmp_path, run=run, call=call)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_leads_to_a_file_of_which_a_plan_adopts_only(typed, source):
    before = typed.stack.writes()
    ran = typed.call(*source.arguments)
    assert (ran.code, ran.out) == (0, "")
    assert typed.stack.writes() == before, "an import writes nothing"
    text = (typed.folder / "prod.yaml").read_text()
    assert text.partition("metaflow:\n  ")[2] == source.block

    assert adopted(typed) == source.found


def adopted(typed):
    """The addresses in a plan of the file, which adopts each of them and does nothing else."""
    planned = typed.run("plan", "prod.yaml", "--adopt", "all", "--format", "json")
    assert planned.code == 0
    rows = json.loads(planned.out)["resource_changes"]
    assert [(row["change"]["actions"], row["blocked"]) for row in rows] == [(["adopt"], None)] * len(rows)
    assert {change["path"][0] for row in rows for change in row["change"]["fields"]} == {"tags"}
    return {row["address"] for row in rows}


def test_a_stack_is_imported_and_after_the_commands_that_are_printed_it_is_to_be_adopted(typed):
    """Resources that go by name, id and ARN; the stack has nothing else and is deleted in the end."""
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/jobs"}}
    queue = {"Type": "AWS::Batch::SchedulingPolicy", "Properties": {"Name": "fair"}}
    made(typed.stack, json.dumps({"Resources": {"Jobs": group, "Policy": queue}}))
    ran = typed.call("--from-cloudformation", NAME, "--handover", "hand")
    assert (ran.code, ran.out) == (0, "")
    refused = typed.run("plan", "prod.yaml", "--adopt", "all")
    assert "MF4102" in refused.out

    steps = tuple(line.strip() for line in ran.err.splitlines() if line.startswith("    aws "))
    update = ["update-stack", "wait stack-update-complete"]
    assert handed_over(typed.stack, steps) == [*update, "delete-stack", "wait stack-delete-complete"]
    assert adopted(typed) == {"log_group.jobs", "scheduling_policy.policy"}
    assert ran.err.splitlines()[-2:] == ["After the steps above:", "  mfinfra plan prod.yaml --adopt all"]


def test_promise_15_each_read_that_is_denied_is_told_with_its_permission_and_nothing_is_written(typed):
    arguments = (*SOURCES["a file of Metaflow's"].arguments, *SOURCES["a tag"].arguments)
    typed.stack.operations.clear()
    assert typed.call(*arguments).code == 0
    asked = sorted(set(typed.stack.operations) - {"sts.GetCallerIdentity"})
    assert len(asked) > 10
    (typed.folder / "prod.yaml").unlink()
    for operation in asked:
        typed.stack.server.faults = Script(Rule(operation, DENIED, times=None))
        ran = typed.call(*arguments)
        assert (ran.code, ran.out) == (1, ""), operation
        assert "MF3001" in ran.err, operation
        assert operation.partition(".")[2] in ran.err, operation
        assert not (typed.folder / "prod.yaml").exists()
