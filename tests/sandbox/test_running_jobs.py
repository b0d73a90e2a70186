"""Jobs that run: on the first environment that takes them, for as long as a test says, counted in looks."""

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.corrections.batch import jobs, work

pytestmark = pytest.mark.slow


@pytest.fixture
def line(account):
    """A queue over two environments, of which each has room for two jobs; they run until they are finished."""
    for name in ("first", "second"):
        account.create(name)
    account.create_queue("first", "second")
    properties = {"image": "busybox", "vcpus": 8, "memory": 128, "command": ["true"]}
    account.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    jobs.run_for(work.UNTIL_FINISHED)
    return account


def submit(account, times=1, queue="line"):
    """The ids of new jobs."""
    params = {"jobName": "j", "jobQueue": queue, "jobDefinition": "d"}
    return [account.batch.submit_job(**params)["jobId"] for _ in range(times)]


def told(account, job):
    return account.batch.describe_jobs(jobs=[job])["jobs"][0]


def status(account, job):
    return told(account, job)["status"]


def place(account, job):
    """The name of the environment that a job is started on."""
    return jobs.start(job).rsplit("/", 1)[-1]


def tasks(client_of, account, name, **params):
    cluster = account.environment(name)["ecsClusterArn"]
    return client_of("ecs").list_tasks(cluster=cluster, **{"desiredStatus": "RUNNING", **params})["taskArns"]


def refusal(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"


# https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
def test_a_job_goes_through_its_states_as_often_as_it_is_asked_about(line):
    jobs.run_for(2)
    (job,) = submit(line)
    seen = [status(line, job) for _ in range(6)]
    assert seen == ["RUNNABLE", "STARTING", "RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]


def test_the_questions_of_one_round_see_a_job_once(line):
    (job,) = submit(line)
    rounds = []
    for order in (["RUNNABLE", "STARTING", "RUNNING"], ["RUNNING", "RUNNABLE", "STARTING"]) * 2:
        seen = [
            state
            for state in order
            for row in line.batch.list_jobs(jobQueue="line", jobStatus=state)["jobSummaryList"]
            if row["jobId"] == job
        ]
        rounds.append(seen)
    assert rounds == [["RUNNABLE"], ["STARTING"], ["RUNNING"], ["RUNNING"]]


def test_a_job_runs_until_it_is_finished(line):
    well, badly = submit(line, 2)
    for job in (well, badly):
        jobs.start(job)
        assert {status(line, job) for _ in range(5)} == {"RUNNING"}
    jobs.finish(well)
    jobs.finish(badly, success=False)
    assert [status(line, job) for job in (well, badly)] == ["SUCCEEDED", "FAILED"]


# https://docs.aws.amazon.com/batch/latest/userguide/job_queue_parameters.html
def test_jobs_fill_the_first_environment_and_then_the_next(line):
    many = submit(line, 5)
    assert [place(line, job) for job in many[:4]] == ["first", "first", "second", "second"]
    with pytest.raises(ValueError, match="no environment takes it"):
        jobs.start(many[4])
    jobs.finish(many[2])
    assert place(line, many[4]) == "second"


# https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html (state)
def test_a_disabled_environment_takes_no_job_and_keeps_those_it_has(line):
    (running,) = submit(line)
    jobs.start(running)
    line.batch.update_compute_environment(computeEnvironment="first", state="DISABLED")
    (other,) = submit(line)
    assert place(line, other) == "second"
    assert {status(line, running) for _ in range(3)} == {"RUNNING"}


def retire(account, name):
    """Disable an environment, take it from the queue and delete it."""
    account.batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    order = [{"order": 1, "computeEnvironment": "second"}]
    account.batch.update_job_queue(jobQueue="line", computeEnvironmentOrder=order)
    account.batch.delete_compute_environment(computeEnvironment=name)


# https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html ("Host EC2*")
def test_a_job_fails_with_its_environment(line):
    running, waiting = submit(line, 2)
    jobs.start(running)
    retire(line, "first")
    said = told(line, running)
    assert said["status"] == "FAILED"
    assert said["statusReason"].startswith("Host EC2 (instance i-0")
    assert place(line, waiting) == "second"


# https://docs.aws.amazon.com/batch/latest/APIReference/API_DeleteComputeEnvironment.html
def test_fargate_is_not_deleted_under_a_job(line):
    line.create("serverless", resources=line.fargate())
    line.create_queue("serverless", name="free")
    (job,) = submit(line, queue="free")
    jobs.start(job)
    line.batch.update_job_queue(jobQueue="free", state="DISABLED")
    line.batch.update_compute_environment(computeEnvironment="serverless", state="DISABLED")
    line.create("more", resources=line.fargate())
    order = [{"order": 1, "computeEnvironment": "more"}]
    line.batch.update_job_queue(jobQueue="free", computeEnvironmentOrder=order)
    line.batch.delete_compute_environment(computeEnvironment="serverless")
    assert (line.environment("serverless")["status"], status(line, job)) == ("INVALID", "RUNNING")
    jobs.finish(job)
    line.batch.delete_compute_environment(computeEnvironment="serverless")
    assert line.environment("serverless") is None


# https://docs.aws.amazon.com/batch/latest/APIReference/API_DeleteJobQueue.html
def test_a_queue_that_is_deleted_ends_its_jobs(line):
    running, waiting = submit(line, 2)
    jobs.start(running)
    line.batch.update_job_queue(jobQueue="line", state="DISABLED")
    assert status(line, running) == "RUNNING"
    line.batch.delete_job_queue(jobQueue="line")
    assert [status(line, job) for job in (running, waiting)] == ["FAILED", "FAILED"]


def test_a_job_is_terminated_while_it_runs(line):
    (job,) = submit(line)
    jobs.start(job)
    line.batch.terminate_job(jobId=job, reason="enough")
    said = told(line, job)
    assert (said["status"], said["statusReason"]) == ("FAILED", "enough")


# https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateJobQueue.html (state)
def test_a_queue_that_is_disabled_or_not_there_takes_no_job(line):
    line.batch.update_job_queue(jobQueue="line", state="DISABLED")
    for queue in ("line", "ghost"):
        said = refusal(line.batch.submit_job, jobName="j", jobQueue=queue, jobDefinition="d")
        assert said.startswith("ClientException: ")


# https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
@pytest.mark.parametrize(("terminate", "after"), [(True, "FAILED"), (False, "RUNNING")])
def test_an_infrastructure_update_ends_jobs_where_its_policy_says_so(line, terminate, after):
    line.create("new", resources=line.instances(allocationStrategy="BEST_FIT_PROGRESSIVE"))
    line.create_queue("new", name="progressive")
    (job,) = submit(line, queue="progressive")
    jobs.start(job)
    policy = {"terminateJobsOnUpdate": terminate, "jobExecutionTimeoutMinutes": 30}
    update = line.batch.update_compute_environment
    update(computeEnvironment="new", updatePolicy=policy)
    update(computeEnvironment="new", computeResources={"maxvCpus": 32})
    assert status(line, job) == "RUNNING"
    update(computeEnvironment="new", computeResources={"instanceTypes": ["m5"]})
    assert status(line, job) == after


# https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html (desiredvCpus)
def test_desired_vcpus_follow_what_runs_up_at_once_and_down_a_look_later(line):
    line.batch.update_compute_environment(computeEnvironment="first", computeResources={"minvCpus": 4})

    def desired():
        return line.environment("first")["computeResources"]["desiredvCpus"]

    many = submit(line, 2)
    levels = [desired()]
    for job in many:
        jobs.start(job)
        levels.append(desired())
    for job in many:
        jobs.finish(job)
        levels += [desired(), desired()]
    assert levels == [4, 8, 16, 16, 8, 8, 4]


# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
def test_a_running_job_is_a_task_of_its_environment(line, client_of):
    running, waiting = submit(line, 2)
    jobs.start(running)
    (task,) = tasks(client_of, line, "first")
    assert told(line, running)["container"]["taskArn"] == task
    assert "taskArn" not in told(line, waiting)["container"]
    name = line.environment("first")["ecsClusterArn"].rsplit("/", 1)[-1]
    assert f":task/{name}/" in task
    assert client_of("ecs").list_tasks(cluster=name)["taskArns"] == [task]
    assert tasks(client_of, line, "first", desiredStatus="STOPPED") == tasks(client_of, line, "second") == []
    jobs.finish(running)
    assert tasks(client_of, line, "first") == []


def test_a_cluster_goes_with_its_environment(line, client_of):
    cluster = line.environment("first")["ecsClusterArn"]
    retire(line, "first")
    assert refusal(client_of("ecs").list_tasks, cluster=cluster) == "ClusterNotFoundException: Cluster not found."


def test_a_drain_sees_a_job_end_after_the_looks_that_it_takes(line, client_of):
    jobs.run_for(3)
    (job,) = submit(line)
    jobs.start(job)
    assert [len(tasks(client_of, line, "first")) for _ in range(5)] == [1, 1, 1, 0, 0]


def test_tasks_come_in_pages(line, client_of):
    line.batch.update_compute_environment(computeEnvironment="first", computeResources={"maxvCpus": 1024})
    for job in submit(line, 3):
        jobs.start(job)
    cluster = line.environment("first")["ecsClusterArn"]
    paginator = client_of("ecs").get_paginator("list_tasks")
    pages = paginator.paginate(cluster=cluster, PaginationConfig={"PageSize": 2})
    assert [len(page["taskArns"]) for page in pages] == [2, 1]


def test_jobs_end_at_once_where_no_test_says_otherwise(line):
    jobs.run_for(0)
    assert [status(line, job) for job in submit(line, 9)] == ["SUCCEEDED"] * 9
