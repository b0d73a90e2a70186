"""The statements that Metaflow's code, Step Functions, EventBridge and people need: each only if its cause is in use.

`Sid`s name the cause. Where a resource is `*`, AWS knows no narrower one for these actions.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mfinfra.metaflow.parts import JOB_DEFINITIONS, Part, Parts
from mfinfra.model import Ref
from mfinfra.policy import statement

Statements = list[dict[str, Any]]

_ALL = "*"


def datastore(parts: Parts) -> Statements:
    """Read and write what Metaflow keeps in S3. It never deletes and never copies.

    The bucket is listed without a condition on the prefix. Metaflow asks with `HeadObject` before every first write and
    needs 404, which S3 answers only to who may list the bucket; such a request has no prefix to compare with.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    roots = parts.roots
    if not roots:
        return []
    # Uploads over 8 MB come in parts; one that fails is aborted, or its parts stay and cost.
    actions = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
    return [
        statement("s3:ListBucket", [root.bucket_arn for root in roots], sid="ListDatastore"),
        statement(actions, [root.objects for root in roots], sid="DatastoreObjects"),
        *_keys(parts, "DatastoreKey", parts.datastore_keys, "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def foreach(parts: Parts) -> Statements:
    """Write down how many tasks a `foreach` has, and find them again in the join."""
    if not parts.table:
        return []
    actions = ("dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem")
    return [statement(actions, parts.table.arn, sid="Foreach"), *_foreach_key(parts)]


def read_foreach(parts: Parts) -> Statements:
    """Read how many tasks a `foreach` has."""
    if not parts.table:
        return []
    return [statement("dynamodb:GetItem", parts.table.arn, sid="ReadForeach"), *_foreach_key(parts)]


def secrets(parts: Parts) -> Statements:
    """Read what `@secrets` names."""
    found = []
    if parts.secrets:
        found.append(statement("secretsmanager:GetSecretValue", parts.secrets, sid="Secrets"))
    if parts.secret_roles:
        found.append(statement("sts:AssumeRole", parts.secret_roles, sid="SecretsRole"))
    return [*found, *_keys(parts, "SecretsKey", parts.secret_keys, "kms:Decrypt")]


def submit_jobs(parts: Parts) -> Statements:
    """Send jobs to any queue of the environment, with Metaflow's job definitions only; tag them if it tags."""
    definitions = parts.scope.arn("batch", f"job-definition/{JOB_DEFINITIONS}")
    jobs = parts.scope.arn("batch", "job/*")
    queues = [queue.arn for queue in parts.queues]
    found = [
        statement("batch:SubmitJob", [*queues, definitions], sid="SubmitJobs"),
        statement("batch:TerminateJob", jobs, sid="TerminateJobs"),
    ]
    # https://docs.aws.amazon.com/batch/latest/userguide/supported-iam-actions-tagging.html
    return [*found, *([statement("batch:TagResource", jobs, sid="TagJobs")] if parts.emits_tags else [])]


def follow_jobs(parts: Parts) -> Statements:
    """Know when a job is done: `.sync` has Step Functions keep one rule of this very name.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
    """
    rule = parts.scope.arn("events", "rule/StepFunctionsGetEventsForBatchJobsRule")
    return [
        statement("batch:DescribeJobs", _ALL, sid="DescribeJobs"),
        statement(("events:PutTargets", "events:PutRule", "events:DescribeRule"), rule, sid="FollowJobs"),
    ]


def deliver_logs(parts: Parts) -> Statements:
    """Write the history of executions to CloudWatch Logs.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
    """
    if not parts.log_group:
        return []
    deliveries = [f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")]
    others = ("ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")
    return [statement([*deliveries, *(f"logs:{name}" for name in others)], _ALL, sid="DeliverLogs")]


def distributed_map(parts: Parts) -> Statements:
    """Run a `foreach` as executions of its own, and hand over their results in S3.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    root = parts.distributed_map_root
    if not (parts.distributed_map and root):
        return []
    objects = ("s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
    executions = ("states:DescribeExecution", "states:StopExecution")
    return [
        *start_machines(parts),
        statement(executions, _states(parts, "execution"), sid="FollowMapRuns"),
        statement(objects, root.objects, sid="MapResults"),
        *_keys(parts, "MapResultsKey", parts.datastore_keys, "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def start_machines(parts: Parts) -> Statements:
    """Start this environment's state machines."""
    return [statement("states:StartExecution", _states(parts, "stateMachine"), sid="StartMachines")]


def use_batch(parts: Parts) -> Statements:
    """What `run --with batch` and `batch list` and `kill` ask of Batch."""
    if not parts.queues:
        return []
    looks = ("JobQueues", "ComputeEnvironments", "JobDefinitions", "Jobs")
    definitions = parts.scope.arn("batch", f"job-definition/{JOB_DEFINITIONS}")
    return [
        statement([*(f"batch:Describe{what}" for what in looks), "batch:ListJobs"], _ALL, sid="LookAtBatch"),
        statement("batch:RegisterJobDefinition", definitions, sid="RegisterJobs"),
        *submit_jobs(parts),
    ]


def deploy_machines(parts: Parts) -> Statements:
    """What every `step-functions` command asks for, `delete` included."""
    if parts.written("step_functions") is None:
        return []
    on_machines = [f"states:{verb}StateMachine" for verb in ("Create", "Update", "Describe", "Delete")]
    on_rules = ("PutRule", "PutTargets", "DisableRule", "RemoveTargets", "DeleteRule")
    machines, rules = _states(parts, "stateMachine"), parts.scope.arn("events", f"rule/{parts.machines}")
    return [
        statement("states:ListStateMachines", _ALL, sid="ListMachines"),
        statement([*on_machines, "states:StartExecution", "states:ListExecutions"], machines, sid="DeployMachines"),
        statement("states:StopExecution", _states(parts, "execution"), sid="StopExecutions"),
        statement([f"events:{name}" for name in on_rules], rules, sid="Schedules"),
    ]


def pass_roles(parts: Parts) -> Statements:
    """Hand the roles to the services that run with them, and to no other.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    return [
        *_pass("PassTaskRoles", "ecs-tasks", parts.job_role, parts.execution_role),
        *_pass("PassStepFunctionsRole", "states", parts.step_functions_role),
        *_pass("PassEventsRole", "events", parts.events_role),
    ]


def _pass(sid: str, service: str, *roles: Part | None) -> Statements:
    arns = [role.arn for role in roles if role]
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    return [statement("iam:PassRole", arns, sid=sid, condition=condition)] if arns else []


def _states(parts: Parts, what: str) -> str:
    # An execution's ARN continues with its machine's name: `execution:prod_Flow:…`, `execution:prod_Flow/Map:…`.
    return parts.scope.arn("states", f"{what}:{parts.machines}")


def _foreach_key(parts: Parts) -> Statements:
    # DynamoDB asks KMS in the name of who asks it.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    return _keys(parts, "ForeachKey", parts.table_keys, "kms:Decrypt", "kms:DescribeKey")


def _keys(parts: Parts, sid: str, keys: Iterable[str | Ref], *actions: str) -> Statements:
    """Use of keys. A policy cannot name one by its alias: that takes a condition, on the keys of the account.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    known: list[str | Ref] = []
    aliases: dict[str, list[str]] = {}
    for key in keys:
        if isinstance(key, Ref):
            known.append(key)
            continue
        arn = key if key.startswith("arn:") else parts.scope.arn("kms", key if "/" in key else f"key/{key}")
        before, alias, name = arn.partition("alias/")
        if alias:
            aliases.setdefault(f"{before}key/*", []).append(alias + name)
        else:
            known.append(arn)
    found = [statement(actions, known, sid=sid)] if known else []
    for number, (resource, names) in enumerate(aliases.items()):
        condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names}}
        found.append(statement(actions, resource, sid=f"{sid}ByAlias{number or ''}", condition=condition))
    return found
