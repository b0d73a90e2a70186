"""Metaflow's own client on the sandbox: what `apply` and `config --write` made is enough to run flows with."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

import pytest
from metaflow_client import ENVIRONMENT, PATIENCE, Client, asked, finished, said, stand, undeclared

from mfinfra import desired
from mfinfra.metaflow.parts import Parts
from mfinfra.sandbox.faults import Event

pytestmark = pytest.mark.slow
ROLE = "arn:aws:iam::123456789012:role/MetaflowBatchRole"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/metaflow/my-image:1.0"
QUEUE = "metaflow-job-queue"
FOUND = """
import json
from metaflow import Flow
run = Flow("Training").latest_run
tasks = {task.data.attempt: task for task in run["square"]}
end = run["end"].task
print(json.dumps({
    "successful": run.successful,
    "squares": end.data.squares,
    "attempts": end.data.attempts,
    "told": end.data.told,
    "said": end.stdout,
    "metadata": tasks[0].metadata_dict,
}))
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of the flows, all of which ran at once."""

    client: Client
    training: CompletedProcess[str]
    failing: CompletedProcess[str]
    lingering: CompletedProcess[str]
    listed: str
    killed: str
    found: dict[str, Any]
    """What Metaflow's Client API says of `training`."""
    events: tuple[Event, ...]

    def sent(self, name: str, flow: str) -> list[dict[str, Any]]:
        """What was sent with an operation, for a flow."""
        return [asked(event) for event in self.events if event.name == name and flow in event.request.text]

    def job(self, flow: str) -> dict[str, Any]:
        """The first job of a flow, as Batch tells it."""
        return jobs(self.client, flow)[0]


@pytest.fixture(scope="module")
def ran(embedded, tmp_path_factory):
    client = stand(embedded, tmp_path_factory.mktemp("ada"))
    secret = json.dumps({"TOKEN": "hush"})
    client.stack.client("secretsmanager").create_secret(Name="metaflow/model", SecretString=secret)
    with ExitStack() as ends:
        ends.callback(embedded.reset)
        flows = [started(ends, client.flow(name, "run")) for name in ("lingering", "training", "failing")]
        wait_until(lambda: [job for job in jobs(client, "Lingering") if job["status"] == "RUNNING"])
        listed = said(finished(client.flow("lingering", "batch", "list")))
        killed = said(finished(client.flow("lingering", "batch", "kill")))
        lingering, training, failing = (finished(each, code=None) for each in flows)
        yield Ran(client, training, failing, lingering, listed, killed, client.asked(FOUND), embedded.faults.log)


def started(ends, process):
    """A process that is ended with `ends`, however that goes."""
    ends.enter_context(process)
    ends.callback(process.kill)
    return process


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.2)


def jobs(client, flow):
    batch = client.stack.client("batch")
    rows = batch.list_jobs(jobQueue=QUEUE)["jobSummaryList"]
    ids = [row["jobId"] for row in rows if f"-{flow}-" in row["jobName"]]
    return batch.describe_jobs(jobs=ids)["jobs"] if ids else []


def test_a_foreach_of_batch_steps_runs_to_its_end(ran):
    assert ran.training.returncode == 0, ran.training.stderr
    assert ran.found["successful"]
    assert ran.found["squares"] == {"2": 4, "3": 9}
    assert "squares: {2: 4, 3: 9}" in ran.found["said"]


def test_a_card_is_kept_where_the_configuration_says(ran):
    kept = {event.request.text.partition("\n")[0] for event in ran.events if event.name == "s3.PutObject"}
    assert [each for each in kept if "/metaflow-sandbox-123456789012/metaflow/mf.cards/Training/" in each]


def test_a_failed_attempt_is_run_again(ran):
    assert ran.found["attempts"] == [0, 1]
    assert "RuntimeError: the first attempt fails" in said(ran.training)


def test_a_job_has_what_a_container_of_batch_has(ran):
    assert ran.found["told"] == {
        "COLOUR": "green",
        "TOKEN": "hush",
        "AWS_BATCH_CE_NAME": "metaflow-compute-env",
        "AWS_BATCH_JQ_NAME": QUEUE,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    }


def test_a_task_knows_its_job_its_instance_and_its_log(ran):
    known = ran.found["metadata"]
    job = next(job for job in jobs(ran.client, "Training") if job["jobId"] == known["aws-batch-job-id"])
    assert known["aws-batch-awslogs-stream"] == job["container"]["logStreamName"]
    assert known["aws-batch-awslogs-group"] == "/aws/batch/job"
    assert known["ec2-instance-id"].startswith("i-0")


def test_job_definitions_name_the_role_and_the_image_of_the_configuration(ran):
    (sent,) = {json.dumps(each, sort_keys=True) for each in ran.sent("batch.RegisterJobDefinition", "")}
    definition = json.loads(sent)
    assert definition["containerProperties"]["jobRoleArn"] == ROLE
    assert definition["containerProperties"]["image"] == IMAGE
    assert definition["propagateTags"] is True


def test_jobs_are_sent_to_the_queue_with_their_tags(ran):
    sent = ran.sent("batch.SubmitJob", "Training")
    assert len(sent) == 3
    for each in sent:
        assert each["jobQueue"] == QUEUE
        named = {"project": "ml", "app": "metaflow", "metaflow.flow_name": "Training", "metaflow.user": "ada"}
        assert named.items() <= each["tags"].items()


def test_a_job_that_ends_badly_fails_its_flow_and_says_how(ran):
    assert ran.failing.returncode != 0
    job = ran.job("Failing")
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 1)
    assert job["statusReason"] == "Essential container in task exited"
    assert "Essential container in task exited" in said(ran.failing)
    assert "ValueError: there is nothing to learn from" in said(ran.failing)


def test_a_job_is_listed_and_killed(ran):
    job = ran.job("Lingering")
    assert f"{job['jobName']} [{job['jobId']}] (RUNNING)" in ran.listed
    assert f"Killing AWS Batch job: {job['jobName']}" in ran.killed
    assert (job["status"], job["statusReason"]) == ("FAILED", "Metaflow initiated job termination.")
    assert ran.lingering.returncode != 0


def test_every_call_of_the_client_and_of_its_jobs_is_declared(ran):
    parts = Parts(desired.read(ENVIRONMENT).environment)
    assert undeclared(ran.events, parts) == set()


def test_the_calls_of_the_client_and_of_its_jobs_were_seen(ran):
    seen = {(event.request.key, event.name) for event in ran.events}
    assert {("user", "batch.SubmitJob"), ("user", "s3.PutObject")} <= seen
    assert {("job", "s3.PutObject"), ("job", "secretsmanager.GetSecretValue")} <= seen
