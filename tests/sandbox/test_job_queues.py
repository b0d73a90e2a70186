import pytest
from botocore.exceptions import ClientError


def refused(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    return caught.value.response["Error"]["Message"]


def test_a_queue_shows_arns_and_its_time_limits(account):
    arn = account.create()
    limit = {"reason": "stuck", "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    account.create_queue("work", jobStateTimeLimitActions=[limit], tags={"team": "ml"})
    said = account.queue()
    assert said["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": arn}]
    assert said["jobStateTimeLimitActions"] == [limit]
    assert (said["state"], said["status"], said["tags"]) == ("ENABLED", "VALID", {"team": "ml"})
    account.batch.update_job_queue(jobQueue="line", jobStateTimeLimitActions=[])
    assert account.queue()["jobStateTimeLimitActions"] == []


def test_a_queue_update_keeps_what_it_does_not_name(account):
    account.create("a")
    second = account.create("b")
    account.create_queue("a")
    account.batch.update_job_queue(jobQueue="line", priority=7)
    account.batch.update_job_queue(jobQueue="line", computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "b"}])
    said = account.queue()
    assert (said["priority"], said["state"]) == (7, "ENABLED")
    assert said["computeEnvironmentOrder"] == [{"order": 1, "computeEnvironment": second}]


def test_a_queue_needs_valid_environments(slow_account):
    slow_account.create()
    with pytest.raises(ClientError, match="not valid"):
        slow_account.create_queue("work")
    slow_account.environment()
    slow_account.create_queue("work")
    assert [slow_account.queue()["status"] for _ in range(2)] == ["CREATING", "VALID"]


def test_orders_that_batch_refuses_are_refused(account):
    for name in "abcd":
        account.create(name)
    account.create("f", resources=account.fargate())
    for members in (["ghost"], [], ["a", "f"], ["a", "b", "c", "d"]):
        with pytest.raises(ClientError) as caught:
            account.create_queue(*members)
        assert caught.value.response["Error"]["Code"] == "ClientException"
    assert account.queue() is None


def test_a_scheduling_policy_is_exchanged_but_neither_added_nor_deleted_in_use(account):
    account.create()
    policies = [account.batch.create_scheduling_policy(name=name)["arn"] for name in ("p", "q")]
    account.create_queue("work")
    account.create_queue("work", name="fair", schedulingPolicyArn=policies[0])
    update = account.batch.update_job_queue
    assert "fairshare" in refused(update, jobQueue="line", schedulingPolicyArn=policies[0])
    update(jobQueue="fair", schedulingPolicyArn=policies[1])
    assert account.queue("fair")["schedulingPolicyArn"] == policies[1]
    assert "in use" in refused(account.batch.delete_scheduling_policy, arn=policies[1])
    account.batch.delete_scheduling_policy(arn=policies[0])


def test_tags_are_added_listed_and_taken_away(account):
    arn = account.create(tags={"a": "1"})
    account.batch.tag_resource(resourceArn=arn, tags={"b": "2"})
    account.batch.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert account.batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert account.environment()["tags"] == {"b": "2"}


def test_a_job_is_submitted_to_a_queue(account):
    account.create()
    account.create_queue("work")
    properties = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
    account.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    job = account.batch.submit_job(jobName="j", jobQueue="line", jobDefinition="d")["jobId"]
    assert account.batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "SUCCEEDED"


def test_a_job_names_its_share_where_the_queue_is_shared_and_nowhere_else(account):
    account.create()
    account.create_queue("work")
    policy = account.batch.create_scheduling_policy(name="p")["arn"]
    account.create_queue("work", name="fair", schedulingPolicyArn=policy)
    properties = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
    account.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    submit, job = account.batch.submit_job, {"jobName": "j", "jobDefinition": "d"}
    assert "shareIdentifier must be specified" in refused(submit, jobQueue="fair", **job)
    assert "shareIdentifier must not" in refused(submit, jobQueue="line", shareIdentifier="a", **job)
    assert submit(jobQueue="fair", shareIdentifier="a", **job)["jobId"]


def submitted(account, vcpus):
    """The id of a job that wants `vcpus`."""
    properties = {"image": "busybox", "vcpus": vcpus, "memory": 128, "command": ["true"]}
    account.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    return account.batch.submit_job(jobName="j", jobQueue="line", jobDefinition="d")["jobId"]


def waiting(account):
    rows = account.batch.list_jobs(jobQueue="line", jobStatus="RUNNABLE")["jobSummaryList"]
    return [row["jobId"] for row in rows]


def status_of(account, job):
    return account.batch.describe_jobs(jobs=[job])["jobs"][0]["status"]


def test_a_job_larger_than_every_environment_waits_until_one_grows(account):
    account.create()
    account.create_queue("work")
    job = submitted(account, vcpus=17)
    assert waiting(account) == [job]
    account.batch.update_compute_environment(computeEnvironment="work", computeResources={"maxvCpus": 32})
    assert (status_of(account, job), waiting(account)) == ("SUCCEEDED", [])


def test_a_job_waits_for_an_enabled_environment(account):
    account.create()
    account.create_queue("work")
    account.batch.update_compute_environment(computeEnvironment="work", state="DISABLED")
    job = submitted(account, vcpus=1)
    assert status_of(account, job) == "RUNNABLE"
    account.batch.update_compute_environment(computeEnvironment="work", state="ENABLED")
    assert status_of(account, job) == "SUCCEEDED"


@pytest.mark.parametrize("how", ["terminated", "queue deleted"])
def test_a_waiting_job_that_is_taken_away_fails(account, how):
    account.create()
    account.create_queue("work")
    job = submitted(account, vcpus=17)
    if how == "terminated":
        account.batch.terminate_job(jobId=job, reason="enough")
    else:
        account.batch.update_job_queue(jobQueue="line", state="DISABLED")
        account.batch.delete_job_queue(jobQueue="line")
    assert status_of(account, job) == "FAILED"
