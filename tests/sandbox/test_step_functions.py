"""Step Functions: what may be created, how executions run, and with which rights.

https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html
"""

import json
import re
import threading

import pytest
from botocore.exceptions import ClientError
from state_machines import DESTINATION, GROUP, JOB, TAGGED, Machines, asking, passing, wait_until

from mfinfra.sandbox.corrections.batch import jobs, work
from mfinfra.sandbox.corrections.stepfunctions import running as limited

pytestmark = pytest.mark.slow

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
LOGGED = {"level": "ALL", "includeExecutionData": True}
LOGGED["destinations"] = [{"cloudWatchLogsLogGroup": {"logGroupArn": DESTINATION}}]


@pytest.fixture
def machines(sandbox, client_of):
    return Machines(client_of)


@pytest.fixture
def line(account, client_of):
    """State machines beside a queue whose jobs run until they are finished."""
    account.create()
    account.create_queue("work")
    properties = {"image": "busybox", "vcpus": 1, "memory": 128, "command": ["true"]}
    account.batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    jobs.run_for(work.UNTIL_FINISHED)
    return Machines(client_of)


def refusal(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]


def job_of(client_of, status="RUNNABLE"):
    rows = wait_until(lambda: client_of("batch").list_jobs(jobQueue="line", jobStatus=status)["jobSummaryList"])
    return rows[0]["jobId"]


# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
def test_the_same_machine_is_created_once(machines):
    assert machines.create(passing()) == machines.create(passing()) == ARN


@pytest.mark.parametrize("more", [{"definition": json.dumps(passing(Result=1))}, {"loggingConfiguration": LOGGED}])
def test_another_machine_of_the_same_name_is_refused_and_its_arn_quoted(machines, more):
    machines.create(passing())
    error = (
        refusal(machines.create, definition=passing(), **more)
        if "definition" not in more
        else refusal(machines.create, definition=passing(Result=1))
    )
    assert (error["Code"], error["Message"].split("'")[1]) == ("StateMachineAlreadyExists", ARN)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"definition": "{"}, "InvalidDefinition"),
        ({"definition": json.dumps({"StartAt": "a", "States": {}})}, "InvalidDefinition"),
        ({"name": "a b"}, "InvalidName"),
        ({"roleArn": "states"}, "InvalidArn"),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, "AccessDeniedException"),
        ({"loggingConfiguration": {"level": "ALL"}}, "InvalidLoggingConfiguration"),
    ],
)
def test_what_is_no_machine_is_refused(machines, params, code):
    usual = {"name": "m", "definition": json.dumps(passing()), "roleArn": machines.role}
    assert refusal(machines.sfn.create_state_machine, **usual | params)["Code"] == code
    assert machines.sfn.list_state_machines()["stateMachines"] == []


def logged(arn):
    return {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (DESTINATION.removesuffix(":*"), "InvalidLoggingConfiguration"),
        (GROUP, "InvalidLoggingConfiguration"),
        (DESTINATION.replace("/m:", "/none:"), "AccessDeniedException"),
    ],
)
def test_a_log_destination_is_a_group_that_is_there(machines, arn, code):
    error = refusal(machines.create, definition=passing(), loggingConfiguration=logged(arn))
    assert error["Code"] == code


def test_the_role_has_to_be_allowed_to_deliver_logs(machines):
    machines.lose("logs")
    error = refusal(machines.create, definition=passing(), loggingConfiguration=LOGGED)
    told = "The state machine IAM Role is not authorized to access the Log Destination"
    assert (error["Code"], error["Message"]) == ("AccessDeniedException", told)


def test_the_role_has_to_trust_step_functions(machines):
    other = machines.make_role("other", "batch.amazonaws.com", {})
    error = refusal(machines.create, definition=passing(), roleArn=other)
    assert error["Code"] == "AccessDeniedException"
    assert "states.amazonaws.com" in error["Message"]


def test_waiting_for_a_job_takes_a_rule_that_the_role_may_make(machines):
    machines.lose("rule")
    error = refusal(machines.create, definition=JOB)
    assert error["Message"] == f"'{machines.role}' is not authorized to create managed-rule."


def test_an_update_is_checked_as_a_creation_is(machines):
    machines.create(passing())
    update = machines.sfn.update_state_machine
    assert refusal(update, stateMachineArn=ARN, definition="{")["Code"] == "InvalidDefinition"
    machines.lose("rule")
    assert refusal(update, stateMachineArn=ARN, definition=json.dumps(JOB))["Code"] == "AccessDeniedException"
    update(stateMachineArn=ARN, definition=json.dumps(passing(Result=2)))
    assert json.loads(machines.ended(machines.start(ARN))["output"]) == 2


def test_a_definition_is_validated_without_a_machine(machines):
    validate = machines.sfn.validate_state_machine_definition
    assert validate(definition=json.dumps(passing()))["result"] == "OK"
    told = validate(definition=json.dumps(passing(Type="Pas")))
    assert (told["result"], told["diagnostics"][0]["code"]) == ("FAIL", "SCHEMA_VALIDATION_FAILED")


# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
def test_an_execution_runs(machines):
    told = machines.run(passing(Parameters={"x.$": "$.a", "run.$": "$$.Execution.Name"}), {"a": 1})
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"x": 1, "run": told["name"]})
    assert told["startDate"] <= told["stopDate"]
    assert machines.kinds(told["executionArn"]) == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


def test_a_name_is_taken_once(machines):
    machine = machines.create(passing())
    machines.ended(machines.start(machine, name="one"))
    error = refusal(machines.start, machine=machine, name="one")
    assert (error["Code"], error["Message"].split("'")[1].split(":")[-2:]) == ("ExecutionAlreadyExists", ["m", "one"])


def test_the_same_execution_is_started_once_while_it_runs(line):
    machine = line.create(JOB)
    assert line.start(machine, {"a": 1}, name="one") == line.start(machine, {"a": 1}, name="one")
    assert refusal(line.start, machine=machine, value={"a": 2}, name="one")["Code"] == "ExecutionAlreadyExists"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"input": "{"}, "InvalidExecutionInput"),
        ({"input": json.dumps("x" * 262_144)}, "InvalidExecutionInput"),
        ({"name": "a b"}, "InvalidName"),
        ({"stateMachineArn": f"{ARN}x"}, "StateMachineDoesNotExist"),
    ],
)
def test_what_is_no_execution_is_refused(machines, params, code):
    machine = machines.create(passing())
    assert refusal(machines.sfn.start_execution, **{"stateMachineArn": machine} | params)["Code"] == code


def test_executions_are_listed_newest_first_in_pages(machines):
    machine = machines.create(passing())
    arns = [machines.start(machine, name=name) for name in ("a", "b", "c")]
    for arn in arns:
        machines.ended(arn)
    pages = machines.sfn.get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter="SUCCEEDED", PaginationConfig={"PageSize": 2}
    )
    assert [[row["name"] for row in page["executions"]] for page in pages] == [["c", "b"], ["a"]]
    assert machines.sfn.list_executions(stateMachineArn=machine, statusFilter="FAILED")["executions"] == []


def test_a_history_is_told_in_pages_from_either_end(machines):
    execution = machines.run(passing())["executionArn"]
    history = machines.sfn.get_execution_history
    first = history(executionArn=execution, maxResults=3)
    assert [event["id"] for event in first["events"]] == [1, 2, 3]
    assert [event["id"] for event in history(executionArn=execution, nextToken=first["nextToken"])["events"]] == [4]
    assert history(executionArn=execution, reverseOrder=True)["events"][0]["type"] == "ExecutionSucceeded"
    bare = history(executionArn=execution, includeExecutionData=False)["events"][0]
    assert "input" not in bare["executionStartedEventDetails"]


@pytest.mark.parametrize(
    "operation", ["describe_execution", "stop_execution", "get_execution_history", "list_map_runs"]
)
def test_an_execution_that_is_not_there_is_not_found(machines, operation):
    arn = ARN.replace("stateMachine", "execution") + ":none"
    assert refusal(getattr(machines.sfn, operation), executionArn=arn)["Code"] == "ExecutionDoesNotExist"


def test_an_execution_is_logged_as_the_machine_says(machines, client_of):
    machine = machines.create(passing(Result="hush"), loggingConfiguration=LOGGED)
    execution = machines.ended(machines.start(machine))["executionArn"]
    logs = client_of("logs")
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
    rows = [json.loads(event["message"]) for event in events]
    assert [row["type"] for row in rows] == machines.kinds(execution)
    assert {row["execution_arn"] for row in rows} == {execution}
    assert rows[2]["details"]["output"] == '"hush"'
    assert stream["logStreamName"].startswith("states/m/")


def test_only_failures_are_logged_where_the_machine_says_so(machines, client_of):
    config = {**LOGGED, "level": "ERROR", "includeExecutionData": False}
    machine = machines.create({"StartAt": "f", "States": {"f": {"Type": "Fail"}}}, loggingConfiguration=config)
    machines.ended(machines.start(machine))
    logs = client_of("logs")
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
    assert [json.loads(event["message"])["type"] for event in events] == ["ExecutionFailed"]


def test_an_execution_that_takes_too_long_times_out(machines):
    waiting = {"StartAt": "w", "TimeoutSeconds": 1, "States": {"w": {"Type": "Wait", "Seconds": 60, "End": True}}}
    told = machines.run(waiting)
    assert (told["status"], told["error"]) == ("TIMED_OUT", "States.Timeout")


# https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
def test_a_machine_that_goes_round_and_round_ends_and_leaves_others_their_turn(machines, monkeypatch):
    circle = machines.start(machines.create({"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "a"}}}))
    other = machines.start(machines.create(passing(), name="other"))
    assert machines.ended(other)["status"] == "SUCCEEDED"
    monkeypatch.setattr(limited, "MOST_EVENTS", 5)
    told = machines.ended(circle)
    assert (told["status"], told["error"]) == ("FAILED", "States.Runtime")
    assert "The execution reached the maximum number of history events" in told["cause"]


def test_a_job_is_waited_for_and_its_description_is_the_result(line, client_of):
    execution = line.start(line.create(JOB))
    job = job_of(client_of)
    assert line.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    jobs.start(job)
    jobs.finish(job)
    output = json.loads(line.ended(execution)["output"])
    assert (output["JobId"], output["Status"], output["JobName"]) == (job, "SUCCEEDED", "j")
    variable = {"Name": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
    assert variable in output["Container"]["Environment"]
    assert {"TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"} <= set(line.kinds(execution))


def test_a_job_that_fails_fails_the_execution_with_its_description(line, client_of):
    execution = line.start(line.create(JOB))
    job = job_of(client_of)
    jobs.start(job)
    jobs.finish(job, success=False)
    told = line.ended(execution)
    assert (told["status"], told["error"]) == ("FAILED", "States.TaskFailed")
    assert (json.loads(told["cause"])["JobId"], json.loads(told["cause"])["Status"]) == (job, "FAILED")


def test_a_stopped_execution_ends_its_jobs(line, client_of):
    execution = line.start(line.create(JOB))
    job = job_of(client_of)
    line.sfn.stop_execution(executionArn=execution, error="Mine", cause="enough")
    told = line.ended(execution)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "Mine", "enough")
    wait_until(lambda: line.kinds(execution)[-1] == "ExecutionAborted")
    rows = client_of("batch").describe_jobs(jobs=[job])["jobs"]
    assert [row["status"] for row in rows] == ["FAILED"]
    again = line.sfn.stop_execution(executionArn=execution)
    assert again["stopDate"] == told["stopDate"]


def test_a_role_that_may_not_end_jobs_leaves_them(line, client_of, caplog):
    execution = line.start(line.create(JOB))
    job = job_of(client_of)
    line.lose("terminate")
    line.sfn.stop_execution(executionArn=execution)
    wait_until(lambda: line.kinds(execution)[-1] == "ExecutionAborted")
    assert client_of("batch").describe_jobs(jobs=[job])["jobs"][0]["status"] != "FAILED"
    assert f"the job {job} goes on" in caplog.text


def test_a_deleted_machine_ends_its_executions_at_their_next_state(line, client_of):
    definition = json.loads(json.dumps(JOB))
    definition["States"]["only"] |= {"Next": "then"}
    del definition["States"]["only"]["End"]
    definition["States"]["then"] = {"Type": "Pass", "End": True}
    execution = line.start(machine := line.create(definition))
    job = job_of(client_of)
    line.sfn.delete_state_machine(stateMachineArn=machine)
    jobs.start(job)
    jobs.finish(job)
    assert line.ended(execution)["status"] == "ABORTED"


@pytest.mark.parametrize(
    ("lost", "definition", "error", "action"),
    [
        ("batch", JOB, "Batch.AWSBatchException", "batch:SubmitJob"),
        ("tags", TAGGED, "Batch.AWSBatchException", "batch:TagResource"),
        (
            "table",
            asking("dynamodb", "getItem", {"TableName": "t", "Key": {"pathspec": {"S": "x"}}}),
            "DynamoDB.AmazonDynamoDBException",
            "dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/t",
        ),
        (
            "bucket",
            asking("aws-sdk:s3", "getObject", {"Bucket": "results", "Key": "k"}),
            "S3.S3Exception",
            "s3:GetObject on resource: arn:aws:s3:::results/k",
        ),
    ],
)
def test_a_role_that_lacks_a_right_fails_the_execution(line, lost, definition, error, action):
    machine = line.create(definition)
    line.lose(lost)
    told = line.ended(line.start(machine))
    assert (told["status"], told["error"]) == ("FAILED", error)
    assert f"is not authorized to perform: {action}" in told["cause"]


# https://github.com/ASFHyP3/hyp3/pull/805
def test_a_job_that_is_not_taken_is_told_as_step_functions_tells_it(line):
    machine = line.create(JOB)
    line.lose("batch")
    execution = line.start(machine)
    service = (
        r"\(Service: AWSBatch; Status Code: 403; Error Code: AccessDeniedException; Request ID: .{36}; Proxy: null\)$"
    )
    assert re.search(service, line.ended(execution)["cause"])
    assert line.kinds(execution)[-3:] == ["TaskStarted", "TaskSubmitFailed", "ExecutionFailed"]


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        (asking("dynamodb", "getItem", {"TableName": "t", "Key": {}}), "DynamoDB.ResourceNotFoundException"),
        (asking("aws-sdk:s3", "getObject", {"Bucket": "results", "Key": "k"}), "S3.NoSuchBucketException"),
        (asking("batch", "submitJob.sync", {"JobNames": "j"}), "States.Runtime"),
        (asking("batch", "submitJob.sync", {"JobName": "j", "ContainerOverrides": 1}), "States.Runtime"),
        (asking("lambda", "invoke", {}), "States.Runtime"),
        (asking("aws-sdk:s3", "makeCoffee", {}), "States.Runtime"),
    ],
)
def test_a_call_that_fails_fails_the_execution_by_name(machines, definition, error):
    told = machines.run(definition)
    assert (told["status"], told["error"]) == ("FAILED", error)
    assert "the sandbox failed" not in told["cause"]


def test_an_item_of_a_table_and_an_object_are_read(machines, client_of):
    table, s3 = client_of("dynamodb"), client_of("s3")
    key = [{"AttributeName": "pathspec", "AttributeType": "S"}]
    schema = [{"AttributeName": "pathspec", "KeyType": "HASH"}]
    table.create_table(TableName="t", AttributeDefinitions=key, KeySchema=schema, BillingMode="PAY_PER_REQUEST")
    table.put_item(TableName="t", Item={"pathspec": {"S": "x"}, "n": {"NS": ["0", "1"]}})
    s3.create_bucket(Bucket="results")
    s3.put_object(Bucket="results", Key="k", Body=b'{"a": 1}')
    item = asking("dynamodb", "getItem", {"TableName": "t", "Key": {"pathspec": {"S.$": "$.id"}}})
    told = machines.run(item, {"id": "x"})
    assert json.loads(told["output"])["Item"]["n"] == {"NS": ["0", "1"]}
    selector = {"Body.$": "States.StringToJson($.Body)"}
    reading = asking("aws-sdk:s3", "getObject", {"Bucket": "results", "Key": "k"}, ResultSelector=selector)
    machine = machines.create(reading, name="r")
    assert json.loads(machines.ended(machines.start(machine))["output"]) == {"Body": {"a": 1}}


# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
def spread(**more):
    processor = {**passing(), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "Label": "Spread", "End": True}
    return {"StartAt": "map", "States": {"map": {**state, **more}}}


def test_the_children_of_a_distributed_map_are_executions(machines, client_of):
    client_of("s3").create_bucket(Bucket="results")
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "results", "Prefix": "out"}}
    told = machines.run(spread(ResultWriter=writer, MaxConcurrency=2), {"items": ["x", "y", "z"]})
    output = json.loads(told["output"])
    sfn = machines.sfn
    (row,) = sfn.list_map_runs(executionArn=told["executionArn"])["mapRuns"]
    assert row["mapRunArn"] == output["MapRunArn"]
    assert row["mapRunArn"].startswith("arn:aws:states:us-east-1:123456789012:mapRun:m/Spread:")
    run = sfn.describe_map_run(mapRunArn=row["mapRunArn"])
    assert (run["status"], run["maxConcurrency"], run["itemCounts"]["succeeded"]) == ("SUCCEEDED", 2, 3)
    children = sfn.list_executions(mapRunArn=row["mapRunArn"])["executions"]
    assert all(":execution:m/Spread:" in child["executionArn"] for child in children)
    assert len(sfn.list_executions(stateMachineArn=ARN)["executions"]) == 1
    manifest = json.loads(
        client_of("s3").get_object(Bucket="results", Key=output["ResultWriterDetails"]["Key"])["Body"].read()
    )
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    rows = json.loads(client_of("s3").get_object(Bucket="results", Key=file["Key"])["Body"].read())
    assert sorted(row["Output"] for row in rows) == ['"x"', '"y"', '"z"']
    assert {row["ExecutionArn"] for row in rows} == {child["executionArn"] for child in children}


def test_a_child_is_not_stopped_alone(machines):
    waiting = {"StartAt": "w", "States": {"w": {"Type": "Wait", "Seconds": 60, "End": True}}}
    processor = {**waiting, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    parent = machines.start(machines.create(spread(ItemProcessor=processor)), {"items": [1]})
    (run,) = wait_until(lambda: machines.sfn.list_map_runs(executionArn=parent)["mapRuns"])
    (child,) = wait_until(lambda: machines.sfn.list_executions(mapRunArn=run["mapRunArn"])["executions"])
    stop = machines.sfn.stop_execution
    assert "stop the execution that began its map" in refusal(stop, executionArn=child["executionArn"])["Message"]
    stop(executionArn=parent)
    wait_until(lambda: machines.sfn.describe_map_run(mapRunArn=run["mapRunArn"])["status"] == "ABORTED")
    assert machines.sfn.describe_execution(executionArn=child["executionArn"])["status"] == "ABORTED"


def test_a_distributed_map_takes_the_right_to_start_executions(machines):
    machines.lose("children")
    told = machines.run(spread(), {"items": [1]})
    assert (told["status"], told["error"]) == ("FAILED", "States.Permissions")


def test_nothing_goes_on_behind_a_reset(line, sandbox, client_of):
    line.start(line.create(JOB))
    job_of(client_of)
    threads = [thread for thread in threading.enumerate() if thread.name == "mfinfra-executions"]
    sandbox.reset(transition_polls=0)
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert line.sfn.list_state_machines()["stateMachines"] == []


def test_a_strict_sandbox_sees_a_new_role_late(running, client_of):
    running.reset(transition_polls=0, late_by=2)
    machines = Machines(client_of)
    codes = [refusal(machines.create, definition=passing())["Code"] for _ in range(2)]
    assert codes == ["AccessDeniedException"] * 2
    assert machines.create(passing()) == ARN
