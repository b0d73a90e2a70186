"""Jobs that run their own command: what they find around them, how they end, and that nothing outlives the sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.corrections.batch import attempt, keeper, processes, surroundings

pytestmark = pytest.mark.slow
PATIENCE = 60.0
WAIT = "while true; do sleep 0.05; done"


@pytest.fixture
def sandbox(running):
    """The sandbox, empty, whose jobs run."""
    running.reset(transition_polls=0, jobs="processes")
    yield running
    running.reset()


@pytest.fixture
def line(account, client_of):
    """A queue over one environment of 16 vCPUs."""
    account.create("first")
    account.create_queue("first")
    return Line(account, client_of)


class Line:
    """Jobs, submitted and looked at."""

    def __init__(self, account, client_of):
        self.account, self.batch, self.client_of = account, account.batch, client_of
        self.logs = client_of("logs")

    def submit(self, script, *, vcpus=1, definition=None, parameters=None, **more):
        """The id of a new job that runs `script` in bash; `definition` are more properties of its container."""
        properties = {"image": "busybox", "vcpus": vcpus, "memory": 128, "command": ["bash", "-c", script]}
        self.batch.register_job_definition(
            jobDefinitionName="d",
            type="container",
            parameters=parameters or {},
            containerProperties={**properties, **(definition or {})},
        )
        return self.batch.submit_job(jobName="j", jobQueue="line", jobDefinition="d", **more)["jobId"]

    def told(self, job):
        return self.batch.describe_jobs(jobs=[job])["jobs"][0]

    def reach(self, job, *statuses):
        """Look at a job until it has one of `statuses`."""
        within(lambda: self.told(job)["status"] in statuses)
        return self.told(job)

    def ended(self, job):
        return self.reach(job, "SUCCEEDED", "FAILED")

    def run(self, script, **more):
        return self.ended(self.submit(script, **more))

    def lines(self, said):
        """What the last attempt of a job has written, after the sandbox's own first line."""
        stream = {"logGroupName": "/aws/batch/job", "logStreamName": said["container"]["logStreamName"]}
        events = self.logs.get_log_events(**stream, startFromHead=True)["events"]
        return [event["message"] for event in events][1:]

    def says(self, job, count=1):
        """Wait until a running job has written so many lines, and take them."""
        said = self.reach(job, "RUNNING")
        within(lambda: len(self.lines(said)) >= count)
        return self.lines(said)


def living(pid):
    try:
        os.kill(pid, 0)
        told = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except (ProcessLookupError, FileNotFoundError):  # it may go between the two looks
        return False
    # A dead child that nobody has waited for keeps its number.
    return told.rpartition(")")[2].split()[0] != "Z"


def vanishes(pid):
    within(lambda: not living(pid))


def within(condition):
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


# https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
@pytest.mark.parametrize(("code", "status"), [(0, "SUCCEEDED"), (3, "FAILED")])
def test_a_job_ends_as_its_command_does(line, code, status):
    said = line.run(f"echo out; echo err >&2; exit {code}")
    assert (said["status"], said["statusReason"]) == (status, "Essential container in task exited")
    assert said["container"]["exitCode"] == code
    assert said["createdAt"] <= said["startedAt"] <= said["stoppedAt"]
    assert sorted(line.lines(said)) == ["err", "out"]
    assert [each["container"]["exitCode"] for each in said["attempts"]] == [code]
    (row,) = line.batch.list_jobs(jobQueue="line", jobStatus=status)["jobSummaryList"]
    assert (row["jobId"], row["container"]) == (said["jobId"], {"exitCode": code})


def test_the_log_begins_with_what_became_of_the_image(line):
    said = line.run("true")
    stream = {"logGroupName": "/aws/batch/job", "logStreamName": said["container"]["logStreamName"]}
    (event,) = line.logs.get_log_events(**stream)["events"]
    assert event["message"] == "mfinfra sandbox: this is a process of the machine itself; the image busybox is not used"


def test_a_job_goes_on_where_its_log_is_deleted(line, tmp_path):
    gate = tmp_path / "gate"
    job = line.submit(f"echo one; until [ -e {gate} ]; do sleep 0.01; done; echo two")
    line.says(job)
    line.logs.delete_log_group(logGroupName="/aws/batch/job")
    gate.touch()
    assert line.ended(job)["status"] == "SUCCEEDED"


def test_a_line_without_an_end_is_cut(line):
    said = line.run("head -c 20000 /dev/zero | tr '\\0' x")
    first, *rest = line.lines(said)
    assert attempt.LONGEST <= len(first) < len(first + "".join(rest)) == 20000


def test_the_command_is_what_the_job_makes_of_its_definition(line):
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    said = line.run(
        "exit 9",
        definition={"environment": variables},
        parameters={"who": "nobody", "whose": "nobody's"},
        containerOverrides={
            "command": ["bash", "-c", 'echo "$A $B $C $0 $1"', "Ref::who", "Ref::whose"],
            "environment": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
        },
    )
    assert line.lines(said) == ["1 3 4 nobody nobody's"]
    assert {row["name"]: row["value"] for row in said["container"]["environment"]} == {"A": "1", "B": "3", "C": "4"}


def test_a_job_knows_what_a_container_of_batch_knows(line):
    said = line.run("env; pwd; stat -c %a .")
    *lines, folder, mode = line.lines(said)
    known = dict(each.split("=", 1) for each in lines)
    assert {name: known[name] for name in known if name.startswith("AWS_")} == {
        "AWS_BATCH_JOB_ID": said["jobId"],
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_CE_NAME": "first",
        "AWS_BATCH_JQ_NAME": "line",
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
        "AWS_ENDPOINT_URL": processes.endpoint(),
        "AWS_ACCESS_KEY_ID": "job",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert (known["HOME"], mode) == (folder, "700")
    assert not Path(folder).exists()


def test_nothing_of_the_users_own_reaches_a_job(line, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "METAFLOW_PROFILE", "GITHUB_TOKEN", "PYTHONPATH"):
        monkeypatch.setenv(name, "mine")
    assert [each for each in line.lines(line.run("env")) if each.endswith("mine")] == []


def test_a_job_cannot_say_where_aws_is(line):
    said = {"AWS_ENDPOINT_URL": "https://elsewhere.example", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_REGION": "eu-west-1"}
    rows = [{"name": name, "value": value} for name, value in said.items()]
    job = line.run("echo $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_REGION", containerOverrides={"environment": rows})
    assert line.lines(job) == [f"{processes.endpoint()} job eu-west-1"]


def test_files_in_tmp_are_the_jobs_own(line):
    said = line.run('echo here > /tmp/own.sh; cat "/tmp/own.sh"; ls $TMPDIR; echo /tmp/own.sh')
    *seen, place = line.lines(said)
    assert seen == ["here", "own.sh"]
    assert place.endswith("/tmp/own.sh")
    assert place != "/tmp/own.sh"
    assert "/tmp/own.sh" in said["container"]["command"][2]


@pytest.mark.parametrize("part", ["/tmp", "/tmp/", "/tmp/a/b", "s3://bucket/tmp/a", "x/tmp/a", "/tmp/a.sh/"])
def test_what_is_no_file_of_tmp_stays(part):
    assert surroundings.command([part], Path("/own")) == [part]


def test_the_python_of_jobs_is_the_one_of_the_sandbox(line):
    assert line.lines(line.run("python -c 'import sys; print(sys.prefix)'")) == [sys.prefix]


def test_a_python_of_another_name_is_called_python_too(line, monkeypatch, tmp_path):
    (tmp_path / "python9").symlink_to(sys.executable)
    monkeypatch.setenv(surroundings.PYTHON, str(tmp_path / "python9"))
    (said,) = line.lines(line.run("python -c 'import sys; print(sys.executable)'"))
    assert said == str(tmp_path / "python9")


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
def test_a_job_finds_its_metadata_and_nobody_elses(line):
    program = (
        "import json, os, requests; at = 'http://169.254.169.254/latest/';"
        "token = requests.put(at + 'api/token').text;"
        "identity = requests.get(at + 'dynamic/instance-identity/document').json()['instanceId'];"
        "cycle = requests.get(at + 'meta-data/instance-life-cycle').text;"
        "spot = requests.get(at + 'meta-data/spot/termination-time').status_code;"
        "log = requests.get(os.environ['ECS_CONTAINER_METADATA_URI_V4']).json()['LogOptions']['awslogs-stream'];"
        "other = requests.get(os.environ['ECS_CONTAINER_METADATA_URI_V4'] + 'x').status_code;"
        "print(json.dumps([identity, cycle, spot, log, other]))"
    )
    said = line.run(f'python -c "{program}"')
    identity, *rest = json.loads(line.lines(said)[0])
    assert said["container"]["containerInstanceArn"].endswith(identity)
    assert rest == ["on-demand", 404, said["container"]["logStreamName"], 404]


def test_secrets_are_variables(line):
    arn = line.client_of("secretsmanager").create_secret(Name="s", SecretString='{"k": "v"}')["ARN"]
    line.client_of("ssm").put_parameter(Name="/p", Value="w", Type="SecureString")
    sources = {"WHOLE": arn, "KEY": f"{arn}:k::", "PARAMETER": "/p"}
    rows = [{"name": name, "valueFrom": source} for name, source in sources.items()]
    said = line.run('echo "$WHOLE $KEY $PARAMETER"', definition={"secrets": rows})
    assert line.lines(said) == ['{"k": "v"} v w']


@pytest.mark.parametrize(
    ("script", "definition", "reason"),
    [
        ("true", {"command": ["no-such-command"]}, "CannotStartContainerError"),
        ("true", {"secrets": [{"name": "A", "valueFrom": "/nowhere"}]}, "ResourceInitializationError"),
    ],
)
def test_a_job_that_cannot_start_says_why(line, script, definition, reason):
    said = line.run(script, definition=definition)
    assert (said["status"], said["statusReason"]) == ("FAILED", "Task failed to start")
    assert said["container"]["reason"].startswith(reason)
    assert "exitCode" not in said["container"]


# https://github.com/Netflix/metaflow/issues/1482
@pytest.mark.parametrize(("more", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_a_job_with_too_much_to_override_is_taken_and_fails(line, more, status):
    environment = [{"name": "TEXT", "value": ""}]
    frame = len(json.dumps({"environment": environment}, separators=(",", ":")))
    environment[0]["value"] = "x" * (8192 - frame + more)
    said = line.run("true", containerOverrides={"environment": environment})
    assert said["status"] == status
    assert not more or said["statusReason"] == "Container Overrides length must be at most 8192"


# https://github.com/ASFHyP3/hyp3/issues/3041
def test_a_job_that_is_too_large_is_refused(line):
    environment = [{"name": "TEXT", "value": "x" * 30 * 1024}]
    with pytest.raises(ClientError, match="Job size must be less than 30 KiB, got 30 KiB"):
        line.submit("true", containerOverrides={"environment": environment})


# https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
@pytest.mark.parametrize(
    ("exits", "attempts"),
    [
        ([], 3),
        ([{"onExitCode": "2", "action": "EXIT"}], 2),
        ([{"onExitCode": "1", "action": "retry"}, {"onReason": "*", "action": "EXIT"}], 2),
        ([{"onStatusReason": "Host EC2*", "action": "EXIT"}], 3),
    ],
)
def test_a_job_is_tried_as_often_as_it_may_be(line, exits, attempts):
    strategy = {"attempts": 3, "evaluateOnExit": exits}
    said = line.run("exit $AWS_BATCH_JOB_ATTEMPT", retryStrategy=strategy)
    assert [each["container"]["exitCode"] for each in said["attempts"]] == [*range(1, attempts + 1)]
    assert len({each["container"]["logStreamName"] for each in said["attempts"]}) == attempts
    assert said["retryStrategy"] == strategy


# https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
def test_a_job_that_takes_too_long_is_ended_and_not_tried_again(line):
    said = line.run(WAIT, timeout={"attemptDurationSeconds": 1}, retryStrategy={"attempts": 3})
    assert (said["status"], said["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert len(said["attempts"]) == 1


# https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html
def test_a_terminated_job_may_clear_up_first(line):
    job = line.submit(f"trap 'echo clearing; exit 7' TERM; echo ready; {WAIT}")
    line.says(job)
    line.batch.terminate_job(jobId=job, reason="enough")
    said = line.ended(job)
    assert (said["status"], said["statusReason"], said["container"]["exitCode"]) == ("FAILED", "enough", 7)
    assert said["isTerminated"]
    assert "clearing" in line.lines(said)


def test_a_terminated_job_that_does_not_end_is_ended(line, monkeypatch):
    monkeypatch.setattr(attempt, "GRACE_SECONDS", 0.1)
    job = line.submit(f"trap '' TERM; echo ready; {WAIT}")
    line.says(job)
    line.batch.terminate_job(jobId=job, reason="enough")
    assert line.ended(job)["container"]["exitCode"] == 128 + signal.SIGKILL


def test_a_waiting_job_is_cancelled_and_a_running_one_is_not(line):
    running, waiting = line.submit(WAIT, vcpus=16), line.submit("true", vcpus=16)
    line.reach(running, "RUNNING")
    for job in (running, waiting):
        line.batch.cancel_job(jobId=job, reason="enough")
    said = line.told(waiting)
    assert (said["status"], said["statusReason"], said["isCancelled"]) == ("FAILED", "enough", True)
    assert line.told(running)["status"] == "RUNNING"


def test_all_that_a_job_has_started_ends_with_it(line):
    said = line.run("sleep 1000 & echo $!; (trap '' TERM HUP; exec sleep 1000) & echo $!")
    for pid in line.lines(said):
        vanishes(int(pid))


def test_jobs_wait_while_there_are_no_vcpus(line):
    first, second = line.submit(WAIT, vcpus=16), line.submit("true", vcpus=1)
    line.reach(first, "RUNNING")
    assert line.told(second)["status"] == "RUNNABLE"
    line.batch.terminate_job(jobId=first, reason="enough")
    assert line.ended(second)["status"] == "SUCCEEDED"


def test_the_machine_runs_so_many_at_once(line, monkeypatch):
    monkeypatch.setattr(processes, "SLOTS", 1)
    first, second = line.submit(WAIT), line.submit("true")
    line.reach(first, "RUNNING")
    assert line.told(second)["status"] == "RUNNABLE"
    line.batch.terminate_job(jobId=first, reason="enough")
    assert line.ended(second)["status"] == "SUCCEEDED"


# https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html
@pytest.mark.parametrize(("code", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_a_job_waits_for_another_and_fails_with_it(line, tmp_path, code, status):
    gate = tmp_path / "gate"
    first = line.submit(f"until [ -e {gate} ]; do sleep 0.01; done; exit {code}")
    second = line.submit("true", dependsOn=[{"jobId": first}])
    line.reach(first, "RUNNING")
    assert line.told(second)["status"] == "PENDING"
    gate.touch()
    said = line.ended(second)
    assert said["status"] == status
    assert ("startedAt" in said) == (status == "SUCCEEDED")
    assert status == "SUCCEEDED" or said["statusReason"] == "Dependent Job failed"


# https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
@pytest.mark.parametrize(("failing", "status"), [(9, "SUCCEEDED"), (1, "FAILED")])
def test_an_array_runs_a_child_for_each_index_and_ends_with_the_last(line, failing, status):
    job = line.submit(
        f"echo $AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JOB_ARRAY_SIZE; [ $AWS_BATCH_JOB_ARRAY_INDEX != {failing} ]",
        arrayProperties={"size": 3},
    )
    said = line.ended(job)
    assert said["status"] == status
    assert said["arrayProperties"]["statusSummary"]["FAILED"] == (status == "FAILED")
    children = [line.told(f"{job}:{index}") for index in range(3)]
    assert [each["arrayProperties"]["index"] for each in children] == [0, 1, 2]
    assert [line.lines(each) for each in children] == [[f"{index} of 3"] for index in range(3)]


def test_the_children_of_an_array_run_one_by_one_where_they_shall(line, tmp_path):
    line.ended(
        line.submit(
            f"echo $AWS_BATCH_JOB_ARRAY_INDEX >> {tmp_path}/order",
            arrayProperties={"size": 4},
            dependsOn=[{"type": "SEQUENTIAL"}],
        )
    )
    assert (tmp_path / "order").read_text("utf-8").split() == ["0", "1", "2", "3"]


def test_an_array_is_terminated_with_its_children(line):
    job = line.submit(WAIT, arrayProperties={"size": 2})
    line.reach(f"{job}:0", "RUNNING")
    line.batch.terminate_job(jobId=job, reason="enough")
    assert line.ended(job)["status"] == "FAILED"
    assert {line.told(f"{job}:{index}")["statusReason"] for index in range(2)} == {"enough"}


def test_jobs_end_when_their_queue_is_deleted(line):
    job = line.submit(f"echo $$; {WAIT}")
    (pid,) = line.says(job)
    line.batch.update_job_queue(jobQueue="line", state="DISABLED")
    line.batch.delete_job_queue(jobQueue="line")
    assert line.told(job)["status"] == "FAILED"
    vanishes(int(pid))


def test_a_reset_ends_every_job_and_leaves_no_folder(line, running):
    job = line.submit(f"echo $$; pwd; {WAIT}")
    pid, folder = line.says(job, 2)
    running.reset(transition_polls=0)
    assert not living(int(pid))
    assert not Path(folder).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="no other system gives orphans to whom it is told")
def test_a_daemon_ends_with_its_job(line):
    daemon = "setsid sleep 300 > /dev/null & echo $!"
    said = line.run(f"{daemon}; setsid bash -c '{daemon}'; true")
    children = [int(pid) for pid in line.lines(said)]
    assert len(children) == 2
    assert not any(living(pid) for pid in children)


def test_a_job_whose_keeper_was_killed_was_killed(line):
    assert line.run("kill -9 $PPID")["container"]["exitCode"] == 128 + signal.SIGKILL


def test_a_job_ends_with_a_sandbox_that_was_killed(tmp_path):
    command = [sys.executable, "-I", "-S", keeper.__file__, str(tmp_path / "job"), "bash", "-c", f"echo $$; {WAIT}"]
    program = f"import subprocess as s; s.Popen({command}, stdin=s.PIPE, cwd='{tmp_path}/job').wait()"
    (tmp_path / "job").mkdir()
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as sandbox:
        pid = int(sandbox.stdout.readline())
        assert living(pid)
        sandbox.kill()
    vanishes(pid)
    within(lambda: not (tmp_path / "job").exists())
