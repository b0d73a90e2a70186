import pytest
from botocore.exceptions import ClientError

LIMIT = {
    "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "state": "RUNNABLE",
    "maxTimeSeconds": 600,
    "action": "CANCEL",
}


def limits(*seconds):
    return [{**LIMIT, "maxTimeSeconds": each} for each in seconds]


@pytest.mark.parametrize("seconds", [0, 599, 86401])
def test_a_time_limit_out_of_range_is_refused(account, seconds):
    account.create()
    with pytest.raises(ClientError, match="maxTimeSeconds"):
        account.create_queue("work", jobStateTimeLimitActions=limits(seconds))
    account.create_queue("work", jobStateTimeLimitActions=limits(600))
    with pytest.raises(ClientError, match="maxTimeSeconds"):
        account.batch.update_job_queue(jobQueue="line", jobStateTimeLimitActions=limits(600, seconds))
    assert account.queue()["jobStateTimeLimitActions"] == limits(600)


def test_the_time_limits_of_an_update_take_the_place_of_all_that_were_there(account):
    account.create()
    account.create_queue("work", jobStateTimeLimitActions=limits(600, 86400))
    account.batch.update_job_queue(jobQueue="line", priority=3)
    assert account.queue()["jobStateTimeLimitActions"] == limits(600, 86400)
    account.batch.update_job_queue(jobQueue="line", jobStateTimeLimitActions=limits(3600))
    assert account.queue()["jobStateTimeLimitActions"] == limits(3600)
    account.batch.update_job_queue(jobQueue="line", jobStateTimeLimitActions=[])
    assert account.queue()["jobStateTimeLimitActions"] == []


@pytest.mark.parametrize("wrong", [{"state": "RUNNING"}, {"action": "TERMINATE"}, {"action": "cancel"}])
def test_a_time_limit_cancels_what_is_runnable_and_nothing_else(account, wrong):
    account.create()
    with pytest.raises(ClientError, match=next(iter(wrong))):
        account.create_queue("work", jobStateTimeLimitActions=[LIMIT | wrong])
    account.create_queue("work")
    with pytest.raises(ClientError, match=next(iter(wrong))):
        account.batch.update_job_queue(jobQueue="line", jobStateTimeLimitActions=[LIMIT, LIMIT | wrong])
    assert account.queue()["jobStateTimeLimitActions"] == []
