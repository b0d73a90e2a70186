"""Which services a job speaks to, by the kind of compute: no more than are needed, and what each is asked for.

https://docs.aws.amazon.com/batch/latest/userguide/vpc-endpoint-considerations.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
Batch and Step Functions are asked by nobody inside a job. KMS neither: S3, DynamoDB and Secrets Manager call it
themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mfinfra.evaluate import Request
from mfinfra.metaflow.doctor.case import Case, Compute
from mfinfra.metaflow.doctor.images import Image

GATEWAYS = ("s3", "dynamodb")
"""Services that have gateway endpoints, which cost nothing."""
LAYERS = "MF5396"
POLICY = "MF5395"


@dataclass(frozen=True, slots=True)
class Need:
    """A service by the end of its endpoints' names, why it is needed, and what is asked of it: code → requests."""

    service: str
    why: str
    requests: tuple[tuple[str, Request], ...] = ()


def needed(case: Case, compute: Compute, image: Image) -> tuple[Need, ...]:
    """The services that jobs on `compute` cannot do without."""
    return tuple(_needs(case, compute, image))


def _needs(case: Case, compute: Compute, image: Image) -> Iterator[Need]:
    scope, parts = case.scope, case.parts
    if not compute.fargate:
        for service, action in (
            ("ecs", "ecs:RegisterContainerInstance"),
            ("ecs-agent", "ecs:Poll"),
            ("ecs-telemetry", "ecs:StartTelemetrySession"),
        ):
            why = "the instances join the cluster through it"
            yield Need(service, why, ((POLICY, Request(action)),))
    if image.registry is not None:
        repository = scope.arn("ecr", f"repository/{image.repository}", account=image.account)
        yield Need("ecr.api", "the image's registry", ((POLICY, Request("ecr:GetAuthorizationToken")),))
        yield Need("ecr.dkr", "the image's layers", ((POLICY, Request("ecr:BatchGetImage", repository)),))
    stream = scope.arn("logs", "log-group:/aws/batch/job:log-stream:x")
    yield Need("logs", "the container's log", ((POLICY, Request("logs:PutLogEvents", stream)),))
    yield Need(
        "s3",
        "the datastore" + (" and the image's layers" if image.registry is not None else ""),
        tuple(_s3(case, image)),
    )
    if parts.table:
        yield Need(
            "dynamodb",
            "a `foreach` counts its tasks there",
            ((POLICY, Request("dynamodb:UpdateItem", parts.table.arn)),),
        )
    if parts.secrets:
        pattern = parts.secrets[0].replace("*", "x").replace("?", "x")
        yield Need("secretsmanager", "`@secrets`", ((POLICY, Request("secretsmanager:GetSecretValue", pattern)),))
    if parts.secret_roles:
        yield Need(
            "sts", "a role is assumed to read secrets", ((POLICY, Request("sts:AssumeRole", parts.secret_roles[0])),)
        )


def _s3(case: Case, image: Image) -> Iterator[tuple[str, Request]]:
    root, scope = case.parts.root, case.scope
    if root:
        key = f"arn:{scope.partition}:s3:::{'/'.join(filter(None, (root.bucket, root.prefix, 'x')))}"
        yield POLICY, Request("s3:GetObject", key)
        yield POLICY, Request("s3:PutObject", key)
        yield POLICY, Request("s3:ListBucket", root.bucket_arn)
    if image.registry is not None:
        bucket = f"prod-{scope.region}-starport-layer-bucket"
        yield LAYERS, Request("s3:GetObject", f"arn:{scope.partition}:s3:::{bucket}/x")
