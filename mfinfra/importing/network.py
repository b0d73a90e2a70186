"""The network that jobs run in, as far as it is Metaflow's: the VPC, and the endpoints in it that serve it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from mfinfra.importing.start import Seed
from mfinfra.model import Answers, Call, Document, Questions, Scope

SERVES = {
    # What Metaflow's jobs and those who start them speak to, by the end of an endpoint's name.
    "s3": "the way to S3 from the jobs' VPC",
    "dynamodb": "the way to DynamoDB from the jobs' VPC",
    "ecr.api": "the way to ECR from the jobs' VPC",
    "ecr.dkr": "the way to the images' layers from the jobs' VPC",
    "ecs": "the way to ECS from the jobs' VPC",
    "ecs-agent": "the way to ECS for the instances' agents",
    "ecs-telemetry": "the way to ECS for the instances' agents",
    "logs": "the way to CloudWatch Logs from the jobs' VPC",
    "secretsmanager": "the way to Secrets Manager from the jobs' VPC",
    "sts": "the way to STS from the jobs' VPC",
    "batch": "the way to Batch from the jobs' VPC",
    "states": "the way to Step Functions from the jobs' VPC",
}
"""https://docs.aws.amazon.com/batch/latest/userguide/vpc-endpoint-considerations.html"""
GONE = frozenset({"deleted", "deleting", "failed", "rejected", "expired"})
MISSING = ("InvalidSubnetID.NotFound", "InvalidGroup.NotFound")


def vpcs(groups: Sequence[str], subnets: Sequence[str]) -> Generator[Questions, Answers, tuple[str, ...]]:
    """The VPCs of security groups and of subnets; asked as filters, which fail for none that is missing."""
    calls = []
    if groups:
        calls.append(_filtered("DescribeSecurityGroups", "group-id", groups))
    if subnets:
        calls.append(_filtered("DescribeSubnets", "subnet-id", subnets))
    answers = (yield tuple(calls)) if calls else ()
    rows = [row for answer in answers for name in ("SecurityGroups", "Subnets") for row in (answer or {}).get(name, ())]
    return tuple(dict.fromkeys(row["VpcId"] for row in rows if row.get("VpcId")))


def endpoints(of: Sequence[str]) -> Generator[Questions, Answers, tuple[Document, ...]]:
    """The endpoints that stand in these VPCs."""
    if not of:
        return ()
    (answer,) = yield (_filtered("DescribeVpcEndpoints", "vpc-id", of),)
    return tuple((answer or {}).get("VpcEndpoints", ()))


def seed(row: Document, scope: Scope) -> Seed | None:
    """An endpoint as a place to look at; `None` for one that is going, another service's own, or of no use here."""
    service = str(row["ServiceName"]).rpartition(f".{scope.region}.")[2]
    useless = str(row.get("State", "")).lower() in GONE or row.get("RequesterManaged")
    if useless or service not in SERVES or row.get("OwnerId", scope.account) != scope.account:
        return None
    return Seed("endpoint", {"id": row["VpcEndpointId"]}, SERVES[service], service.replace(".", "-"))


def _filtered(operation: str, name: str, values: Iterable[str]) -> Call:
    filters = [{"Name": name, "Values": list(values)}]
    return Call("ec2", operation, {"Filters": filters}, absent=MISSING, paginate=True)
