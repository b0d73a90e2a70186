"""What a job is, from its definition and its submission: command, environment, attempts, time.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Answer, Call

UNREADABLE: Final = "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret"
ANSWERED: Final = ("jobRoleArn", "executionRoleArn", "volumes", "mountPoints", "ulimits", "linuxParameters")
SECRET_PARTS: Final = 7
"""The colons in the ARN of a secret, after which a key of its JSON, a stage and a version may stand."""


class Unavailable(Exception):
    """What a container needs and cannot get, in the words of ECS."""


@dataclass(frozen=True, slots=True)
class Container:
    """One job's container."""

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    """Variable → ARN or name of what it holds."""
    resources: tuple[Mapping[str, str], ...]
    attempts: int = 1
    exits: tuple[Mapping[str, str], ...] = ()
    """`evaluateOnExit`."""
    seconds: float | None = None
    """How long an attempt may take."""
    propagates: bool = False
    overridden: int = 0
    """The characters of the overrides as JSON."""
    answered: Mapping[str, Any] = field(default_factory=dict)
    """What of the definition an answer repeats as it is."""

    def described(self) -> Answer:
        """The part of an answer to DescribeJobs that is known before anything runs."""
        return {
            "image": self.image,
            "command": list(self.command),
            "environment": _pairs(self.environment),
            "secrets": [{"name": name, "valueFrom": source} for name, source in self.secrets.items()],
            "resourceRequirements": [dict(row) for row in self.resources],
            "networkInterfaces": [],
            **self.answered,
        }

    def again(self, attempt: int, exit_code: int | None, reason: str, status_reason: str) -> bool:
        """Whether Batch tries again after the failed `attempt`, from 1.

        https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
        """
        if attempt >= self.attempts:
            return False
        known = {"onExitCode": str(exit_code), "onReason": reason, "onStatusReason": status_reason}
        for condition in self.exits:
            if all(_fits(condition[name], said) for name, said in known.items() if name in condition):
                return condition["action"].upper() == "RETRY"
        return True


def read(definition: Any, submitted: Mapping[str, Any]) -> Container:
    """The container of a job of moto's `definition`, with what SubmitJob overrides."""
    properties = definition.container_properties
    overrides = submitted.get("containerOverrides") or {}
    parameters = {**definition.parameters, **(submitted.get("parameters") or {})}
    retry = submitted.get("retryStrategy") or definition.retry_strategy or {}
    limit = submitted.get("timeout") or definition.timeout or {}
    given = {row["type"]: row for row in properties.get("resourceRequirements", ())}
    given |= {row["type"]: row for row in overrides.get("resourceRequirements", ())}
    return Container(
        properties["image"],
        tuple(_filled(part, parameters) for part in overrides.get("command") or properties.get("command") or ()),
        _named(properties.get("environment", ())) | _named(overrides.get("environment", ())),
        {row["name"]: row["valueFrom"] for row in properties.get("secrets", ())},
        tuple(given.values()),
        int(retry.get("attempts", 1)),
        tuple(retry.get("evaluateOnExit", ())),
        limit.get("attemptDurationSeconds"),
        bool(submitted.get("propagateTags", definition.propagate_tags)),
        len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False)),
        {name: properties[name] for name in ANSWERED if name in properties},
    )


def secret_values(call: Call, secrets: Mapping[str, str]) -> dict[str, str]:
    """The values of secrets and parameters; raises `Unavailable`.

    https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data.html
    """
    return {name: _secret(call, source) for name, source in secrets.items()}


def _secret(call: Call, source: str) -> str:
    if ":secretsmanager:" not in source:
        name = source.partition(":parameter")[2] or source
        found = call.asks("ParameterNotFound", "ssm", "GetParameter", Name=name, WithDecryption=True)
        return str(_there(found, source)["Parameter"]["Value"])
    parts = source.split(":")
    key, stage, version = [*parts[SECRET_PARTS:], "", "", ""][:3]
    asked = {"SecretId": ":".join(parts[:SECRET_PARTS])}
    asked |= {"VersionStage": stage} if stage else {}
    asked |= {"VersionId": version} if version else {}
    said = _there(call.asks("ResourceNotFound", "secretsmanager", "GetSecretValue", **asked), source)
    text = str(said.get("SecretString", ""))
    try:
        return str(json.loads(text)[key]) if key else text
    except (ValueError, KeyError, TypeError):
        raise Unavailable(
            f"{UNREADABLE} from asm: retrieved secret from Secrets Manager did not contain json key {key}"
        ) from None


def _there(found: Answer | None, source: str) -> Answer:
    if found is None:
        raise Unavailable(f"{UNREADABLE}: {source} is not there")
    return found


def _fits(pattern: str, said: str) -> bool:
    return said.startswith(pattern[:-1]) if pattern.endswith("*") else said == pattern


def _filled(part: str, parameters: Mapping[str, str]) -> str:
    # The longest name first: `Ref::in` stands at the beginning of `Ref::input`.
    for name in sorted(parameters, key=len, reverse=True):
        part = part.replace(f"Ref::{name}", parameters[name])
    return part


def _named(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {row["name"]: row.get("value", "") for row in rows}


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
