"""What Metaflow compiles for Step Functions, deployed by its own client and run on the sandbox."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from metaflow_client import ENVIRONMENT, PATIENCE, ROLES, Client, asked, finished, said, stand, undeclared

from mfinfra import desired
from mfinfra.metaflow.parts import Parts
from mfinfra.sandbox.faults import Event

pytestmark = pytest.mark.slow
NAME = "sandbox_Scheduled"
MACHINE = f"arn:aws:states:us-east-1:123456789012:stateMachine:{NAME}"
ROLE = "arn:aws:iam::123456789012:role/"
GROUP = "/aws/vendedlogs/states/metaflow"
BUCKET = "metaflow-sandbox-123456789012"
TABLE = "metaflow-step-functions"
RESULTS = "metaflow/sfn_distributed_map_output/"
ARTIFACTS = """
import json
from metaflow.datastore import FlowDataStore
from metaflow.plugins.datastores.s3_storage import S3Storage
from metaflow.metaflow_config import DATASTORE_SYSROOT_S3

store = FlowDataStore("Scheduled", None, None, storage_impl=S3Storage, ds_root=DATASTORE_SYSROOT_S3)
told = {{}}
for run in {runs!r}:
    (end,) = store.get_task_datastores(run, ["end"])
    told[run] = {{"squares": end["squares"], "runs": end["runs"], "count": end["count"]}}
print(json.dumps(told))
"""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What became of one state machine: deployed, triggered, deployed again, triggered, and deleted."""

    client: Client
    told: dict[str, str]
    """What each command of the client said."""
    inline: dict[str, Any]
    spread: dict[str, Any]
    failed: dict[str, Any]
    stopped: dict[str, Any]
    """How executions ended: of an inline foreach, of a distributed one, of a step that fails, of one stopped early."""
    artifacts: dict[str, Any]
    items: list[dict[str, Any]]
    keys: list[str]
    rule: dict[str, Any]
    targets: list[dict[str, Any]]
    types: list[str]
    """The kinds of events in the log group."""
    left: dict[str, list[Any]]
    events: tuple[Event, ...]

    def sent(self, name: str) -> list[dict[str, Any]]:
        """What was sent with an operation."""
        return [asked(event) for event in self.events if event.name == name]

    def result(self, execution: dict[str, Any]) -> dict[str, Any]:
        """The artifacts that the run of an execution ended with."""
        found: dict[str, Any] = self.artifacts[f"sfn-{execution['name']}"]
        return found

    def history(self, execution: dict[str, Any]) -> list[str]:
        """The kinds of events of an execution."""
        sfn = self.client.stack.client("stepfunctions")
        pages = sfn.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
        return [event["type"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def deployed(embedded, tmp_path_factory):
    client = stand(embedded, tmp_path_factory.mktemp("grace"))
    told = {}

    def step_functions(name, *arguments):
        told[name] = said(finished(client.flow("scheduled", "step-functions", *arguments)))

    step_functions("create", "create", "--log-execution-history")
    step_functions("trigger", "trigger", "--least", "5")
    inline = newest(client)
    failed, stopped = start(client, count=0), start(client, count=-1)
    wait_until(lambda: jobs(client, "RUNNING"))
    step_functions("terminate", "terminate", f"sfn-{name_of(stopped)}")
    step_functions("redeploy", "create", "--use-distributed-map")
    step_functions("trigger again", "trigger", "--least", "7", "--count", "1")
    spread = newest(client)
    ended = {arn: how_ended(client, arn) for arn in (inline, spread, failed, stopped)}
    step_functions("list", "list-runs")
    runs = [f"sfn-{name_of(arn)}" for arn in (inline, spread)]
    artifacts = client.asked(ARTIFACTS.format(runs=runs))
    found = standing(client)
    step_functions("delete", "delete")
    ends = [ended[arn] for arn in (inline, spread, failed, stopped)]
    yield Deployed(client, told, *ends, artifacts, **found, left=left(client), events=embedded.faults.log)
    embedded.reset()


def name_of(execution):
    return execution.rsplit(":", 1)[-1]


def newest(client):
    return client.stack.client("stepfunctions").list_executions(stateMachineArn=MACHINE)["executions"][0][
        "executionArn"
    ]


def start(client, **parameters):
    """Start an execution with the input that a trigger gives."""
    text = json.dumps({"Parameters": json.dumps(parameters)})
    return client.stack.client("stepfunctions").start_execution(stateMachineArn=MACHINE, input=text)["executionArn"]


def how_ended(client, execution):
    sfn = client.stack.client("stepfunctions")
    wait_until(lambda: sfn.describe_execution(executionArn=execution)["status"] != "RUNNING")
    return sfn.describe_execution(executionArn=execution)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def jobs(client, status):
    return client.stack.client("batch").list_jobs(jobQueue="metaflow-job-queue", jobStatus=status)["jobSummaryList"]


def standing(client):
    """What stands before the flow is deleted."""
    events, logs, s3 = (client.stack.client(service) for service in ("events", "logs", "s3"))
    streams = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    rows = [
        json.loads(event["message"])
        for stream in streams
        for event in logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
    ]
    return {
        "items": client.stack.client("dynamodb").scan(TableName=TABLE)["Items"],
        "keys": [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET, Prefix=RESULTS).get("Contents", [])],
        "rule": events.describe_rule(Name=NAME),
        "targets": events.list_targets_by_rule(Rule=NAME)["Targets"],
        "types": [row["type"] for row in rows],
    }


def left(client):
    """What stands after the flow is deleted."""
    return {
        "machines": client.stack.client("stepfunctions").list_state_machines()["stateMachines"],
        "rules": client.stack.client("events").list_rules()["Rules"],
        "jobs": [row for status in ("RUNNABLE", "STARTING", "RUNNING") for row in jobs(client, status)],
    }


def test_an_inline_foreach_runs_to_its_end(deployed):
    assert deployed.inline["status"] == "SUCCEEDED", deployed.inline.get("cause")
    run = f"sfn-{deployed.inline['name']}"
    assert deployed.result(deployed.inline) == {"squares": [25, 36, 49], "runs": [run], "count": 3}
    assert run in deployed.told["trigger"]


def test_a_distributed_foreach_runs_to_its_end(deployed):
    assert deployed.spread["status"] == "SUCCEEDED", deployed.spread.get("cause")
    run = f"sfn-{deployed.spread['name']}"
    assert deployed.result(deployed.spread) == {"squares": [49], "runs": [run], "count": 1}
    assert "MapRunSucceeded" in deployed.history(deployed.spread)
    assert "MapRunSucceeded" not in deployed.history(deployed.inline)


def test_the_results_of_a_distributed_foreach_are_in_the_bucket(deployed):
    names = sorted(key.removeprefix(RESULTS).split("/", 1)[1] for key in deployed.keys)
    assert names == ["SUCCEEDED_0.json", "manifest.json"]


def test_the_table_has_how_many_tasks_a_foreach_has_and_who_they_were(deployed):
    counts = {item["pathspec"]["S"]: sorted(item["for_each_cardinality"]["NS"]) for item in deployed.items}
    assert sorted(counts.values()) == [["0"], ["0", "1", "2"]]
    for item in deployed.items:
        assert len(item["parent_task_ids_for_foreach_join"]["SS"]) == len(item["for_each_cardinality"]["NS"])
        assert int(item["ttl"]["N"]) > time.time() + 366 * 24 * 3600


def test_a_step_that_fails_fails_the_execution_and_says_how(deployed):
    assert (deployed.failed["status"], deployed.failed["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(deployed.failed["cause"])
    assert cause["Status"] == "FAILED"
    assert cause["StatusReason"] == "Essential container in task exited"


def test_a_run_is_terminated_and_its_jobs_end(deployed):
    assert deployed.stopped["status"] == "ABORTED"
    assert deployed.left["jobs"] == []


def test_runs_are_listed(deployed):
    lines = deployed.told["list"].splitlines()
    for execution in (deployed.inline, deployed.spread, deployed.failed, deployed.stopped):
        (line,) = [line for line in lines if execution["name"] in line]
        assert line.split()[-1].strip("*") == execution["status"]


def test_a_machine_is_created_with_the_role_and_the_log_group_of_the_configuration(deployed):
    created, again = deployed.sent("stepfunctions.CreateStateMachine")
    assert created["roleArn"] == again["roleArn"] == f"{ROLE}MetaflowStepFunctionsRole"
    assert created["loggingConfiguration"] == {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"}}
        ],
    }
    assert again["loggingConfiguration"] == {"level": "OFF"}


def test_a_machine_is_deployed_again_by_the_arn_that_the_refusal_quotes(deployed):
    (updated,) = deployed.sent("stepfunctions.UpdateStateMachine")
    assert updated["stateMachineArn"] == MACHINE
    assert '"DISTRIBUTED"' in updated["definition"]


def test_a_schedule_is_put_with_its_target_and_the_role_of_the_configuration(deployed):
    assert deployed.rule["ScheduleExpression"] == "cron(0 0 1 1 ? 2199)"
    assert deployed.rule["State"] == "ENABLED"
    (target,) = deployed.targets
    assert (target["Arn"], target["RoleArn"]) == (MACHINE, f"{ROLE}MetaflowEventsRole")
    assert json.loads(target["Input"]) == {"Parameters": "{}"}
    assert "cron schedule" in deployed.told["create"]


def test_the_execution_that_is_to_be_logged_is_logged(deployed):
    assert deployed.types.count("ExecutionStarted") == 3, "those before the second deployment, which logs nothing"
    assert {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "MapIterationSucceeded"} <= {*deployed.types}


def test_jobs_carry_the_tags_of_the_configuration(deployed):
    batch = deployed.client.stack.client("batch")
    job = json.loads(deployed.inline["output"])["JobId"]
    tags = batch.describe_jobs(jobs=[job])["jobs"][0]["tags"]
    assert {"project": "ml", "metaflow.flow_name": "Scheduled", "metaflow.step_name": "end"}.items() <= tags.items()


def test_every_call_of_the_client_and_of_its_jobs_is_declared(deployed):
    parts = Parts(desired.read(ENVIRONMENT).environment)
    assert undeclared(deployed.events, parts) == set()
    seen = {(ROLES.get(event.request.key), event.name) for event in deployed.events}
    assert {("user", "stepfunctions.StopExecution"), ("job_role", "dynamodb.UpdateItem")} <= seen


def test_a_deleted_flow_leaves_nothing(deployed):
    assert deployed.left == {"machines": [], "rules": [], "jobs": []}
