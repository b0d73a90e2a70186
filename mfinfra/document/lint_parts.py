"""The rules of `lint` for who plays which part: the resources that the `metaflow` block names, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from mfinfra.document import meant
from mfinfra.document.lint_compute import FARGATE
from mfinfra.document.tree import shown
from mfinfra.model import Environment

VENDED = "/aws/vendedlogs/"
LOG_GROUP = "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"
# What a field of the block stands for, where people may have said it as a setting.
SAID_AS: Mapping[str, str] = {
    "datastore": "METAFLOW_DATASTORE_SYSROOT_S3",
    "batch.queue": "METAFLOW_BATCH_JOB_QUEUE",
    "batch.job_role": "METAFLOW_ECS_S3_ACCESS_IAM_ROLE",
    "step_functions.role": "METAFLOW_SFN_IAM_ROLE",
    "step_functions.events_role": "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE",
    "step_functions.log_group": LOG_GROUP,
    "service.url": "METAFLOW_SERVICE_URL",
}
# What Metaflow says, or does, without a part that another one needs.
WITHOUT: Mapping[str, str] = {
    "datastore": "Metaflow keeps its data on the machine that starts a run, and stops at `@batch`",
    "batch.queue": "`step-functions create` ends with a `ParamValidationError`",
    "batch.job_role": "every `@batch` step ends with a `ParamValidationError`",
    "step_functions.role": "`step-functions create` ends with an `AttributeError`",
    "step_functions.events_role": "`step-functions create` fails once it has made the state machine",
    "service.url": "every command of Metaflow fails: `METAFLOW_DEFAULT_METADATA` wants a service",
}
OF_BATCH = ("datastore", "batch.job_role")
OF_STEP_FUNCTIONS = ("datastore", "batch.queue", "batch.job_role", "step_functions.role", "step_functions.events_role")
LOOPBACK = re.compile(r"localhost|127(\.[0-9]+){3}|::1|0\.0\.0\.0")
# What people call environments, each with the other words for it.
STAGES: Mapping[str, str] = {
    **dict.fromkeys(("prod", "production", "prd"), "production"),
    **dict.fromkeys(("staging", "stage", "stg", "preprod"), "staging"),
    **dict.fromkeys(("dev", "development", "devel"), "development"),
    **dict.fromkeys(("test", "testing", "qa"), "test"),
}
REACHING = ("step_functions", "events", "user")

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def _execution_role(environment: Environment) -> Iterator[Finding]:
    queue = meant.played(environment, "batch.queue", "job_queue")
    listed = (queue.spec.get("compute_environments") if queue else None) or ()
    first = meant.named(environment, "compute_environment", listed[0]) if listed else None
    if first and first.spec.get("type") in FARGATE and not meant.written(environment, "batch.execution_role"):
        message = f"`execution_role` is missing: `{first.address}` is Fargate, which needs it to start a container"
        yield ("batch",), "MF1108", message, "write a role with `preset: fargate_execution`, and its address here"


def _fair_share(environment: Environment) -> Iterator[Finding]:
    """Batch refuses a job without a share identifier, and Metaflow (2.19) has no way to give one.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
    """
    queue = meant.played(environment, "batch.queue", "job_queue")
    if queue and queue.spec.get("scheduling_policy"):
        message = f"`{queue.address}` has a scheduling policy: it takes no job without a share, and Metaflow says none"
        yield ("batch", "queue"), "MF2112", message, "name a queue without one, or see that all jobs say their share"


def _table(environment: Environment) -> Iterator[Finding]:
    table = meant.played(environment, "step_functions.table", "table")
    if table is None:
        return
    place = ("resources", "table", table.address.name)
    for name, wanted in (("hash_key", "pathspec"), ("range_key", ""), ("ttl_attribute", "ttl")):
        value = table.spec.get(name)
        if isinstance(value, str) and value != wanted:
            message = f"Metaflow needs `{name}: {wanted}`" if wanted else f"Metaflow needs a table without `{name}`"
            yield (*place, name), "MF1109", message, "remove the field: its default is right"
    types = table.spec.get("attributes")
    if isinstance(types, Mapping) and types.get("pathspec", "S") != "S":
        yield (*place, "attributes", "pathspec"), "MF1109", "Metaflow needs `pathspec` to be text (`S`)", None


def _log_group(environment: Environment) -> Iterator[Finding]:
    group = meant.played(environment, "step_functions.log_group", "log_group")
    name = group.spec.get("name") if group else None
    if isinstance(name, str) and not name.startswith(VENDED):
        message = (
            f"the name does not start with `{VENDED}`: with many log groups, AWS's limit for their policy is reached"
        )
        yield ("step_functions", "log_group"), "MF2102", message, f"name the log group `{VENDED}…`"


def _registry(environment: Environment) -> Iterator[Finding]:
    if meant.written(environment, "batch.registry") and not meant.written(environment, "batch.image"):
        message = "without `image`, Metaflow takes `python:3.x` from this registry, where it must exist"
        yield ("batch", "registry"), "MF2106", message, "write `image` too"


def _missing(environment: Environment) -> Iterator[Finding]:
    """What Metaflow cannot do without, beside what is there; the shell may still say it, so that this is no error."""
    needed: dict[str, str] = {}
    if _there(environment, "batch.queue"):
        needed |= dict.fromkeys(OF_BATCH, "batch")
    if any(_there(environment, f"step_functions.{name}") for name in ("role", "events_role")):
        needed |= dict.fromkeys(OF_STEP_FUNCTIONS, "step_functions")
    if meant.written(environment, "settings.METAFLOW_DEFAULT_METADATA") == "service":
        needed |= {"service.url": "settings"}
    for name, because in needed.items():
        if not _there(environment, name):
            message = f"`metaflow.{name}` is missing: {WITHOUT[name]}"
            yield (because,), "MF2114", message, f"write `{name}` in the `metaflow` block"


def _distributed_map(environment: Environment) -> Iterator[Finding]:
    """Metaflow writes `arn:aws:states:::…` into the state machine, whatever the partition.

    https://github.com/Netflix/metaflow/blob/2.19.39/metaflow/plugins/aws/step_functions/step_functions.py
    """
    partition = environment.scope.partition
    if meant.written(environment, "step_functions.distributed_map") and partition != "aws":
        message = f"in the partition `{partition}` no flow with a distributed map can be deployed: Metaflow names `aws`"
        yield ("step_functions", "distributed_map"), "MF2115", message, "leave it out: a `foreach` has 40 tasks at once"


def _service(environment: Environment) -> Iterator[Finding]:
    for name in ("internal_url",) if meant.written(environment, "service.internal_url") else ("url",):
        value = meant.written(environment, f"service.{name}")
        if isinstance(value, str) and _loopback(value):
            message = f"jobs find nothing at `{shown(value)}`: there it is their own container"
            yield ("service", name), "MF2116", message, "write `internal_url`: the URL as jobs reach it"


def _versioning(environment: Environment) -> Iterator[Finding]:
    _, bucket = meant.datastore(environment)
    if bucket and bucket.spec.get("versioning") is False:
        message = f"`{bucket.address}` keeps no versions: what is deleted or overwritten in the datastore is gone"
        yield ("resources", "bucket", bucket.address.name, "versioning"), "MF2121", message, "remove the field"


def _separate(environment: Environment) -> Iterator[Finding]:
    place, bucket = meant.datastore(environment)
    name = bucket.spec.get("name") if bucket else meant.written(environment, place)
    ours = environment.scope.environment
    if not isinstance(name, str) or ours in name:
        return
    others, own = _stages(name), _stages(ours)
    if others and own and not others & own:
        message = f"`{shown(name)}` is by its name the bucket of {' and '.join(sorted(others))}, not of `{ours}`"
        yield tuple(place.split(".")), "MF2122", message, "give every environment a bucket of its own"


def _logging(environment: Environment) -> Iterator[Finding]:
    deployed = any(_there(environment, f"step_functions.{name}") for name in ("role", "events_role"))
    if deployed and not _there(environment, "step_functions.log_group"):
        message = "`log_group` is missing: of an execution that fails, Step Functions keeps no log"
        yield (
            ("step_functions",),
            "MF2126",
            message,
            f"write a `log_group` named `{VENDED}states/…`, and its address here",
        )


def _job_tags(environment: Environment) -> Iterator[Finding]:
    queue = meant.played(environment, "batch.queue", "job_queue")
    said = meant.written(environment, "batch.tags") or meant.written(
        environment, "settings.METAFLOW_BATCH_DEFAULT_TAGS"
    )
    if queue and queue.tags and not said:
        names = ", ".join(f"`{shown(name)}`" for name in sorted(queue.tags))
        message = f"jobs get none of the tags of their queue ({names}), so that the bill does not show whose they are"
        yield ("batch",), "MF2127", message, "write `tags` here too: Metaflow then sends them with every job"


def _prefix(environment: Environment) -> Iterator[Finding]:
    if meant.written(environment, "step_functions") is None or meant.written(environment, "step_functions.prefix"):
        return
    reaching = [
        str(address)
        for address, resource in environment.resources.items()
        if resource.kind == "role" and resource.spec.get("preset") in REACHING
    ]
    if reaching:
        message = f"without `prefix`, `{reaching[0]}` reaches every state machine of the account"
        yield ("step_functions",), "MF2131", message, "write `prefix: ${environment}`"


def _there(environment: Environment, dotted: str) -> bool:
    """Whether something is said, in its field or as the setting that the field stands for."""
    said: Any = meant.written(environment, f"settings.{SAID_AS[dotted]}")
    return bool(meant.written(environment, dotted)) or bool(said)


def _loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return LOOPBACK.fullmatch(host) is not None


def _stages(name: str) -> frozenset[str]:
    return frozenset(STAGES[word] for word in re.split(r"[^a-z0-9]+", name.lower()) if word in STAGES)


RULES: tuple[Callable[[Environment], Iterator[Finding]], ...] = (
    _execution_role,
    _fair_share,
    _table,
    _log_group,
    _registry,
    _missing,
    _distributed_map,
    _service,
    _versioning,
    _separate,
    _logging,
    _job_tags,
    _prefix,
)
