"""Bring whole environments up on the embedded sandbox, and see every request that this takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import direct
import yaml
from botocore.config import Config

from mfinfra import desired, drift, reconcile
from mfinfra.aws import session
from mfinfra.aws.clock import Clock
from mfinfra.document.read import Reading
from mfinfra.model import Action, Done, Failed, Skipped
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options
from mfinfra.reconcile import Reviewed
from mfinfra.sandbox.embedded import EmbeddedServer

ACCOUNT = "123456789012"
REGION = "us-east-1"
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's where it is there: the same text in a tenth of the time."""
RECORD = ("tags", drift.TAG)
READING = ("Describe", "Get", "List", "Head", "BatchGet", "Simulate", "Lookup")


class Wire:
    """One session and its clients for all tests of a process: to make them takes longer than most tests."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.session = session.isolated_session("testing", "testing")
        # botocore writes its own name anew for each request, a twelfth of the time that one takes here.
        self.session._session.set_default_client_config(Config(user_agent="tests"))
        self.session.events.register("before-call.*.*", self._record)
        self.session.events.register("before-send.*.*", direct.answer)
        self.clients: dict[str, dict[str, Any]] = {}

    def _record(self, model: Any, **_: Any) -> None:
        self.operations.append(f"{model.service_model.service_name}.{model.name}")


@cache
def wire() -> Wire:
    return Wire()


@dataclass(slots=True)
class Stack:
    """A sandbox, a folder for environment files, and every operation that was sent, as `service.Operation`."""

    server: EmbeddedServer
    folder: Path
    pace: float = 0.0
    _read: dict[str, Reading] = field(default_factory=dict)
    """What the file says, by its text: most tests plan the same one several times."""

    def __post_init__(self) -> None:
        self.operations.clear()

    @property
    def operations(self) -> list[str]:
        return wire().operations

    def connect(self, reading: Any) -> session.Aws:
        scope = reading.environment.scope
        clients = wire().clients.setdefault(f"{scope.region} {self.server.endpoint}", {})
        return session.Aws(
            wire().session,
            scope,
            self.server.endpoint,
            sandbox=True,
            clock=Clock(self.pace),
            caller=f"arn:aws:iam::{ACCOUNT}:user/test",
            _clients=clients,
        )

    def client(self, service: str) -> Any:
        """A client of nobody's, to change things behind mfinfra's back."""
        clients = wire().clients.setdefault(f"nobody's {self.server.endpoint}", {})
        if service not in clients:
            clients[service] = wire().session.client(service, region_name=REGION, endpoint_url=self.server.endpoint)
        return clients[service]

    def make_key(self) -> str:
        """The ARN of a new KMS key, which CloudWatch Logs may use too."""
        statements = [
            {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
            for principal in ({"AWS": ACCOUNT}, {"Service": f"logs.{REGION}.amazonaws.com"})
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        arn: str = self.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
        return arn

    def plan(self, environment: dict[str, Any] | Path, **options: Any) -> Reviewed:
        reading = desired.read(environment) if isinstance(environment, Path) else self.read(environment)
        before = len(self.writes())
        allowed = {name.removeprefix("allow_"): options.pop(name) for name in [*options] if name.startswith("allow_")}
        if "max_deletes" in options:
            allowed["max_deletes"] = options.pop("max_deletes")
        reviewed = reconcile.compare(self.connect(reading), reading, Options(**options))
        reviewed = replace(reviewed, plan=reviewed.plan.lifted(Allowed(**allowed)))
        assert self.writes()[before:] == [], "promise 1: a plan writes nothing, whatever it finds"
        return reviewed

    def apply(self, environment: dict[str, Any] | Path, **options: Any) -> list[Any]:
        return self.carry_out(self.plan(environment, **options))

    @staticmethod
    def carry_out(reviewed: Reviewed) -> list[Any]:
        """Apply; every step must succeed."""
        events = list(reviewed.apply().events())
        problems = [event for event in events if isinstance(event, (Failed, Skipped))]
        for problem in problems:
            if isinstance(problem, Failed):
                raise AssertionError(f"{problem.action} {problem.address}: {problem.error!r}") from problem.error
        assert not problems, problems
        return events

    def read(self, environment: dict[str, Any]) -> Reading:
        """What is wished in `environment`, which is written first. Nobody changes what was read: it is frozen."""
        path = self.write(environment)
        text = path.read_text("utf-8")
        if "extends" in environment:
            return desired.read(path)
        if text not in self._read:
            self._read[text] = desired.read(path)
        return self._read[text]

    def write(self, environment: dict[str, Any]) -> Path:
        path = self.folder / "environment.yaml"
        path.write_text(yaml.dump(environment, Dumper=DUMPER, sort_keys=False), "utf-8")
        return path

    def writes(self) -> list[str]:
        """The writing operations sent so far."""
        return [name for name in self.operations if not name.split(".")[1].startswith(READING)]


def environment(resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A whole environment file around `resources` (kind → name → spec)."""
    head = {"version": 1, "environment": "test", "account": ACCOUNT, "region": REGION}
    return {**head, "resources": resources, **more}


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    """Several kind → name → spec mappings as one."""
    whole: dict[str, Any] = {}
    for part in parts:
        for kind, named in part.items():
            whole.setdefault(kind, {}).update(named)
    return whole


def unprotected(resources: dict[str, Any]) -> dict[str, Any]:
    """The same resources, ready to be destroyed: not protected, and emptied when they go."""
    forced = {"bucket", "repository"}
    return {
        kind: {
            name: {**spec, "protect": False, **({"force_destroy": True} if kind in forced else {})}
            for name, spec in named.items()
        }
        for kind, named in resources.items()
    }


def addresses(resources: dict[str, Any]) -> frozenset[str]:
    return frozenset(f"{kind}.{name}" for kind, named in resources.items() for name in named)


def changed(reviewed: Reviewed) -> dict[str, list[str]]:
    """Address → the top-level fields that the plan changes; the record follows them, and counts where it is alone."""
    return {
        str(step.address): sorted(
            {str(change.path[0]) for change in step.changes if change.path != RECORD}
            or {str(change.path[0]) for change in step.changes}
        )
        for step in reviewed.plan.steps
        if step.action is not Action.NOOP
    }


def inventory(stack: Stack) -> dict[str, list[str]]:
    """Everything that stands in the account, by kind, as names that do not change from one run to the next.

    Roles that AWS made for itself are left out: it keeps them when what needed them has gone.
    """
    ec2, iam, batch = stack.client("ec2"), stack.client("iam"), stack.client("batch")
    roles = [row for row in iam.list_roles()["Roles"] if not row["Path"].startswith("/aws-service-role/")]
    kms, secrets = stack.client("kms"), stack.client("secretsmanager")
    keys = [kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in kms.list_keys()["Keys"]]
    return {
        "keys": sorted(key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"),
        "secrets": sorted(row["Name"] for row in secrets.list_secrets()["SecretList"]),
        "buckets": [row["Name"] for row in stack.client("s3").list_buckets()["Buckets"]],
        "tables": stack.client("dynamodb").list_tables()["TableNames"],
        "groups": sorted(row["GroupName"] for row in ec2.describe_security_groups()["SecurityGroups"]),
        "endpoints": sorted(row["ServiceName"] for row in ec2.describe_vpc_endpoints()["VpcEndpoints"]),
        "roles": sorted(row["RoleName"] for row in roles),
        "profiles": sorted(row["InstanceProfileName"] for row in iam.list_instance_profiles()["InstanceProfiles"]),
        "logs": [row["logGroupName"] for row in stack.client("logs").describe_log_groups()["logGroups"]],
        "repositories": [row["repositoryName"] for row in stack.client("ecr").describe_repositories()["repositories"]],
        "environments": [
            row["computeEnvironmentName"] for row in batch.describe_compute_environments()["computeEnvironments"]
        ],
        "queues": [row["jobQueueName"] for row in batch.describe_job_queues()["jobQueues"]],
        "templates": [row["LaunchTemplateName"] for row in ec2.describe_launch_templates()["LaunchTemplates"]],
        "policies": [row["arn"] for row in batch.list_scheduling_policies()["schedulingPolicies"]],
    }


def done(events: Iterable[Any]) -> list[str]:
    return [str(event.address) for event in events if isinstance(event, Done)]
