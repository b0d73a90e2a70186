"""For each kind of thing that Metaflow touches: one that this environment could have, and the pattern it is one of.

A pattern is what Metaflow's own naming makes of the environment, and as narrow as that allows. Each function gives
nothing when the environment has no use for the thing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mfinfra.metaflow.parts import JOB_DEFINITIONS, Part, Parts
from mfinfra.metaflow.places import Root
from mfinfra.model import Ref

FLOW: Final = "Flow"
# `@project` puts its name and its branch before the flow's: metaflow/plugins/project_decorator.py
FLOWS: Final = (FLOW, "project.user.somebody.Flow", FLOW * 20)
MACHINE_NAME: Final = 80
RULE_NAME: Final = 64
UUID: Final = "00000000-0000-4000-8000-000000000000"
DEFINITION: Final = "metaflow_" + hashlib.sha224(b"").hexdigest()
_REGISTRY: Final = re.compile(r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+")


@dataclass(frozen=True, slots=True)
class Example:
    """A resource, the pattern of all of its sort, and the condition keys that a request on it carries.

    The ARN of a KMS key of this environment is a `Ref` until AWS has told it.
    """

    resource: str | Ref
    within: str | Ref
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Examples = tuple[Example, ...]


def objects(parts: Parts) -> Examples:
    """An object under each root."""
    return tuple(_object(root) for root in parts.roots)


def buckets(parts: Parts) -> Examples:
    """The bucket of each root, in a request about one object: it names no prefix."""
    return tuple(_itself(arn) for arn in dict.fromkeys(root.bucket_arn for root in parts.roots))


def listings(parts: Parts) -> Examples:
    """The bucket of each root, when what lies under the root is listed."""
    return tuple(
        Example(root.bucket_arn, root.bucket_arn, {"s3:prefix": (f"{root.below(FLOW).prefix}/",)})
        for root in parts.roots
    )


def datastore_keys(parts: Parts) -> Examples:
    """The keys that objects are encrypted with."""
    return _keys(parts, parts.datastore_keys)


def table(parts: Parts) -> Examples:
    """The table that remembers how many tasks a `foreach` has."""
    return _of(parts.table)


def table_keys(parts: Parts) -> Examples:
    """The key that the table is encrypted with."""
    return _keys(parts, parts.table_keys)


def secrets(parts: Parts) -> Examples:
    """A secret that `@secrets` may name, for each pattern; AWS ends its ARN with six characters of its own."""
    return tuple(Example(_secret(pattern), pattern) for pattern in parts.secrets)


def secret_roles(parts: Parts) -> Examples:
    """The roles that Metaflow assumes to read secrets."""
    return tuple(map(_itself, parts.secret_roles))


def secret_keys(parts: Parts) -> Examples:
    """The keys that secrets are encrypted with."""
    return _keys(parts, parts.secret_keys)


def queues(parts: Parts) -> Examples:
    """Every queue that a step may name."""
    return tuple(_itself(queue.arn) for queue in parts.queues)


def definitions(parts: Parts) -> Examples:
    """A job definition that Metaflow registers, without a revision and with one."""
    within = parts.scope.arn("batch", f"job-definition/{JOB_DEFINITIONS}")
    names = (DEFINITION, f"{DEFINITION}:1") if parts.queues else ()
    return tuple(Example(parts.scope.arn("batch", f"job-definition/{name}"), within) for name in names)


def new_definitions(parts: Parts) -> Examples:
    """A job definition that is being registered: it has no revision yet."""
    return definitions(parts)[:1]


def jobs(parts: Parts) -> Examples:
    """A job."""
    arn = parts.scope.arn("batch", f"job/{UUID}")
    return (Example(arn, parts.scope.arn("batch", "job/*")),) if parts.queues else ()


def tagged_jobs(parts: Parts) -> Examples:
    """A job, if Metaflow tags jobs."""
    return jobs(parts) if parts.emits_tags else ()


def batch(parts: Parts) -> Examples:
    """What AWS cannot hold to a resource of Batch."""
    return _ANYTHING if parts.queues else ()


def step_functions(parts: Parts) -> Examples:
    """What AWS cannot hold to a state machine."""
    return _ANYTHING if _deploys(parts) else ()


def history(parts: Parts) -> Examples:
    """What AWS cannot hold to a log group, if executions are logged."""
    return _ANYTHING if parts.log_group else ()


def machines(parts: Parts) -> Examples:
    """State machines that Metaflow makes."""
    names = machine_names(parts)
    return tuple(_state(parts, f"stateMachine:{name}", f"stateMachine:{parts.machines}") for name in names)


def executions(parts: Parts) -> Examples:
    """An execution of each."""
    within = f"execution:{parts.machines}"
    return tuple(_state(parts, f"execution:{name}:{UUID}", within) for name in machine_names(parts))


def mapped_machines(parts: Parts) -> Examples:
    """State machines that run themselves once more, for each item of a distributed map."""
    return machines(parts) if parts.distributed_map else ()


def mapped_executions(parts: Parts) -> Examples:
    """An execution for a distributed map: its machine's name, a slash, the map's label.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    names = machine_names(parts) if parts.distributed_map else ()
    within = f"execution:{parts.machines}"
    return tuple(_state(parts, f"execution:{name}/{UUID}:{UUID}", within) for name in names)


def map_results(parts: Parts) -> Examples:
    """What a distributed map leaves in S3."""
    root = parts.distributed_map_root
    return (_object(root),) if parts.distributed_map and root else ()


def map_keys(parts: Parts) -> Examples:
    """The keys that those results are encrypted with."""
    return datastore_keys(parts) if map_results(parts) else ()


def rules(parts: Parts) -> Examples:
    """The rule of each machine's schedule."""
    within = parts.scope.arn("events", f"rule/{parts.machines}")
    return tuple(Example(parts.scope.arn("events", f"rule/{rule_name(name)}"), within) for name in machine_names(parts))


def followed_jobs(parts: Parts) -> Examples:
    """The one rule by which Step Functions learns that a job has ended.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
    """
    rule = _itself(parts.scope.arn("events", "rule/StepFunctionsGetEventsForBatchJobsRule"))
    return (rule,) if parts.queues else ()


def handed_to(service: str, role: Callable[[Parts], Part | None]) -> Callable[[Parts], Examples]:
    """A role, when it is handed to a service."""

    def examples(parts: Parts) -> Examples:
        context = {"iam:PassedToService": (f"{service}.amazonaws.com",)}
        return tuple(Example(one.resource, one.within, context) for one in _of(role(parts)))

    return examples


def registry(parts: Parts) -> Examples:
    """What AWS cannot hold to a repository, if images come from ECR."""
    return _ANYTHING if images(parts) else ()


def images(parts: Parts) -> Examples:
    """The repository in ECR that the image of the jobs comes from."""
    name, place = str(parts.written("batch.image") or "python"), parts.written("batch.registry")
    host, _, path = (f"{place}/{name}" if place else name).partition("/")
    found = _REGISTRY.fullmatch(host)
    if not found:
        return ()
    repository = re.split(r"[:@]", path)[0]
    arn = parts.scope.arn("ecr", f"repository/{repository}", region=found["region"], account=found["account"])
    return (_itself(arn),)


def job_logs(parts: Parts) -> Examples:
    """A log stream of the log group that Batch writes to.

    https://docs.aws.amazon.com/batch/latest/userguide/using_cloudwatch_logs.html
    """
    group = parts.scope.arn("logs", "log-group:/aws/batch/job:log-stream:")
    return (Example(f"{group}metaflow/default/{UUID}", f"{group}*"),)


def machine_names(parts: Parts) -> tuple[str, ...]:
    """Names of state machines: a plain flow's, a project's, and the longest."""
    if not _deploys(parts):
        return ()
    before = parts.machines.removesuffix("*")
    return tuple(f"{before}{flow}"[:MACHINE_NAME] for flow in FLOWS)


def rule_name(machine: str) -> str:
    """What Metaflow calls the rule of a state machine: metaflow/plugins/aws/step_functions/event_bridge_client.py."""
    if len(machine) <= RULE_NAME:
        return machine
    ending = base64.b32encode(hashlib.sha1(machine.encode()).digest()).decode()[:16].lower()  # noqa: S324 - their name
    return f"{machine[:47]}-{ending}"


_ANYTHING: Final = (Example("*", "*"),)


def _deploys(parts: Parts) -> bool:
    return parts.written("step_functions") is not None


def _itself(arn: str) -> Example:
    return Example(arn, arn)


def _of(part: Part | None) -> Examples:
    return (_itself(part.arn),) if part else ()


def _object(root: Root) -> Example:
    return Example(f"{root.objects.removesuffix('*')}{FLOW}/1/start/1/0.attempt.json", root.objects)


def _state(parts: Parts, resource: str, within: str) -> Example:
    return Example(parts.scope.arn("states", resource), parts.scope.arn("states", within))


def _secret(pattern: str) -> str:
    if pattern.endswith("*"):
        return f"{pattern[:-1]}password-AbCdEf"
    return pattern.replace("??????", "AbCdEf")


def _keys(parts: Parts, keys: Iterable[str | Ref]) -> Examples:
    return tuple(_key(parts, key) for key in keys)


def _key(parts: Parts, key: str | Ref) -> Example:
    if isinstance(key, Ref):
        return Example(key, key)
    arn = key if key.startswith("arn:") else parts.scope.arn("kms", key if "/" in key else f"key/{key}")
    before, alias, name = arn.partition("alias/")
    if not alias:
        return _itself(arn)
    return Example(f"{before}key/{UUID}", f"{before}key/*", {"kms:ResourceAliases": (alias + name,)})
