"""The services that AWS offers VPC endpoints for, as far as Metaflow and its neighbours use them."""

from __future__ import annotations

from typing import Final

from mfinfra.sandbox.corrections.call import ServiceError

GATEWAYS: Final = frozenset({"s3", "dynamodb"})
INTERFACES: Final = frozenset(
    {
        *GATEWAYS,
        *("athena", "autoscaling", "batch", "bedrock", "bedrock-runtime", "cloudformation", "cloudtrail", "codebuild"),
        *("ec2", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "elasticfilesystem"),
        *("elasticloadbalancing", "events", "execute-api", "glue", "kinesis-firehose", "kinesis-streams", "kms"),
        *("lambda", "logs", "monitoring", "rds", "rds-data", "sagemaker.api", "sagemaker.runtime", "secretsmanager"),
        *("servicediscovery", "sns", "sqs", "ssm", "ssmmessages", "states", "sts", "sync-states", "xray"),
    },
)


def check(name: str, kind: str, region: str) -> None:
    """Refuse a service that AWS does not offer here, or not by this type of endpoint."""
    prefix = f"com.amazonaws.{region}."
    service = name.removeprefix(prefix)
    if not name.startswith(prefix) or service not in INTERFACES:
        raise ServiceError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    offered = [*(["Gateway"] if service in GATEWAYS else []), "Interface"]
    if kind not in offered:
        text = f"Endpoint type ({kind}) does not match available service types ([{', '.join(offered)}])."
        raise ServiceError("InvalidParameter", text)


def details(region: str) -> list[dict[str, object]]:
    """Every offered service, as DescribeVpcEndpointServices tells it."""
    found: list[dict[str, object]] = []
    for service in sorted(INTERFACES):
        kinds = [*(["Gateway"] if service in GATEWAYS else []), "Interface"]
        found += [
            {
                "ServiceName": f"com.amazonaws.{region}.{service}",
                "ServiceId": f"vpce-svc-{service.encode().hex():0>17.17}",
                "ServiceType": [{"ServiceType": kind}],
                "AvailabilityZones": [f"{region}a", f"{region}b"],
                "Owner": "amazon",
                "VpcEndpointPolicySupported": True,
                "AcceptanceRequired": False,
                "ManagesVpcEndpoints": False,
                "Tags": [],
            }
            for kind in kinds
        ]
    return found
