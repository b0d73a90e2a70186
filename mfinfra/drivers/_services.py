"""The names of the services that a VPC endpoint leads to.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

from mfinfra.model import Scope

GATEWAY = "Gateway"
INTERFACE = "Interface"
WITH_GATEWAY = frozenset({"s3", "dynamodb"})
FULL = ("com.amazonaws.", "cn.com.amazonaws.", "aws.")

# In China the names of some services begin with `cn.`, by no rule; these are the ones near Metaflow. A Gateway never.
# https://docs.amazonaws.cn/en_us/vpc/latest/privatelink/aws-services-privatelink-support.html
WITH_CN = frozenset(
    {
        *("athena", "autoscaling", "batch", "cloudformation", "ebs", "ec2", "ecr.api", "ecr.dkr", "eks"),
        *("elasticfilesystem", "execute-api", "lambda", "monitoring", "rds", "redshift", "redshift-data", "s3"),
        *("sagemaker.api", "sagemaker.runtime", "sqs", "states", "sts"),
    }
)


def full_name(service: str, kind: str, scope: Scope) -> str:
    """`ecr.api` → `com.amazonaws.us-east-1.ecr.api`; a full name stays."""
    if service.startswith(FULL):
        return service
    prefix = "cn." if scope.partition == "aws-cn" and kind != GATEWAY and service in WITH_CN else ""
    return f"{prefix}com.amazonaws.{scope.region}.{service}"


def kind_for(service: str, scope: Scope) -> str:
    """The type that suits a service best: a Gateway costs nothing, where there is one."""
    gateways = {full_name(name, GATEWAY, scope) for name in WITH_GATEWAY}
    return GATEWAY if full_name(service, GATEWAY, scope) in gateways else INTERFACE
