"""The rules of `lint` that look at the `metaflow` block: which resource plays which part, and the settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mfinfra.confidential import LOGIN, is_secret, reference
from mfinfra.document import interpolate, lint
from mfinfra.document.nearest import did_you_mean
from mfinfra.document.tree import Tree, shown
from mfinfra.errors import Problem
from mfinfra.model import Environment, Resource

VENDED = "/aws/vendedlogs/"
LOGIN_HINT = "leave `NAME:PASSWORD@` out; `service.headers: {secret: ARN}` authenticates without showing it"

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def findings(environment: Environment, tree: Tree) -> list[Problem]:
    """Every finding about the `metaflow` block."""
    found = []
    for rule in RULES:
        for path, code, message, hint in rule(environment):
            severity = "warning" if code.startswith("MF2") else "error"
            whole = path if path[0] == "resources" else ("metaflow", *path)
            key = path[:1] == ("settings",)
            found.append(tree.problem(whole, message, code=code, hint=hint, severity=severity, key=key))
    return found


@cache
def settings() -> Mapping[str, Any]:
    """Metaflow's settings: `known` are their names, `derived` says which field of the block says the same."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("metaflow_settings.json").read_text("utf-8"))
    return found


def _field(environment: Environment, dotted: str) -> Any:
    value: Any = environment.metaflow
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _played(environment: Environment, dotted: str, kind: str) -> Resource | None:
    """The resource of this file that plays a part, said by its address, its name or its ARN."""
    value = _field(environment, dotted)
    address = interpolate.address(value) if isinstance(value, str) else None
    if address in environment.resources and address is not None:
        return environment.resources[address]
    return lint.named(environment, kind, value)


def _execution_role(environment: Environment) -> Iterator[Finding]:
    queue = _played(environment, "batch.queue", "job_queue")
    listed = (queue.spec.get("compute_environments") if queue else None) or ()
    first = lint.named(environment, "compute_environment", listed[0]) if listed else None
    if first and first.spec.get("type") in lint.FARGATE and not _field(environment, "batch.execution_role"):
        message = f"`execution_role` is missing: `{first.address}` is Fargate, which needs it to start a container"
        yield ("batch",), "MF1108", message, "write a role with `preset: fargate_execution`, and its address here"


def _fair_share(environment: Environment) -> Iterator[Finding]:
    """Batch refuses a job without a share identifier, and Metaflow (2.19) has no way to give one.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
    """
    queue = _played(environment, "batch.queue", "job_queue")
    if queue and queue.spec.get("scheduling_policy"):
        message = f"`{queue.address}` has a scheduling policy: it takes no job without a share, and Metaflow says none"
        yield ("batch", "queue"), "MF2112", message, "name a queue without one, or see that all jobs say their share"


def _table(environment: Environment) -> Iterator[Finding]:
    table = _played(environment, "step_functions.table", "table")
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
    group = _played(environment, "step_functions.log_group", "log_group")
    name = group.spec.get("name") if group else None
    if isinstance(name, str) and not name.startswith(VENDED):
        message = (
            f"the name does not start with `{VENDED}`: with many log groups, AWS's limit for their policy is reached"
        )
        yield ("step_functions", "log_group"), "MF2102", message, f"name the log group `{VENDED}…`"


def _registry(environment: Environment) -> Iterator[Finding]:
    if _field(environment, "batch.registry") and not _field(environment, "batch.image"):
        message = "without `image`, Metaflow takes `python:3.x` from this registry, where it must exist"
        yield ("batch", "registry"), "MF2106", message, "write `image` too"


def _settings(environment: Environment) -> Iterator[Finding]:
    written = _field(environment, "settings")
    known = settings()
    for name in written if isinstance(written, Mapping) else ():
        if name not in known["known"] and name.startswith("METAFLOW_"):
            message = f"`{shown(name)}` is not a setting of Metaflow, which would ignore it"
            yield ("settings", name), "MF1110", message, did_you_mean(name, known["known"])
        field = known["derived"].get(name)
        if field and _field(environment, field) is not None:
            yield ("settings", name), "MF1111", f"`metaflow.{field}` says this already", "remove the setting"


def _literal_secrets(environment: Environment) -> Iterator[Finding]:
    """A secret in a file is a secret in a repository, in every plan and in every log of it."""
    written = _field(environment, "settings")
    for name, value in written.items() if isinstance(written, Mapping) else ():
        if is_secret(name, value) and reference(value) is None and value not in (None, ""):
            message = f"`{name}` is a secret, and this file is no place for one"
            hint = f"put it into Secrets Manager, and write `{name}: {{secret: ARN}}`"
            yield ("settings", name), "MF1118", message, hint
        elif isinstance(value, str) and LOGIN.search(value):
            yield ("settings", name), "MF1118", "this URL holds a login, which is a secret", LOGIN_HINT
    for field in ("url", "internal_url"):
        value = _field(environment, f"service.{field}")
        if isinstance(value, str) and LOGIN.search(value):
            yield ("service", field), "MF1118", "this URL holds a login, which is a secret", LOGIN_HINT


def _tags(environment: Environment) -> Iterator[Finding]:
    written = _field(environment, "settings")
    if not isinstance(written, Mapping) or "METAFLOW_BATCH_DEFAULT_TAGS" not in written:
        return
    if "METAFLOW_BATCH_EMIT_TAGS" not in written and not _field(environment, "batch.tags"):
        message = "without `METAFLOW_BATCH_EMIT_TAGS` these tags do nothing"
        yield ("settings", "METAFLOW_BATCH_DEFAULT_TAGS"), "MF2105", message, "write `metaflow.batch.tags` instead"


def _kms(environment: Environment) -> Iterator[Finding]:
    setting = "METAFLOW_S3_SERVER_SIDE_ENCRYPTION"
    place = "datastore.bucket" if isinstance(_field(environment, "datastore"), Mapping) else "datastore"
    bucket = _played(environment, place, "bucket")
    encryption = bucket.spec.get("encryption") if bucket else None
    key = encryption.get("key") if isinstance(encryption, Mapping) else None
    if key and _field(environment, f"settings.{setting}") == "aws:kms":
        message = "with this, S3 uses the key `aws/s3` and not the key of the bucket"
        yield ("settings", setting), "MF2107", message, "remove it: the bucket encrypts by itself"


RULES: tuple[Callable[[Environment], Iterator[Finding]], ...] = (
    _execution_role,
    _fair_share,
    _table,
    _log_group,
    _registry,
    _settings,
    _literal_secrets,
    _tags,
    _kms,
)
