"""Every call of AWS that Metaflow 2.19.39, and the services that act for it, make: a row each.

`operations` are those of botocore that a permission is for. Read in Metaflow's source, whose file stands in each row,
and in AWS's pages for what Step Functions, EventBridge and ECS ask for by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from mfinfra.metaflow import examples
from mfinfra.metaflow.examples import Examples
from mfinfra.metaflow.parts import Parts

_S3: Final = "metaflow/plugins/datatools/s3/s3op.py"
_BATCH: Final = "metaflow/plugins/aws/batch/batch_client.py"
_SFN: Final = "metaflow/plugins/aws/step_functions/step_functions_client.py"
_EVENTS: Final = "metaflow/plugins/aws/step_functions/event_bridge_client.py"
_TABLE: Final = "metaflow/plugins/aws/step_functions/dynamo_db_client.py"
_SECRETS: Final = "metaflow/plugins/aws/secrets_manager/aws_secrets_manager_secrets_provider.py"
_COMPILED: Final = "metaflow/plugins/aws/step_functions/step_functions.py"
_SYNC: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html"
_MAP: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html"
_LOGS: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
_S3_KEY: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_TABLE_KEY: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
_SECRET_KEY: Final = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"  # noqa: S105
_FARGATE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
_PASS: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"  # noqa: S105
_TAGS: Final = "https://docs.aws.amazon.com/batch/latest/userguide/supported-iam-actions-tagging.html"

Who = tuple[tuple[str, str], ...]
_DATA: Final[Who] = (("user", "s3"), ("job_role", "in a job"))
_JOB: Final[Who] = (("job_role", "in a job"),)
_SECRET: Final[Who] = (("user", "secrets"), ("job_role", "in a job"))
_RUN: Final[Who] = (("user", "batch"),)
_DEPLOY: Final[Who] = (("user", "step-functions create"),)
_MACHINE: Final[Who] = (("step_functions_role", "state machine"),)
_MAPPED: Final[Who] = (("step_functions_role", "distributed map"),)
_HISTORY: Final[Who] = (("step_functions_role", "execution history"),)


@dataclass(frozen=True, slots=True)
class Row:
    """Who (role and mode) needs an action, on what, for which operations, why, and where that is written."""

    who: Who
    action: str
    operations: tuple[str, ...]
    examples: Callable[[Parts], Examples]
    why: str
    source: str


def _called(who: Who, actions: str, examples: Callable[[Parts], Examples], why: str, source: str) -> list[Row]:
    """Rows of actions that are called as their operations are."""
    rows = _asked(who, actions, examples, why, source)
    return [replace(row, operations=(row.action.replace("states:", "stepfunctions:"),)) for row in rows]


def _asked(who: Who, actions: str, examples: Callable[[Parts], Examples], why: str, source: str) -> list[Row]:
    """Rows of actions that a service asks for by itself."""
    return [Row(who, action, (), examples, why, source) for action in actions.split()]


_UPLOADS: Final = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
_DATASTORE: Final = [
    Row(
        _DATA,
        "s3:ListBucket",
        ("s3:HeadObject",),
        examples.buckets,
        "see whether an object is there: S3 says 404 only to who may list the bucket, and 403 to everybody else",
        _S3,
    ),
    Row(_DATA, "s3:ListBucket", ("s3:ListObjectsV2",), examples.listings, "find what a run has left", _S3),
    Row(_DATA, "s3:GetObject", ("s3:HeadObject", "s3:GetObject"), examples.objects, "read artifacts and logs", _S3),
    Row(
        _DATA,
        "s3:PutObject",
        tuple(f"s3:{name}" for name in _UPLOADS),
        examples.objects,
        "write artifacts, code packages and logs, those over 8 MB in parts",
        _S3,
    ),
    *_called(_DATA, "s3:AbortMultipartUpload", examples.objects, "drop the parts of an upload that failed", _S3),
    *_asked(_DATA, "kms:Decrypt", examples.datastore_keys, "S3 decrypts an object for who reads it", _S3_KEY),
    *_asked(_DATA, "kms:GenerateDataKey", examples.datastore_keys, "S3 encrypts an object for who writes it", _S3_KEY),
]
_IN_A_JOB: Final = [
    *_called(_JOB, "dynamodb:PutItem", examples.table, "write down how many tasks a foreach has", _TABLE),
    *_called(_JOB, "dynamodb:UpdateItem", examples.table, "write down which task of a foreach has ended", _TABLE),
    *_called(_JOB, "dynamodb:GetItem", examples.table, "find the tasks of a foreach in the join", _TABLE),
    *_asked(_JOB, "kms:Decrypt kms:DescribeKey", examples.table_keys, "DynamoDB decrypts the table", _TABLE_KEY),
    *_called(_SECRET, "secretsmanager:GetSecretValue", examples.secrets, "read what `@secrets` names", _SECRETS),
    *_called(_SECRET, "sts:AssumeRole", examples.secret_roles, "read secrets with a role of their own", _SECRETS),
    *_asked(_SECRET, "kms:Decrypt", examples.secret_keys, "Secrets Manager decrypts a secret", _SECRET_KEY),
]
_LOOKS: Final = "batch:DescribeJobQueues batch:DescribeComputeEnvironments batch:DescribeJobDefinitions"
_SUBMITTED: Final = "send a step to a queue"
_WITH_BATCH: Final = [
    *_called((*_RUN, *_DEPLOY), _LOOKS, examples.batch, "learn which platform a queue has", _BATCH),
    *_called(
        (*_RUN, *_DEPLOY),
        "batch:RegisterJobDefinition",
        examples.new_definitions,
        "describe the container of a step",
        _BATCH,
    ),
    *_asked(
        (*_RUN, *_DEPLOY),
        "iam:PassRole",
        examples.handed_to("ecs-tasks", lambda parts: parts.job_role if parts.queues else None),
        "jobs run with the job role",
        _PASS,
    ),
    *_asked(
        (*_RUN, *_DEPLOY),
        "iam:PassRole",
        examples.handed_to("ecs-tasks", lambda parts: parts.execution_role if parts.queues else None),
        "Fargate starts jobs with the execution role",
        _PASS,
    ),
    *_called(_RUN, "batch:SubmitJob", examples.queues, _SUBMITTED, _BATCH),
    *_called(_RUN, "batch:SubmitJob", examples.definitions, _SUBMITTED, _BATCH),
    *_asked(_RUN, "batch:TagResource", examples.tagged_jobs, "a job is submitted with its tags", _TAGS),
    *_called(_RUN, "batch:DescribeJobs", examples.batch, "follow a job", _BATCH),
    *_called((("user", "batch list"), ("user", "batch kill")), "batch:ListJobs", examples.batch, "find jobs", _BATCH),
    *_called((*_RUN, ("user", "batch kill")), "batch:TerminateJob", examples.jobs, "end a job", _BATCH),
]
_COMMANDS: Final = tuple(f"step-functions {name}" for name in ("create", "trigger", "list-runs", "terminate", "delete"))
_DEPLOYED: Final = [
    *_called(
        tuple(("user", mode) for mode in _COMMANDS),
        "states:ListStateMachines",
        examples.step_functions,
        "find a state machine by its name",
        _SFN,
    ),
    *_called(
        tuple(("user", mode) for mode in _COMMANDS[:-1]),
        "states:DescribeStateMachine",
        examples.machines,
        "see whose deployment it is",
        _SFN,
    ),
    *_called(_DEPLOY, "states:CreateStateMachine states:UpdateStateMachine", examples.machines, "deploy a flow", _SFN),
    *_asked(
        _DEPLOY,
        "iam:PassRole",
        examples.handed_to("states", lambda parts: parts.step_functions_role),
        "a state machine runs with its role",
        _PASS,
    ),
    *_called((("user", "step-functions trigger"),), "states:StartExecution", examples.machines, "start a run", _SFN),
    *_called(
        (("user", "step-functions list-runs"), ("user", "step-functions terminate")),
        "states:ListExecutions",
        examples.machines,
        "find runs",
        _SFN,
    ),
    *_called((("user", "step-functions terminate"),), "states:StopExecution", examples.executions, "end a run", _SFN),
    *_called(
        (("user", "step-functions delete"),), "states:DeleteStateMachine", examples.machines, "take it back", _SFN
    ),
]
_SCHEDULED: Final = [
    *_called(_DEPLOY, "events:DisableRule", examples.rules, "a flow without `@schedule` has none", _EVENTS),
    *_called(
        (("user", "schedule"),), "events:PutRule events:PutTargets", examples.rules, "start by the clock", _EVENTS
    ),
    *_asked(
        (("user", "schedule"),),
        "iam:PassRole",
        examples.handed_to("events", lambda parts: parts.events_role),
        "EventBridge starts state machines with its role",
        _PASS,
    ),
    *_called(
        (("user", "step-functions delete"),),
        "events:RemoveTargets events:DeleteRule",
        examples.rules,
        "take the schedule back",
        _EVENTS,
    ),
    *_asked(
        (("events_role", "events"),), "states:StartExecution", examples.machines, "do what the schedule is for", _EVENTS
    ),
]
_RUNNING: Final = [
    *_asked(_MACHINE, "batch:SubmitJob", examples.queues, _SUBMITTED, _COMPILED),
    *_asked(_MACHINE, "batch:SubmitJob", examples.definitions, _SUBMITTED, _COMPILED),
    *_asked(_MACHINE, "batch:TagResource", examples.tagged_jobs, "a job is submitted with its tags", _TAGS),
    *_asked(_MACHINE, "batch:DescribeJobs", examples.batch, "know how a job ended", _SYNC),
    *_asked(_MACHINE, "batch:TerminateJob", examples.jobs, "end the jobs of an execution that is stopped", _SYNC),
    *_asked(
        _MACHINE,
        "events:PutTargets events:PutRule events:DescribeRule",
        examples.followed_jobs,
        "learn when a job has ended",
        _SYNC,
    ),
    *_asked(_MACHINE, "dynamodb:GetItem", examples.table, "see how many tasks a foreach has", _COMPILED),
    *_asked(_MACHINE, "kms:Decrypt kms:DescribeKey", examples.table_keys, "DynamoDB decrypts the table", _TABLE_KEY),
    *_asked(
        _HISTORY,
        "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery "
        "logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups",
        examples.history,
        "have CloudWatch Logs take the history of executions",
        _LOGS,
    ),
]
_DISTRIBUTED: Final = [
    *_asked(_MAPPED, "states:StartExecution", examples.mapped_machines, "run each item as an execution", _MAP),
    *_asked(
        _MAPPED,
        "states:DescribeExecution states:StopExecution",
        examples.mapped_executions,
        "follow and end the executions of the items",
        _MAP,
    ),
    *_asked(
        _MAPPED,
        "s3:GetObject s3:PutObject s3:ListMultipartUploadParts s3:AbortMultipartUpload",
        examples.map_results,
        "hand the results over in S3",
        _MAP,
    ),
    *_asked(_MAPPED, "kms:Decrypt kms:GenerateDataKey", examples.map_keys, "S3 encrypts those results", _MAP),
]
_STARTED: Final = [
    *_asked(
        (("execution_role", "fargate execution"),), "ecr:GetAuthorizationToken", examples.registry, "pull", _FARGATE
    ),
    *_asked(
        (("execution_role", "fargate execution"),),
        "ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage",
        examples.images,
        "pull the image",
        _FARGATE,
    ),
    *_asked(
        (("execution_role", "fargate execution"),),
        "logs:CreateLogStream logs:PutLogEvents",
        examples.job_logs,
        "write what a job prints",
        _FARGATE,
    ),
]
ROWS: Final = (
    *_DATASTORE,
    *_IN_A_JOB,
    *_WITH_BATCH,
    *_DEPLOYED,
    *_SCHEDULED,
    *_RUNNING,
    *_DISTRIBUTED,
    *_STARTED,
)
