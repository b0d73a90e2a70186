"""The IAM action that each AWS operation needs.

For most services the action has the operation's own name. The exceptions are listed, from the Service Authorization
Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mfinfra.model import Call

PREFIX: Mapping[str, str] = {"resourcegroupstaggingapi": "tag", "stepfunctions": "states"}

ACTION: Mapping[tuple[str, str], str] = {
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "ListMultipartUploads"): "s3:ListBucketMultipartUploads",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "DeleteObjects"): "s3:DeleteObject",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "PutBucketEncryption"): "s3:PutEncryptionConfiguration",
    ("s3", "DeleteBucketEncryption"): "s3:PutEncryptionConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "PutPublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
    ("s3", "DeletePublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "s3:PutLifecycleConfiguration",
    ("s3", "DeleteBucketLifecycle"): "s3:PutLifecycleConfiguration",
    ("s3", "DeleteBucketTagging"): "s3:PutBucketTagging",
    ("s3", "DeleteBucketOwnershipControls"): "s3:PutBucketOwnershipControls",
}

ALSO: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    # An operation that is handed this parameter (and not `False`) needs these actions too.
    ("iam", "CreateRole", "Tags"): ("iam:TagRole",),
    ("iam", "CreateRole", "PermissionsBoundary"): ("iam:PutRolePermissionsBoundary",),
    ("iam", "CreateInstanceProfile", "Tags"): ("iam:TagInstanceProfile",),
    ("iam", "AddRoleToInstanceProfile", "RoleName"): ("iam:PassRole",),
    ("s3", "CreateBucket", "CreateBucketConfiguration"): ("s3:TagResource",),
    ("s3", "DeleteObjects", "Bucket"): ("s3:DeleteObjectVersion",),
    ("dynamodb", "CreateTable", "Tags"): ("dynamodb:TagResource",),
    ("logs", "CreateLogGroup", "tags"): ("logs:TagResource",),
    ("ecr", "CreateRepository", "tags"): ("ecr:TagResource",),
    ("batch", "CreateComputeEnvironment", "tags"): ("batch:TagResource",),
    ("batch", "CreateComputeEnvironment", "computeResources"): ("iam:PassRole", "iam:CreateServiceLinkedRole"),
    ("batch", "UpdateComputeEnvironment", "serviceRole"): ("iam:PassRole",),
    ("batch", "CreateJobQueue", "tags"): ("batch:TagResource",),
    ("ec2", "CreateSecurityGroup", "TagSpecifications"): ("ec2:CreateTags",),
    ("ec2", "CreateVpcEndpoint", "TagSpecifications"): ("ec2:CreateTags",),
    # The private name is a hosted zone that AWS ties to the VPC in the caller's name: https://github.com/hasura/ddn-docs/pull/1075
    ("ec2", "CreateVpcEndpoint", "PrivateDnsEnabled"): ("route53:AssociateVPCWithHostedZone",),
    ("ec2", "ModifyVpcEndpoint", "PrivateDnsEnabled"): ("route53:AssociateVPCWithHostedZone",),
}


def action_of(service: str, operation: str) -> str:
    """`("s3", "PutBucketEncryption")` → `"s3:PutEncryptionConfiguration"`."""
    return ACTION.get((service, operation), f"{PREFIX.get(service, service)}:{operation}")


def actions(calls: Iterable[Call]) -> tuple[str, ...]:
    """Every action that `calls` need, sorted."""
    needed = set()
    for call in calls:
        needed.add(action_of(call.service, call.operation))
        for parameter in (name for name, value in call.params.items() if value is not False):
            needed.update(ALSO.get((call.service, call.operation, parameter), ()))
    return tuple(sorted(needed))
