"""The IAM action that each AWS operation needs.

For most services the action has the operation's own name. The exceptions are listed, from the Service Authorization
Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
    ("s3", "GetObjectLockConfiguration"): "s3:GetBucketObjectLockConfiguration",
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

# A service that is to use a customer's key is given a grant on it in the caller's name.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
GRANT = ("kms:CreateGrant", "kms:DescribeKey")
SECRET_KEY = ("kms:Decrypt", "kms:GenerateDataKey")

ALSO: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    # An operation that is handed this parameter (and not `False`) needs these actions too; dots lead into it.
    ("iam", "CreateRole", "Tags"): ("iam:TagRole",),
    ("iam", "CreateRole", "PermissionsBoundary"): ("iam:PutRolePermissionsBoundary",),
    ("iam", "CreateInstanceProfile", "Tags"): ("iam:TagInstanceProfile",),
    ("iam", "AddRoleToInstanceProfile", "RoleName"): ("iam:PassRole",),
    ("s3", "CreateBucket", "CreateBucketConfiguration"): ("s3:TagResource",),
    ("s3", "DeleteObjects", "Bucket"): ("s3:DeleteObjectVersion",),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: to compare, S3 reads
    ("s3", "PutObject", "IfMatch"): ("s3:GetObject",),
    ("s3", "DeleteObject", "IfMatch"): ("s3:GetObject",),
    ("dynamodb", "CreateTable", "Tags"): ("dynamodb:TagResource",),
    ("dynamodb", "CreateTable", "SSESpecification.KMSMasterKeyId"): GRANT,
    ("dynamodb", "UpdateTable", "SSESpecification.KMSMasterKeyId"): GRANT,
    ("logs", "CreateLogGroup", "tags"): ("logs:TagResource",),
    ("ecr", "CreateRepository", "tags"): ("ecr:TagResource",),
    ("ecr", "CreateRepository", "encryptionConfiguration.kmsKey"): (*GRANT, "kms:RetireGrant"),
    ("kms", "CreateKey", "Tags"): ("kms:TagResource",),
    ("secretsmanager", "CreateSecret", "Tags"): ("secretsmanager:TagResource",),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html: it proves the key at once
    ("secretsmanager", "CreateSecret", "KmsKeyId"): SECRET_KEY,
    ("secretsmanager", "UpdateSecret", "KmsKeyId"): (*SECRET_KEY, "kms:Encrypt"),
    ("batch", "CreateComputeEnvironment", "tags"): ("batch:TagResource",),
    ("batch", "CreateComputeEnvironment", "computeResources"): ("iam:PassRole", "iam:CreateServiceLinkedRole"),
    ("batch", "UpdateComputeEnvironment", "serviceRole"): ("iam:PassRole",),
    ("batch", "UpdateComputeEnvironment", "computeResources.instanceRole"): ("iam:PassRole",),
    ("batch", "CreateJobQueue", "tags"): ("batch:TagResource",),
    ("batch", "CreateSchedulingPolicy", "tags"): ("batch:TagResource",),
    ("ec2", "CreateSecurityGroup", "TagSpecifications"): ("ec2:CreateTags",),
    ("ec2", "CreateLaunchTemplate", "TagSpecifications"): ("ec2:CreateTags",),
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
        for (service, operation, path), further in ALSO.items():
            if (service, operation) == (call.service, call.operation) and _handed(call.params, path):
                needed.update(further)
    return tuple(sorted(needed))


def _handed(params: Mapping[str, Any], path: str) -> bool:
    value: Any = params
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return value is not False
