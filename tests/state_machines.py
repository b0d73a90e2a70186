"""State machines on an embedded sandbox, for tests: a role with the rights that Metaflow's have, and executions."""

from __future__ import annotations

import json
import time
from typing import Any

ACCOUNT = "123456789012"
GROUP = "/aws/vendedlogs/states/m"
DESTINATION = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{GROUP}:*"
RIGHTS = {
    "batch": ["batch:SubmitJob", "batch:DescribeJobs"],
    "terminate": ["batch:TerminateJob"],
    "tags": ["batch:TagResource"],
    "rule": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    "table": ["dynamodb:GetItem"],
    "bucket": ["s3:GetObject", "s3:PutObject"],
    "children": ["states:StartExecution"],
    "logs": [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ],
}
JOBS = f"arn:aws:batch:us-east-1:{ACCOUNT}:job/*"
WHERE = {"terminate": JOBS, "tags": JOBS, "bucket": "arn:aws:s3:::*/*"}
"""Policy → what it is about, where that is not everything."""

PATIENCE = 20.0


def passing(**state: Any) -> dict[str, Any]:
    return {"StartAt": "only", "States": {"only": {"Type": "Pass", "End": True, **state}}}


def asking(service: str, action: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{service}:{action}", "Parameters": parameters, "End": True}
    return {"StartAt": "only", "States": {"only": {**task, **more}}}


JOB = asking("batch", "submitJob.sync", {"JobName": "j", "JobQueue": "line", "JobDefinition": "d"})


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TAGGED = asking(
    "batch", "submitJob.sync", {"JobName": "j", "JobQueue": "line", "JobDefinition": "d", "Tags": {"a": "b"}}
)


class Machines:
    """The role `states`, which has `RIGHTS`, and machines that have it."""

    def __init__(self, client_of: Any) -> None:
        self.sfn, self.iam = client_of("stepfunctions"), client_of("iam")
        self.role = self.make_role("states", "states.amazonaws.com", RIGHTS)
        client_of("logs").create_log_group(logGroupName=GROUP)

    def make_role(self, name: str, service: str, rights: dict[str, list[str]]) -> str:
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(service))["Role"]["Arn"]
        for policy, actions in rights.items():
            statement = {"Effect": "Allow", "Action": actions, "Resource": WHERE.get(policy, "*")}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            self.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
        return arn

    def lose(self, right: str) -> None:
        self.iam.delete_role_policy(RoleName="states", PolicyName=right)

    def create(self, definition: dict[str, Any], name: str = "m", **more: Any) -> str:
        usual = {"name": name, "definition": json.dumps(definition), "roleArn": self.role}
        arn: str = self.sfn.create_state_machine(**usual | more)["stateMachineArn"]
        return arn

    def start(self, machine: str, value: Any = None, **more: Any) -> str:
        text = json.dumps({} if value is None else value)
        arn: str = self.sfn.start_execution(stateMachineArn=machine, input=text, **more)["executionArn"]
        return arn

    def ended(self, execution: str) -> dict[str, Any]:
        """How the execution ended, which it does soon."""
        wait_until(lambda: self.sfn.describe_execution(executionArn=execution)["status"] != "RUNNING")
        told: dict[str, Any] = self.sfn.describe_execution(executionArn=execution)
        return told

    def run(self, definition: dict[str, Any], value: Any = None) -> dict[str, Any]:
        return self.ended(self.start(self.create(definition), value))

    def kinds(self, execution: str) -> list[str]:
        return [event["type"] for event in self.sfn.get_execution_history(executionArn=execution)["events"]]


def wait_until(condition: Any) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return found
