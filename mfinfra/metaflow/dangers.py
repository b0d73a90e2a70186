"""What no role of an environment may be able to do, however it is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from mfinfra.evaluate import Request
from mfinfra.metaflow import examples, needs
from mfinfra.metaflow.arns import secret_of
from mfinfra.metaflow.examples import Example
from mfinfra.metaflow.needs import USER, Need
from mfinfra.metaflow.parts import Part, Parts
from mfinfra.metaflow.places import Root
from mfinfra.model import Ref

ROLES: Final = ("job_role", "execution_role", "step_functions_role", "events_role")
# The policy of this role is AWS's own: it names no resources.
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
_PULLS: Final = ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
_WRITTEN_BY_AWS: Final = {
    *(("execution_role", f"ecr:{name}") for name in _PULLS),
    *(("execution_role", f"logs:{name}") for name in ("CreateLogStream", "PutLogEvents")),
}
_OTHER: Final = "somebody-elses"
_KEY: Final = "99999999-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Danger:
    """One action that a role must be denied; `why` says what it would do."""

    role: str
    action: str
    resource: str | Ref
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    why: str = ""

    @property
    def request(self) -> Request:
        """As IAM is asked."""
        return Request(self.action, str(self.resource), self.context)


@dataclass(frozen=True, slots=True)
class _Row:
    actions: str
    resources: Callable[[Parts], Iterable[str | Example]]
    why: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def dangers(self, role: str, parts: Parts) -> Iterator[Danger]:
        """For one role; the keys of an example's context are those of the request."""
        places = [one if isinstance(one, Example) else Example(one, one, self.context) for one in self.resources(parts)]
        for action in self.actions.split():
            yield from (Danger(role, action, place.resource, place.context, self.why) for place in places)


def of(parts: Parts) -> tuple[Danger, ...]:
    """Every danger, for each role that `metaflow` names and for the user.

    They are the same for all, and for each role what only others need, and what it needs where it is on everything.
    """
    every = needs.of(parts)
    present = [role for role in ROLES if getattr(parts, role) is not None]
    found = (item for role in (*present, USER) for item in (*_everybodys(role, parts), *_others(role, every)))
    return tuple({(item.role, item.action, item.resource, str(item.context)): item for item in found}.values())


def _everybodys(role: str, parts: Parts) -> Iterator[Danger]:
    every = (item for row in _ROWS for item in row.dangers(role, parts))
    return (item for item in every if (role, item.action) not in _WRITTEN_BY_AWS)


def _others(role: str, every: Iterable[Need]) -> Iterator[Danger]:
    ours = [need for need in every if need.role == role]
    for need in ours:
        if need.within != "*" and (role, need.action) not in _WRITTEN_BY_AWS:
            yield Danger(role, need.action, "*", need.context, "it would have this on everything")
    for need in every:
        if not any(_includes(own, need) for own in ours):
            yield Danger(role, need.action, need.resource, need.context, f"only {need.role} needs it")


def _includes(own: Need, need: Need) -> bool:
    if own.action != need.action or own.context != need.context:
        return False
    return own.within == need.resource or fnmatchcase(str(need.resource), str(own.within))


def _names(kind: str, service: str, before: str) -> Callable[[Parts], Iterable[str]]:
    return lambda parts: [parts.scope.arn(service, f"{before}{_OTHER}{kind}")]


def _anything(_: Parts) -> Iterable[str]:
    return ["*"]


def _other_bucket(parts: Parts) -> Iterable[str]:
    return [f"arn:{parts.scope.partition}:s3:::{_OTHER}", *(f"{root.bucket_arn}-2" for root in parts.roots)]


def _other_objects(parts: Parts) -> Iterable[str]:
    """Objects of other buckets, and those of ours that lie beside the roots."""
    beside = [
        Root(root.bucket, prefix, root.partition)
        for root in parts.roots
        if root.prefix
        for prefix in (_OTHER, f"{root.prefix}2")
    ]
    ours = [place for place in beside if not any(root.holds(place) for root in parts.roots)]
    return [*(f"{arn}/key" for arn in _other_bucket(parts)), *(f"{place.objects[:-1]}key" for place in ours)]


def _other_machines(parts: Parts) -> Iterable[str]:
    return [parts.scope.arn("states", f"stateMachine:{name}") for name in _others_of(parts)]


def _other_executions(parts: Parts) -> Iterable[str]:
    return [parts.scope.arn("states", f"execution:{name}:{examples.UUID}") for name in _others_of(parts)]


def _other_rules(parts: Parts) -> Iterable[str]:
    return [parts.scope.arn("events", f"rule/{name}") for name in _others_of(parts)]


def _others_of(parts: Parts) -> Iterable[str]:
    """Machines of others. Without a prefix every name is one of ours; `production_Flow` is none of prefix `prod`."""
    prefix = parts.written("step_functions.prefix")
    return [f"{prefix}uction_{examples.FLOW}", f"{_OTHER}_{examples.FLOW}"] if prefix else []


def _other_secrets(parts: Parts) -> Iterable[str]:
    prefix = parts.written("secrets.prefix")
    if prefix == "":
        return []
    region = parts.written("secrets.region")
    longer = (f"{pattern.removesuffix('-??????')}-2-AbCdEf" for pattern in parts.secrets if pattern.endswith("-??????"))
    uncovered = (arn for arn in longer if not any(fnmatchcase(arn, pattern) for pattern in parts.secrets))
    return [secret_of(f"{_OTHER}-AbCdEf", parts.scope, region), *uncovered]


def _own(*parts_of: Callable[[Parts], Part | None]) -> Callable[[Parts], Iterable[str]]:
    return lambda parts: [part.arn for find in parts_of if (part := find(parts))]


def _own_keys(parts: Parts) -> Iterable[Example]:
    return (*examples.datastore_keys(parts), *examples.table_keys(parts), *examples.secret_keys(parts))


def _role(parts: Parts) -> Iterable[str]:
    return [parts.scope.arn("iam", f"role/{_OTHER}", region="")]


_own_roles: Final = _own(*(lambda parts, role=role: getattr(parts, role) for role in ROLES))
_TO_TASKS: Final = {"iam:PassedToService": ("ecs-tasks.amazonaws.com",)}
_TO_LAMBDA: Final = {"iam:PassedToService": ("lambda.amazonaws.com",)}
_ROWS: Final = (
    _Row("s3:GetObject s3:PutObject", _other_objects, "read and write data of others"),
    _Row("s3:ListBucket", _other_bucket, "list data of others"),
    _Row("s3:DeleteObject s3:DeleteObjectVersion", examples.objects, "lose data: Metaflow never deletes"),
    _Row("s3:PutObjectAcl s3:BypassGovernanceRetention", examples.objects, "give data away"),
    _Row("s3:DeleteBucket s3:PutBucketPolicy s3:PutBucketAcl", examples.buckets, "lose the datastore, or give it away"),
    _Row("s3:PutLifecycleConfiguration s3:PutBucketVersioning", examples.buckets, "have S3 delete data"),
    _Row("s3:CreateBucket s3:ListAllMyBuckets", _anything, "look at and make other buckets"),
    _Row("iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy", _role, "get any permission"),
    _Row("iam:UpdateAssumeRolePolicy iam:PutRolePolicy iam:AttachRolePolicy", _own_roles, "get any permission"),
    _Row("iam:CreateUser iam:CreateAccessKey iam:CreatePolicyVersion", _anything, "get any permission"),
    _Row("iam:PassRole", _role, "run jobs with a role of others", _TO_TASKS),
    _Row("iam:PassRole", _own_roles, "hand a role to a service that it is not for", _TO_LAMBDA),
    _Row("iam:PassRole", _own_roles, "hand a role to anybody"),
    _Row("sts:AssumeRole", _role, "act as somebody else"),
    _Row("sts:AssumeRole", _own_roles, "act as another role"),
    _Row("batch:SubmitJob", _names("", "batch", "job-queue/"), "use the compute of others"),
    _Row("batch:SubmitJob", _names(":1", "batch", "job-definition/"), "run as a role of others"),
    _Row("batch:RegisterJobDefinition", _names("", "batch", "job-definition/"), "change the jobs of others"),
    _Row("batch:DeleteJobQueue batch:UpdateJobQueue", examples.queues, "stop the queue"),
    _Row("batch:UpdateComputeEnvironment batch:CreateComputeEnvironment", _anything, "use compute without a limit"),
    _Row("states:StartExecution states:UpdateStateMachine states:DeleteStateMachine", _other_machines, "run others'"),
    _Row("states:DescribeExecution states:StopExecution", _other_executions, "stop what others run"),
    _Row("events:PutRule events:PutTargets events:DeleteRule events:DisableRule", _other_rules, "change schedules"),
    _Row("events:PutEvents events:CreateEventBus", _anything, "set others' rules off"),
    _Row("dynamodb:PutItem dynamodb:GetItem dynamodb:UpdateItem", _names("", "dynamodb", "table/"), "others' tables"),
    _Row("dynamodb:DeleteTable dynamodb:DeleteItem dynamodb:Scan", _own(lambda parts: parts.table), "lose the table"),
    _Row("secretsmanager:GetSecretValue", _other_secrets, "read secrets of others"),
    _Row("secretsmanager:PutSecretValue secretsmanager:DeleteSecret secretsmanager:ListSecrets", _anything, "secrets"),
    _Row("kms:Decrypt kms:GenerateDataKey", lambda parts: [parts.scope.arn("kms", f"key/{_KEY}")], "others' keys"),
    _Row("kms:ScheduleKeyDeletion kms:PutKeyPolicy kms:CreateGrant", _anything, "lose all that is encrypted"),
    _Row("kms:ScheduleKeyDeletion kms:PutKeyPolicy kms:CreateGrant", _own_keys, "lose all that is encrypted"),
    _Row("secretsmanager:PutSecretValue secretsmanager:DeleteSecret", examples.secrets, "change what jobs are told"),
    _Row("sts:TagSession", examples.secret_roles, "be taken for another by the role of the secrets"),
    _Row("batch:CancelJob batch:UntagResource", examples.jobs, "Metaflow ends jobs, and never takes tags away"),
    _Row("batch:DeregisterJobDefinition", examples.definitions, "stop flows that are deployed"),
    _Row("states:TagResource states:ListStateMachineVersions", examples.machines, "Metaflow never does"),
    _Row("states:RedriveExecution states:GetExecutionHistory", examples.executions, "Metaflow never does"),
    _Row("events:ListTargetsByRule events:TagResource", examples.rules, "Metaflow never does"),
    _Row("events:DeleteRule events:DisableRule", examples.followed_jobs, "Step Functions would wait for ever"),
    _Row("logs:DeleteLogGroup", _own(lambda parts: parts.log_group), "lose the history"),
    _Row("logs:GetLogEvents logs:PutLogEvents", _names(":*", "logs", "log-group:"), "read and fake logs of others"),
    _Row("ec2:RunInstances ec2:TerminateInstances lambda:InvokeFunction lambda:CreateFunction", _anything, "compute"),
    _Row("ecr:PutImage ecr:DeleteRepository", _names("", "ecr", "repository/"), "run another image in every job"),
)
