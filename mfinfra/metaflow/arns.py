"""The shapes of the ARNs that Metaflow meets, with the partition, region and account of the environment in them."""

from __future__ import annotations

from mfinfra.model import Scope

# kind → (service, what stands before the name, whether the ARN has the region, … the account)
_SHAPES = {
    "bucket": ("s3", "", False, False),
    "table": ("dynamodb", "table/", True, True),
    "log_group": ("logs", "log-group:", True, True),
    "role": ("iam", "role", False, True),
    "job_queue": ("batch", "job-queue/", True, True),
}
_FIELDS = 6
KINDS = frozenset(_SHAPES)
"""The kinds that play a part for Metaflow."""


def arn_of(kind: str, name: str, scope: Scope, *, path: str = "/") -> str:
    """The ARN of the `kind` called `name`; only a role has a `path`."""
    service, before, regional, owned = _SHAPES[kind]
    middle = path if kind == "role" else ""
    return scope.arn(service, f"{before}{middle}{name}", region=None if regional else "", account=None if owned else "")


def name_in(kind: str, arn: str) -> str:
    """The name inside an ARN of this kind: without a role's path and without the `:*` at a log group's end."""
    resource = arn.split(":", _FIELDS - 1)[-1]
    if kind == "role":
        return resource.rpartition("/")[2]
    return resource.removeprefix(_SHAPES[kind][1]).removesuffix(":*")


def secret_of(pattern: str, scope: Scope, region: str | None = None) -> str:
    """The ARN of the secrets that `pattern` matches, in `region` or the environment's."""
    return scope.arn("secretsmanager", f"secret:{pattern}", region=region)


def aws_managed(name: str, scope: Scope) -> str:
    """The ARN of a policy that AWS maintains; `name` has its path: `service-role/AWSBatchServiceRole`."""
    return scope.arn("iam", f"policy/{name}", region="", account="aws")


def service(name: str, scope: Scope) -> str:
    """The principal of an AWS service. In China only EC2 has another one than everywhere.

    https://docs.amazonaws.cn/en_us/aws/latest/userguide/iam.html
    """
    suffix = ".cn" if name == "ec2" and scope.partition == "aws-cn" else ""
    return f"{name}.amazonaws.com{suffix}"
