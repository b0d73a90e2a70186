"""What a resource that has left the file shows of the part that it played for Metaflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mfinfra.metaflow.presets import policy_name
from mfinfra.model import Spec


def _of_preset(preset: str) -> Callable[[Spec], bool]:
    return lambda spec: policy_name(preset) in (spec.get("policies") or {})


def _starts_tasks(spec: Spec) -> bool:
    return any("AmazonECSTaskExecutionRolePolicy" in str(arn) for arn in spec.get("managed_policies") or ())


PLAYED_BY: Mapping[str, tuple[str, Callable[[Spec], bool]]] = {
    "METAFLOW_BATCH_JOB_QUEUE": ("job_queue", lambda _: True),
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ("role", _of_preset("batch_job")),
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": ("role", _starts_tasks),
    "METAFLOW_SFN_IAM_ROLE": ("role", _of_preset("step_functions")),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": ("role", _of_preset("events")),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": ("table", lambda spec: spec.get("hash_key") == "pathspec"),
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": ("log_group", lambda spec: spec["name"].startswith("/aws/vendedlogs/")),
}
"""Key → the kind of resource that plays the part, and how one is told by what AWS shows of it."""
