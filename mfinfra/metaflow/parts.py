"""Which AWS resource plays which part for Metaflow, as facts: names, ARNs, places in S3, keys, switches.

Everything that must agree on them (presets, Metaflow's configuration, checks, permissions) asks here. A part is `None`
when the `metaflow` block does not name it; an address there that no resource has raises `InvalidDocument`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mfinfra.errors import InvalidDocument, Problem
from mfinfra.metaflow.arns import arn_of, name_in, secret_of
from mfinfra.metaflow.places import Root, outermost
from mfinfra.model import Address, Environment, Ref, Resource, Scope

DATASTORE_PREFIX = "metaflow"
JOB_DEFINITIONS = "metaflow_*"
"""Metaflow names a job definition `metaflow_` and a hash."""
DISTRIBUTED_MAP_FOLDER = "sfn_distributed_map_output"
DISTRIBUTED_MAP_SETTING = "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH"
ROOT_SETTINGS = (
    "METAFLOW_DATATOOLS_S3ROOT",
    "METAFLOW_CARD_S3ROOT",
    "METAFLOW_CONDA_PACKAGE_S3ROOT",
    DISTRIBUTED_MAP_SETTING,
)
"""Settings that move something out of the datastore's prefix, where it is by default."""
SECRET_ROLE_SETTINGS = ("METAFLOW_DEFAULT_SECRETS_ROLE", "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_ROLE")
# The ending that AWS invents for a secret's ARN has six characters.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
_SECRET_ENDING = "-??????"  # noqa: S105 - a pattern, not a secret
_OFF = ("0", "false", "")


@dataclass(frozen=True, slots=True)
class Part:
    """One AWS resource in its part; `resource` is `None` when this environment does not manage it."""

    name: str
    arn: str
    resource: Resource | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The facts of one environment, validated or expanded; every one is worked out when it is asked for."""

    environment: Environment

    @property
    def scope(self) -> Scope:
        """Environment, account and region."""
        return self.environment.scope

    def written(self, place: str) -> Any:
        """What stands at a dotted `place` of the `metaflow` block; `None` if nothing does."""
        value: Any = self.environment.metaflow
        for key in place.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    @property
    def datastore(self) -> Part | None:
        """The bucket of the datastore."""
        value = self.written("datastore")
        if isinstance(value, Mapping):
            return self._part("bucket", value.get("bucket"), "datastore.bucket")
        return self._part("bucket", value, "datastore")

    @property
    def root(self) -> Root | None:
        """Where the datastore begins: bucket and prefix."""
        bucket, value = self.datastore, self.written("datastore.prefix")
        prefix = DATASTORE_PREFIX if value is None else str(value)
        return Root(bucket.name, prefix.strip("/"), self.scope.partition) if bucket else None

    @property
    def roots(self) -> tuple[Root, ...]:
        """Every place in S3 that Metaflow reads and writes, without those inside another: the datastore's first."""
        return outermost([*([self.root] if self.root else []), *filter(None, map(self._setting_root, ROOT_SETTINGS))])

    @property
    def distributed_map_root(self) -> Root | None:
        """Where Step Functions puts the results of a distributed map."""
        return self._setting_root(DISTRIBUTED_MAP_SETTING) or (
            self.root.below(DISTRIBUTED_MAP_FOLDER) if self.root else None
        )

    @property
    def distributed_map(self) -> bool:
        """Whether a `foreach` may run as a distributed map."""
        return bool(self.written("step_functions.distributed_map"))

    @property
    def table(self) -> Part | None:
        """The table that remembers how many tasks a `foreach` has."""
        return self._part("table", self.written("step_functions.table"), "step_functions.table")

    @property
    def log_group(self) -> Part | None:
        """The log group of the executions' history; its ARN here has no `:*`."""
        return self._part("log_group", self.written("step_functions.log_group"), "step_functions.log_group")

    @property
    def queue(self) -> Part | None:
        """The queue that jobs go to when a step names no other."""
        return self._part("job_queue", self.written("batch.queue"), "batch.queue")

    @property
    def queues(self) -> tuple[Part, ...]:
        """Every queue that a step may name: the default one, then all of this environment."""
        ours = [part_of(resource) for resource in self._all("job_queue")]
        default = [self.queue] if self.queue else []
        return tuple({part.arn: part for part in (*default, *ours)}.values())

    @property
    def job_role(self) -> Part | None:
        """The role that Metaflow's code runs as."""
        return self._part("role", self.written("batch.job_role"), "batch.job_role")

    @property
    def execution_role(self) -> Part | None:
        """The role that starts Fargate tasks: it pulls the image and writes the logs."""
        return self._part("role", self.written("batch.execution_role"), "batch.execution_role")

    @property
    def step_functions_role(self) -> Part | None:
        """The role that a state machine runs as."""
        return self._part("role", self.written("step_functions.role"), "step_functions.role")

    @property
    def events_role(self) -> Part | None:
        """The role that a schedule starts a state machine with."""
        return self._part("role", self.written("step_functions.events_role"), "step_functions.events_role")

    @property
    def emits_tags(self) -> bool:
        """Whether Metaflow tags the Batch jobs that it submits."""
        return bool(self.written("batch.tags")) or self._on("METAFLOW_BATCH_EMIT_TAGS")

    @property
    def machines(self) -> str:
        """A pattern for the names of this environment's state machines and of their rules.

        Metaflow calls a machine `<prefix>_<flow>`, or `<flow>` alone if the flow's name starts with the prefix already.
        With `prod*` such a flow would match, and so would every machine of an environment `production`.
        """
        prefix = self.written("step_functions.prefix")
        return f"{prefix}_*" if prefix else "*"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The ARNs, or patterns of ARNs, of the secrets that Metaflow's code may read; none without a `secrets` block.

        They are those under the prefix, and those of this environment that the prefix does not cover.
        """
        if self.written("secrets") is None:
            return ()
        prefix = self.written("secrets.prefix")
        names = [resource.spec["name"] for resource in self._all("secret")]
        patterns = [] if prefix is None else [f"{prefix}*"]
        patterns += [f"{name}{_SECRET_ENDING}" for name in names if prefix is None or not name.startswith(prefix)]
        return tuple(secret_of(pattern, self.scope, self.written("secrets.region")) for pattern in patterns)

    @property
    def secret_roles(self) -> tuple[str, ...]:
        """The roles that Metaflow assumes to read secrets."""
        return tuple(value for name in SECRET_ROLE_SETTINGS if isinstance(value := self._setting(name), str) and value)

    @property
    def datastore_keys(self) -> tuple[str | Ref, ...]:
        """The customer's KMS keys of the buckets that Metaflow uses, as far as this environment manages the buckets."""
        names = {root.bucket for root in self.roots}
        written = (
            resource.spec.get("encryption") for resource in self._all("bucket") if resource.spec["name"] in names
        )
        return _keys(item.get("key") for item in written if isinstance(item, Mapping))

    @property
    def table_keys(self) -> tuple[str | Ref, ...]:
        """The customer's KMS key of the table, if it has one."""
        resource = self.table.resource if self.table else None
        return _keys([resource.spec.get("encryption_key")] if resource else [])

    @property
    def secret_keys(self) -> tuple[str | Ref, ...]:
        """The customer's KMS keys of this environment's secrets."""
        used = self._all("secret") if self.secrets else ()
        return _keys(resource.spec.get("key") for resource in used)

    def candidates(self, kind: str) -> tuple[str, ...]:
        """The addresses of this environment that could stand where `kind` is wanted."""
        return tuple(str(resource.address) for resource in self._all(kind))

    def _all(self, kind: str) -> tuple[Resource, ...]:
        return tuple(item for _, item in sorted(self.environment.resources.items()) if item.kind == kind)

    def _part(self, kind: str, value: Any, place: str) -> Part | None:
        if not value:
            return None
        text = str(value)
        if text.startswith(f"{kind}."):
            resource = self.environment.resources.get(Address.parse(text))
            if resource is None:
                raise InvalidDocument([self._missing(kind, text, place)])
            return part_of(resource)
        name = name_in(kind, text) if text.startswith("arn:") else text
        ours = (part_of(resource) for resource in self._all(kind) if resource.spec["name"] == name)
        arn = text.removesuffix(":*") if text.startswith("arn:") else arn_of(kind, name, self.scope)
        return next((part for part in ours if part.arn == arn), Part(name, arn))

    def _missing(self, kind: str, text: str, place: str) -> Problem:
        near = get_close_matches(text, self.candidates(kind), n=1)
        off = any(str(address) == text for address in self.environment.disabled)
        return Problem(
            f"`{text}` is {'disabled' if off else 'not in the file'}",
            file=self.environment.source.path,
            subject=f"metaflow.{place}",
            hint=f"did you mean `{near[0]}`?"
            if near
            else f"add a `{kind}` of this name, or write the name that AWS knows",
            code="MF1600",
        )

    def _setting(self, name: str) -> Any:
        return self.written(f"settings.{name}")

    def _on(self, name: str) -> bool:
        # Metaflow's own reading of a boolean
        value = self._setting(name)
        return value.lower() not in _OFF if isinstance(value, str) else bool(value)

    def _setting_root(self, name: str) -> Root | None:
        return Root.parse(self._setting(name), self.scope.partition)


def part_of(resource: Resource) -> Part:
    """A managed resource as a part; raises `KeyError` for a kind that plays none."""
    name = resource.spec["name"]
    return Part(name, arn_of(resource.kind, name, resource.scope, path=resource.spec.get("path") or "/"), resource)


def _keys(values: Any) -> tuple[str | Ref, ...]:
    """Keys of the customer as ARNs, each once; every principal of the account may use those that AWS manages."""
    found = [Ref(value.address, "arn") if isinstance(value, Ref) else value for value in values if value]
    return tuple(dict.fromkeys(key for key in found if isinstance(key, Ref) or "alias/aws/" not in key))
